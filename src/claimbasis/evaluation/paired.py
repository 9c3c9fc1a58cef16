"""Two systems on the same statements: how much better the second is, and which statements changed sides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from claimbasis.evaluation.decisions import PlacedStatement
from claimbasis.evaluation.metrics import (
    MIN_ARTICLES_OF_INTERVAL,
    Bools,
    Floats,
    count_by_article,
    mean_f1,
    rates_of,
    trusted_interval,
)

MACRO = "macro"


@dataclass(frozen=True, slots=True)
class Difference:
    """F1 of two systems on the same statements; NaN for a label that no statement carries."""

    name: str  # a label, or MACRO
    first: float
    second: float
    low: float  # 95 % interval of the difference; NaN, as is the next, where there are too few articles for one
    high: float
    p_value: float  # two-sided: how often chance alone gives a difference this far from 0, roughly

    @property
    def value(self) -> float:
        """In [-1, 1]; above 0 the second is better."""
        return self.second - self.first

    @property
    def cells(self) -> tuple[str, str, str, str, str]:
        """Both F1, the difference, its interval and the p-value as tables show them; a dash for what was not measured."""
        interval = "-" if math.isnan(self.low) else f"[{self.low:+.3f}, {self.high:+.3f}]"
        first, second, value, p_value = (
            "-" if math.isnan(number) else format(number, spec)
            for number, spec in ((self.first, ".3f"), (self.second, ".3f"), (self.value, "+.3f"), (self.p_value, ".3f"))
        )
        return first, second, value, interval, p_value

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class Change:
    """A label of a statement that one of the systems has right and the other wrong."""

    row: int  # number of the statement among all
    label: str
    holds: bool  # by the annotation
    to_right: bool  # whether the second has it right


@dataclass(frozen=True, slots=True)
class PairedComparison:
    """The second of two systems against the first."""

    first: str
    second: str
    data: str  # what both were measured on, in words
    differences: tuple[Difference, ...]  # the macro mean first, then a label each
    changes: tuple[Change, ...]  # in reading order
    statements: tuple[PlacedStatement, ...]

    @property
    def verdict(self) -> str:
        """The macro difference in words."""
        macro = self.differences[0]
        if math.isnan(macro.low):
            return f"too few articles to tell: an interval needs {MIN_ARTICLES_OF_INTERVAL}"
        if not macro.is_clear:
            return "no clear difference: the interval holds 0"
        return f"the {'second' if macro.value > 0 else 'first'} is better"


def measure_differences(
    targets: Bools,
    first: Bools,
    second: Bools,
    article_index: npt.NDArray[np.int64],
    *,
    labels: Sequence[str],
    rng: np.random.Generator,
    n_resamples: int = 2000,
) -> tuple[Difference, ...]:
    """Paired bootstrap over articles: both systems are measured on the same resamples.

    Args:
        targets: What holds, shape (n, k).
        first: What the first system predicted, shape (n, k).
        second: What the second predicted, shape (n, k).
        article_index: To which article a statement belongs, shape (n,), from 0.
        labels: Names of the k labels.
        rng: Draws the resamples.
        n_resamples: How many.

    Returns:
        The macro mean, then each label.

    Raises:
        ValueError: There are no statements, or the shapes differ.
    """
    if not targets.shape == first.shape == second.shape or not len(targets):
        raise ValueError(f"shapes {targets.shape}, {first.shape}, {second.shape} must be one, and not empty")
    counts = [count_by_article(targets, predicted, article_index) for predicted in (first, second)]
    n = len(counts[0])
    draws = rng.multinomial(n, np.full(n, 1 / n), size=n_resamples)
    points = [_with_mean(rates_of(c.sum(axis=0))[2]) for c in counts]
    resampled = [_with_mean(rates_of(np.einsum("ra,aik->rik", draws, c))[:, 2]) for c in counts]
    differences = resampled[1] - resampled[0]
    intervals = [trusted_interval(column, n) for column in differences.T]
    return tuple(
        Difference(name, first, second, low, high, math.nan if math.isnan(low) else _p_value(column))
        for name, first, second, (low, high), column in zip(
            (MACRO, *labels), *(point.tolist() for point in points), intervals, differences.T, strict=True
        )
    )


def _with_mean(f1: Floats) -> Floats:
    """Puts the mean over labels in front of (..., k)."""
    return np.concatenate([mean_f1(f1)[..., None], f1], axis=-1)


def _p_value(differences: Floats) -> float:
    """Twice the share of resamples on the rarer side of 0; those at 0 count for both sides."""
    known = differences[~np.isnan(differences)]  # a label may occur in no article of a resample
    rarer = min((known <= 0).sum(), (known >= 0).sum())
    # The point itself counts as one more resample: no finite number of them proves a chance of 0.
    return float(min(1.0, 2 * (rarer + 1) / (len(known) + 1)))


def find_changes(targets: Bools, first: Bools, second: Bools, labels: Sequence[str]) -> tuple[Change, ...]:
    """All labels of statements on which two systems differ, for arrays of shape (n, k)."""
    rows, columns = (first != second).nonzero()
    return tuple(
        Change(row, labels[k], bool(targets[row, k]), bool(second[row, k] == targets[row, k]))
        for row, k in zip(rows.tolist(), columns.tolist(), strict=True)
    )


def count_changes(changes: Sequence[Change], labels: Sequence[str]) -> dict[str, tuple[int, int]]:
    """For each label how many statements went from wrong to right, and from right to wrong."""
    return {
        label: (sum(c.to_right for c in changes if c.label == label), sum(not c.to_right for c in changes if c.label == label))
        for label in labels
    }  # fmt: skip
