"""A page that lets people read what a model gets wrong, the surest mistakes first."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import jinja2
import numpy as np

from claimbasis.codebook import Codebook
from claimbasis.evaluation.decisions import Decisions, PlacedStatement
from claimbasis.evaluation.slices import Members

N_STATEMENTS_BEFORE = 2
Kind = Literal["missed", "wrongly given"]
_KINDS: tuple[Kind, ...] = ("missed", "wrongly given")
_PAGE, _SCRIPT = "errors_page.html", "errors_page.js"


@dataclass(frozen=True, slots=True)
class Mistake:
    """A label that a statement was not given though it holds, or was given though it does not."""

    row: int  # number of the statement among all
    label: str
    kind: Kind
    distance: float  # between score and threshold, on the wrong side


@dataclass(frozen=True, slots=True)
class _Score:
    label: str
    score: float
    threshold: float
    holds: bool
    given: bool


@dataclass(frozen=True, slots=True)
class _Entry:
    """A mistake with everything that its place on the page shows."""

    mistake: Mistake
    place: PlacedStatement
    before: tuple[str, ...]  # texts of the statements in front
    codes: tuple[tuple[str, str], ...]  # code and name, primary first
    scores: tuple[_Score, ...]
    slices: tuple[int, ...]  # numbers of the slices that it belongs to


def find_mistakes(decisions: Decisions) -> list[Mistake]:
    """All mistakes, the surest first; a statement with two wrong labels counts twice."""
    distances = np.abs(decisions.scores - decisions.thresholds)
    rows, columns = (decisions.predicted != decisions.targets).nonzero()
    mistakes = [
        Mistake(
            row,
            decisions.labels[k],
            "missed" if decisions.targets[row, k] else "wrongly given",
            float(distances[row, k]),
        )
        for row, k in zip(rows.tolist(), columns.tolist(), strict=True)
    ]
    return sorted(mistakes, key=lambda mistake: -mistake.distance)


def render_errors_page(decisions: Decisions, members: Members, codebook: Codebook, *, model_id: str, data: str) -> str:
    """One HTML file that needs nothing else: every mistake, with filters by label, kind and slice.

    Args:
        decisions: What the model decided.
        members: The slices to filter by.
        codebook: Names of the codes.
        model_id: Which model it was.
        data: What it was measured on, in words.
    """
    # Statements are untrusted: all that is filled in is escaped, and the page may run no other script than its own.
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("claimbasis", "evaluation"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    script = environment.get_template(_SCRIPT).render()
    mistakes = find_mistakes(decisions)
    return environment.get_template(_PAGE).render(
        model_id=model_id,
        data=data,
        script_file=_SCRIPT,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        labels=decisions.labels,
        kinds=_KINDS,
        counts=Counter((mistake.label, mistake.kind) for mistake in mistakes),
        groups=_group_slices(members),
        entries=[_describe(mistake, decisions, members, codebook) for mistake in mistakes],
    )


def _group_slices(members: Members) -> dict[str, list[tuple[int, str]]]:
    """Number and name of each slice, by group."""
    groups: dict[str, list[tuple[int, str]]] = {}
    for number, (group, name) in enumerate(members):
        groups.setdefault(group, []).append((number, name))
    return groups


def _describe(mistake: Mistake, decisions: Decisions, members: Members, codebook: Codebook) -> _Entry:
    names = {label.code: label.name for label in codebook.labels} | codebook.other_codes
    place = decisions.statements[mistake.row]
    return _Entry(
        mistake,
        place,
        tuple(statement.text for statement in place.before[-N_STATEMENTS_BEFORE:]),
        tuple((code, names[code]) for code in place.annotated.codes),
        _list_scores(decisions, mistake.row),
        tuple(number for number, rows in enumerate(members.values()) if rows[mistake.row]),
    )


def _list_scores(decisions: Decisions, row: int) -> tuple[_Score, ...]:
    columns: list[Sequence[float]] = [decisions.scores[row].tolist(), decisions.thresholds.tolist()]
    return tuple(
        _Score(label, score, threshold, bool(decisions.targets[row, k]), score >= threshold)
        for k, (label, score, threshold) in enumerate(zip(decisions.labels, *columns, strict=True))
    )
