"""Pictures of how good a model is, and of what a corpus holds."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.calibration import CalibrationDisplay
from sklearn.metrics import PrecisionRecallDisplay

from claimbasis.codebook import Codebook
from claimbasis.corpus.annotated import AnnotatedArticle
from claimbasis.evaluation.abstention import MIN_KEPT_SHARE, Kept
from claimbasis.evaluation.metrics import Bools, Floats

# Okabe and Ito's palette, which colour-blind people can tell apart.
_COLOURS = ("#D55E00", "#0072B2", "#009E73", "#999999", "#CC79A7", "#E69F00")


def save_figure(figure: Figure, target: Path | IO[str], kind: str = "svg") -> None:
    """Writes a picture, always the same bytes: SVG would have other names in it, and a date, each time."""
    with matplotlib.rc_context({"svg.hashsalt": "claimbasis"}):
        figure.savefig(target, format=kind, metadata={"Date": None} if kind == "svg" else None)


def plot_precision_recall(targets: Bools, scores: Floats, labels: tuple[str, ...]) -> Figure:
    """One curve a label that holds for some statements and not for all, for arrays of shape (n, k)."""
    figure = Figure(figsize=(6, 5), layout="constrained")
    axes = figure.subplots()
    for k in _drawable(targets):
        PrecisionRecallDisplay.from_predictions(targets[:, k], scores[:, k], name=labels[k], ax=axes)
    axes.set(xlim=(0, 1.02), ylim=(0, 1.02), title="Precision against recall", xlabel="recall", ylabel="precision")
    _add_legend(axes, "lower left")
    return figure


def plot_reliability(targets: Bools, scores: Floats, labels: tuple[str, ...]) -> Figure:
    """For each such label how often statements with a given score carry it, for arrays of shape (n, k)."""
    figure = Figure(figsize=(6, 5), layout="constrained")
    axes = figure.subplots()
    for k in _drawable(targets):
        CalibrationDisplay.from_predictions(
            targets[:, k], scores[:, k], n_bins=8, strategy="quantile", name=labels[k], ax=axes
        )
    axes.set(title="Can the scores be believed?", xlabel="score", ylabel="share of statements that carry the label")
    _add_legend(axes, "upper left")
    return figure


def _drawable(targets: Bools) -> list[int]:
    return [k for k, column in enumerate(targets.T) if column.any() and not column.all()]


def _add_legend(axes: Axes, place: str) -> None:
    if axes.get_legend_handles_labels()[1]:
        axes.legend(loc=place)


def plot_risk_coverage(curve: Sequence[Kept]) -> Figure:
    """The share of wrong label sets among the surest statements, from few of them to all."""
    figure = Figure(figsize=(6, 5), layout="constrained")
    axes = figure.subplots()
    # The first few statements alone are no share to speak of: each mistake among them would be a spike.
    points = [point for point in curve if point.kept_share >= MIN_KEPT_SHARE]
    axes.plot([point.kept_share for point in points], [point.error_share for point in points], color=_COLOURS[1])
    axes.set(xlim=(0, 1.02), title="How many mistakes are left among the surest?")
    axes.set_ylim(bottom=0)
    axes.set(xlabel="share of statements kept, the surest first", ylabel="share of those with a wrong set of labels")
    axes.grid(alpha=0.3)
    return figure


def plot_labels_by_domain(articles: Sequence[AnnotatedArticle], codebook: Codebook, *, n_domains: int = 16) -> Figure:
    """For the largest domains, and all others together, the share of statements with each label, and with none."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for item in articles:
        for statement in item.statements:
            found = [label.name for label in codebook.labels if label.code in statement.codes]
            counts[str(item.extra.get("domain", "unknown"))].update(["statements", *(found or ["none of them"])])
    by_size = sorted(counts, key=lambda domain: -counts[domain]["statements"])
    kept = {domain: counts[domain] for domain in by_size[:n_domains]}
    if rest := by_size[n_domains:]:
        kept[f"{len(rest)} others"] = sum((counts[domain] for domain in rest), Counter())
    figure = Figure(figsize=(9, 0.42 * len(kept) + 1.4), layout="constrained")
    axes = figure.subplots()
    names = [*codebook.label_names, "none of them"]
    height = 0.8 / len(names)
    for k, name in enumerate(names):
        shares = [100 * c[name] / c["statements"] for c in kept.values()]
        axes.barh(
            [row + k * height for row in range(len(kept))],
            shares,
            height=height,
            label=name,
            color=_COLOURS[k % len(_COLOURS)],
        )
    ticks = [f"{domain} ({c['statements']})" for domain, c in kept.items()]
    axes.set_yticks([row + height * (len(names) - 1) / 2 for row in range(len(kept))], ticks)
    axes.invert_yaxis()
    axes.set(
        xlabel="percent of the domain's statements; one with two labels counts twice",
        title="What statements rest on, by domain",
    )
    axes.legend(loc="lower right")
    return figure
