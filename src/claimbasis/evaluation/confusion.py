"""What becomes of statements of each code, also of those codes that are no labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from claimbasis.codebook import NONE, Codebook
from claimbasis.evaluation.decisions import Decisions

SEVERAL = "several"


@dataclass(frozen=True, slots=True)
class ConfusionRow:
    """What the statements of one code were given; the shares may sum to more than 1."""

    code: str  # a code that stands alone, SEVERAL, or nothing
    name: str
    n_statements: int
    label_shares: dict[str, float]  # label -> share of these statements that got it
    none_share: float


def measure_confusion(decisions: Decisions, codebook: Codebook) -> tuple[ConfusionRow, ...]:
    """A row a code, labels first, then the others, then statements without any or with several; codes without statements are left out."""
    names = {label.code: label.name for label in codebook.labels} | codebook.other_codes
    names |= {"": NONE, SEVERAL: "several codes"}
    codes = np.array([s.annotated.codes if len(s.annotated.codes) < 2 else SEVERAL for s in decisions.statements])
    return tuple(
        _measure_code(decisions, code, name, (codes == code).nonzero()[0].tolist())
        for code, name in names.items()
        if (codes == code).any()
    )


def _measure_code(decisions: Decisions, code: str, name: str, rows: list[int]) -> ConfusionRow:
    given = decisions.predicted[rows]
    shares = dict(zip(decisions.labels, given.mean(axis=0).tolist(), strict=True))
    return ConfusionRow(code, name, len(rows), shares, float((~given.any(axis=1)).mean()))
