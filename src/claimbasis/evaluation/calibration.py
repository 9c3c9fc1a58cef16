"""Turns raw outputs into scores that can be believed, and scores into decisions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from claimbasis.evaluation.metrics import Bools, Floats


def fit_scales(logits: Floats, targets: Bools) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """For each label the temperature and the offset under which the targets are most likely (Platt 1999).

    The offset takes back what weighing positive targets in training added, the divisor how sure training made it.

    Args:
        logits: Raw outputs, shape (n, k).
        targets: What holds, shape (n, k).

    Returns:
        k temperatures in [0.2, 10], above 1 where the model was too sure, and k offsets in [-3, 3], for `calibrate`.
    """
    fitted = [_fit_scale(logits[:, k], targets[:, k]) for k in range(logits.shape[1])]
    return tuple(temperature for temperature, _ in fitted), tuple(offset for _, offset in fitted)


def _fit_scale(logits: Floats, targets: Bools) -> tuple[float, float]:
    # Platt's targets: a few statements that are all true or all false prove no certainty.
    n_positive = int(targets.sum())
    wanted = np.where(targets, (n_positive + 1) / (n_positive + 2), 1 / (len(targets) - n_positive + 2))

    def loss(parameters: Floats) -> float:
        scaled = logits / np.exp(parameters[0]) + parameters[1]
        return float((np.logaddexp(0, scaled) - wanted * scaled).mean())

    found = minimize(loss, np.zeros(2), bounds=[(np.log(0.2), np.log(10)), (-3, 3)])
    return float(np.exp(found.x[0])), float(found.x[1])


def calibrate(logits: Floats, temperatures: Sequence[float], offsets: Sequence[float]) -> Floats:
    """Scores in [0, 1] from logits of shape (n, k): the sigmoid of logit / temperature + offset."""
    return np.asarray(expit(logits / np.asarray(temperatures) + np.asarray(offsets)), dtype=np.float64)


# Thresholds are sought here: past these ends a label would be given to almost everything or to almost nothing.
_GRID = np.round(np.arange(0.15, 0.8501, 0.01), 2)
# Half the width of an F1's standard error on our dev set (about 0.03 for 150 positive statements).
_AS_GOOD = 0.015


def choose_thresholds(scores: Floats, targets: Bools) -> tuple[float, ...]:
    """For each label a threshold whose F1 is as good as the best, but for chance, and which theory expects.

    F1 is smoothed over 0.05 to either side, and what lies within `_AS_GOOD` of the best counts as good as it: on a flat
    curve the best of a thousand statements is luck, and a threshold far out loses elsewhere what it won here. Of these
    the one nearest to half the best F1 is taken, where it lies for calibrated scores (Lipton et al. 2014).

    Args:
        scores: Calibrated scores, shape (n, k).
        targets: What holds, shape (n, k).
    """
    return tuple(_choose_threshold(scores[:, k], targets[:, k]) for k in range(scores.shape[1]))


def _choose_threshold(scores: Floats, targets: Bools) -> float:
    if not targets.any():
        return 0.5  # no threshold is better than another, and a low one would give the label to everything
    predicted = scores[None, :] >= _GRID[:, None]
    f1 = 2 * (predicted & targets).sum(axis=1) / np.maximum(predicted.sum(axis=1) + targets.sum(), 1)
    padded = np.pad(f1, 5, mode="edge")
    smoothed = np.convolve(padded, np.full(11, 1 / 11), mode="valid")
    as_good = _GRID[smoothed >= smoothed.max() - _AS_GOOD]
    return float(as_good[np.abs(as_good - smoothed.max() / 2).argmin()])


def calibration_error(scores: Floats, targets: Bools, *, n_bins: int = 15) -> float:
    """Expected calibration error of one label: the mean gap between score and share of true statements.

    Args:
        scores: Shape (n,), in [0, 1].
        targets: Shape (n,).
        n_bins: Number of bins of equal width, each weighted by the statements in it.

    Returns:
        A share in [0, 1]; 0 is perfectly calibrated.

    Raises:
        ValueError: The arrays are empty or differ in length.
    """
    if len(scores) != len(targets) or not len(scores):
        raise ValueError(f"{len(scores)} scores and {len(targets)} targets; give as many of both, at least one")
    bins = np.minimum((scores * n_bins).astype(int), n_bins - 1)
    gaps = np.bincount(bins, weights=scores - targets, minlength=n_bins)
    return float(np.abs(gaps).sum() / len(scores))
