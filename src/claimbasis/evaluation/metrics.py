"""Precision, recall, F1 and average precision for each label, with intervals over articles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Measured:
    """A number and its 95 % bootstrap interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True, slots=True)
class LabelMetrics:
    """How well one label is found; shares in [0, 1]."""

    precision: Measured
    recall: Measured
    f1: Measured
    average_precision: float  # NaN where there are no scores or no positive statement
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
    counts = _counts_by_article(targets, predicted, article_index)  # (articles, 3, k)
    draws = rng.multinomial(len(counts), np.full(len(counts), 1 / len(counts)), size=n_resamples)
    point = _rates(counts.sum(axis=0))
    resampled = _rates(np.einsum("ra,aik->rik", draws, counts))
    per_label = {
        label: LabelMetrics(
            precision=Measured(float(point[0, k]), *_interval(resampled[:, 0, k])),
            recall=Measured(float(point[1, k]), *_interval(resampled[:, 1, k])),
            f1=Measured(float(point[2, k]), *_interval(resampled[:, 2, k])),
            average_precision=_average_precision(targets[:, k], None if scores is None else scores[:, k]),
            n_positive=int(targets[:, k].sum()),
        )
        for k, label in enumerate(labels)
    }
    macro = Measured(float(point[2].mean()), *_interval(resampled[:, 2].mean(axis=1)))
    return Metrics(per_label, macro, len(targets), len(counts))


def macro_f1(targets: Bools, predicted: Bools) -> float:
    """Unweighted mean over labels of F1, for arrays of shape (n, k)."""
    return float(_rates(_counts_by_article(targets, predicted, np.zeros(len(targets), np.int64)).sum(axis=0))[2].mean())


def _counts_by_article(targets: Bools, predicted: Bools, article_index: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """True positives, predicted and actual positives, shape (articles, 3, k)."""
    outcomes = np.stack([targets & predicted, predicted, targets], axis=1).astype(np.int64)
    counts = np.zeros((int(article_index.max()) + 1, *outcomes.shape[1:]), np.int64)
    np.add.at(counts, article_index, outcomes)
    return counts


def _rates(counts: npt.NDArray[np.int64]) -> Floats:
    """Precision, recall and F1 from counts of shape (..., 3, k); 0 where nothing was predicted or nothing holds."""
    hits, predicted, actual = (counts[..., i, :].astype(float) for i in range(3))
    return np.stack(
        [hits / np.maximum(predicted, 1), hits / np.maximum(actual, 1), 2 * hits / np.maximum(predicted + actual, 1)],
        axis=-2,
    )


def _interval(values: Floats) -> tuple[float, float]:
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def _average_precision(targets: Bools, scores: Floats | None) -> float:
    if scores is None or not targets.any():
        return float("nan")
    return float(average_precision_score(targets, scores))
