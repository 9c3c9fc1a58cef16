"""Pictures of how good a model is."""

from __future__ import annotations

from matplotlib.figure import Figure
from sklearn.calibration import CalibrationDisplay
from sklearn.metrics import PrecisionRecallDisplay

from claimbasis.evaluation.metrics import Bools, Floats


def plot_precision_recall(targets: Bools, scores: Floats, labels: tuple[str, ...]) -> Figure:
    """One curve a label, for arrays of shape (n, k)."""
    figure = Figure(figsize=(6, 5), layout="constrained")
    axes = figure.subplots()
    for k, label in enumerate(labels):
        PrecisionRecallDisplay.from_predictions(targets[:, k], scores[:, k], name=label, ax=axes)
    axes.set(xlim=(0, 1.02), ylim=(0, 1.02), title="Precision against recall", xlabel="recall", ylabel="precision")
    axes.legend(loc="lower left")
    return figure


def plot_reliability(targets: Bools, scores: Floats, labels: tuple[str, ...]) -> Figure:
    """For each label how often statements with a given score carry it, for arrays of shape (n, k)."""
    figure = Figure(figsize=(6, 5), layout="constrained")
    axes = figure.subplots()
    for k, label in enumerate(labels):
        CalibrationDisplay.from_predictions(
            targets[:, k], scores[:, k], n_bins=8, strategy="quantile", name=label, ax=axes
        )
    axes.set(title="Can the scores be believed?", xlabel="score", ylabel="share of statements that carry the label")
    axes.legend(loc="upper left")
    return figure
