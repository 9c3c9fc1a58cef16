"""How many mistakes are left when a model keeps to the statements that it is sure of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from claimbasis.evaluation.decisions import Decisions

MIN_KEPT_SHARE = 0.05  # where a curve is worth looking at


@dataclass(frozen=True, slots=True)
class Kept:
    """The surest statements; how sure, says the smallest distance of a score from its threshold."""

    kept_share: float  # of all statements, in (0, 1]
    error_share: float  # of those kept, how many got another set of labels than the annotation has
    distance: float  # of the least sure one kept


def trace_risk(decisions: Decisions) -> tuple[Kept, ...]:
    """The risk–coverage curve, from the surest statement to all; statements equally sure are kept together."""
    distances = np.abs(decisions.scores - decisions.thresholds).min(axis=1)
    wrong = (decisions.predicted != decisions.targets).any(axis=1)
    order = np.argsort(-distances, kind="stable")
    n_wrong = np.cumsum(wrong[order])
    last_of_distance = np.append(np.flatnonzero(np.diff(distances[order])), len(order) - 1)
    return tuple(
        Kept((row + 1) / len(order), float(n_wrong[row] / (row + 1)), float(distances[order[row]]))
        for row in last_of_distance.tolist()
    )


def pick_kept(curve: tuple[Kept, ...], share: float) -> Kept:
    """The point of a curve where at least this share of the statements is kept."""
    return next(point for point in curve if point.kept_share >= share - 1e-9)
