"""Precision, recall, F1 and average precision for each label, with intervals over articles."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
# Resampling fewer articles gives an interval that looks sure and is not: of one article, no width at all.
MIN_ARTICLES_OF_INTERVAL = 5


@dataclass(frozen=True, slots=True)
class Measured:
    """A number, NaN where it could not be measured, and its 95 % bootstrap interval, NaN where there are too few articles for one."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        if math.isnan(self.value):
            return "-"
        interval = "" if math.isnan(self.low) else f" [{self.low:.3f}, {self.high:.3f}]"
        return f"{self.value:.3f}{interval}"

    def __format__(self, spec: str) -> str:
        # A format such as ".2f" asks for the number alone.
        return format(self.value, spec) if spec and not math.isnan(self.value) else str(self)


@dataclass(frozen=True, slots=True)
class LabelMetrics:
    """How well one label is found; shares in [0, 1]."""

    precision: Measured
    recall: Measured
    f1: Measured
    average_precision: Measured  # NaN where there are no scores or no positive statement
    n_positive: int


@dataclass(frozen=True, slots=True)
class Metrics:
    """How well all labels are found."""

    labels: dict[str, LabelMetrics]
    macro_f1: Measured  # unweighted mean of the labels' F1
    n_statements: int
    n_articles: int


def measure(
    targets: Bools,
    predicted: Bools,
    article_index: npt.NDArray[np.int64],
    *,
    labels: tuple[str, ...],
    scores: Floats | None = None,
    rng: np.random.Generator,
    n_resamples: int = 1000,
) -> Metrics:
    """Metrics of n statements and k labels, with percentile bootstrap intervals over articles (not statements).

    A label that no statement carries has no recall and no F1 (NaN), and the macro mean leaves it out; so do resamples.

    Args:
        targets: What holds, shape (n, k).
        predicted: What was predicted, shape (n, k).
        article_index: To which article a statement belongs, shape (n,), from 0.
        labels: Names of the k labels.
        scores: Scores in [0, 1] for average precision, shape (n, k); None where there are none.
        rng: Draws the resamples.
        n_resamples: How many.

    Raises:
        ValueError: There are no statements, or the shapes differ.
    """
    if targets.shape != predicted.shape or not len(targets):
        raise ValueError(f"targets {targets.shape} and predictions {predicted.shape} must have one shape, not empty")
    counts = count_by_article(targets, predicted, article_index)  # (articles, 3, k)
    draws = rng.multinomial(len(counts), np.full(len(counts), 1 / len(counts)), size=n_resamples)
    point = rates_of(counts.sum(axis=0))
    resampled = rates_of(np.einsum("ra,aik->rik", draws, counts))
    per_label = {
        label: LabelMetrics(
            precision=Measured(float(point[0, k]), *trusted_interval(resampled[:, 0, k], len(counts))),
            recall=Measured(float(point[1, k]), *trusted_interval(resampled[:, 1, k], len(counts))),
            f1=Measured(float(point[2, k]), *trusted_interval(resampled[:, 2, k], len(counts))),
            average_precision=_NOT_MEASURED
            if scores is None
            else _average_precision(targets[:, k], scores[:, k], article_index, draws),
            n_positive=int(targets[:, k].sum()),
        )
        for k, label in enumerate(labels)
    }
    macro = Measured(macro_f1(targets, predicted), *trusted_interval(mean_f1(resampled[:, 2]), len(counts)))
    return Metrics(per_label, macro, len(targets), len(counts))


def macro_f1(targets: Bools, predicted: Bools) -> float:
    """Unweighted mean of F1 over the labels that occur, for arrays of shape (n, k); 0 where none does."""
    counts = count_by_article(targets, predicted, np.zeros(len(targets), np.int64)).sum(axis=0)
    return float(np.nan_to_num(mean_f1(rates_of(counts)[2])))


def count_by_article(targets: Bools, predicted: Bools, article_index: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """True positives, predicted and actual positives, shape (articles, 3, k)."""
    outcomes = np.stack([targets & predicted, predicted, targets], axis=1).astype(np.int64)
    counts = np.zeros((int(article_index.max()) + 1, *outcomes.shape[1:]), np.int64)
    np.add.at(counts, article_index, outcomes)
    return counts


def rates_of(counts: npt.NDArray[np.int64]) -> Floats:
    """Precision, recall and F1 from counts of shape (..., 3, k).

    Precision is 0 where nothing was predicted; recall and F1 are NaN where nothing holds, for there is nothing to find.
    """
    hits, predicted, actual = (counts[..., i, :].astype(float) for i in range(3))
    held = np.where(actual > 0, actual, np.nan)
    return np.stack([hits / np.maximum(predicted, 1), hits / held, 2 * hits / (predicted + held)], axis=-2)


def mean_f1(f1: Floats) -> Floats:
    """Mean over the labels that occur, from shape (..., k); NaN where none does."""
    n_occurring = (~np.isnan(f1)).sum(axis=-1)
    return np.asarray(np.nansum(f1, axis=-1) / np.where(n_occurring, n_occurring, np.nan))


def interval_of(values: Floats) -> tuple[float, float]:
    """The middle 95 % of some resampled values, without those that are NaN."""
    known = values[~np.isnan(values)]
    low, high = np.percentile(known, [2.5, 97.5]) if len(known) else (math.nan, math.nan)
    return float(low), float(high)


def trusted_interval(values: Floats, n_articles: int) -> tuple[float, float]:
    """The same, NaN where they come from too few articles for an interval."""
    return interval_of(values) if n_articles >= MIN_ARTICLES_OF_INTERVAL else (math.nan, math.nan)


_NOT_MEASURED = Measured(math.nan, math.nan, math.nan)


def _average_precision(
    targets: Bools, scores: Floats, article_index: npt.NDArray[np.int64], draws: npt.NDArray[np.int64]
) -> Measured:
    """Average precision of one label, its interval from resamples that draw each article so often: (resamples, articles)."""
    if not targets.any():
        return _NOT_MEASURED
    # Sorted once; a resample is then no more than other weights of the same statements.
    order = np.argsort(-scores, kind="stable")
    hits, ordered_index = targets[order], article_index[order]
    last_of_score = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    resampled = np.array([_area(hits, draw[ordered_index], last_of_score) for draw in draws])
    point = _area(hits, np.ones(len(hits), np.int64), last_of_score)
    return Measured(point, *trusted_interval(resampled, draws.shape[1]))


def _area(hits: Bools, weights: npt.NDArray[np.int64], last_of_score: npt.NDArray[np.intp]) -> float:
    """Mean precision over the positives of statements with falling scores; equal scores are reached together."""
    found, given = (np.cumsum(counts)[last_of_score] for counts in (weights * hits, weights))
    if not found[-1]:
        return float("nan")
    return float(np.sum(np.diff(found, prepend=0) * found / np.maximum(given, 1)) / found[-1])
