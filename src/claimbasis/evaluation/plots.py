"""Pictures of how good a model is, and of what a corpus holds."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from matplotlib.figure import Figure
from sklearn.calibration import CalibrationDisplay
from sklearn.metrics import PrecisionRecallDisplay

from claimbasis.codebook import Codebook
from claimbasis.corpus.annotated import AnnotatedArticle
from claimbasis.evaluation.metrics import Bools, Floats

# Okabe and Ito's palette, which colour-blind people can tell apart.
_COLOURS = ("#D55E00", "#0072B2", "#009E73", "#999999", "#CC79A7", "#E69F00")


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
        axes.barh([row + k * height for row in range(len(kept))], shares, height=height, label=name, color=_COLOURS[k % len(_COLOURS)])
    ticks = [f"{domain} ({c['statements']})" for domain, c in kept.items()]
    axes.set_yticks([row + height * (len(names) - 1) / 2 for row in range(len(kept))], ticks)
    axes.invert_yaxis()
    axes.set(xlabel="percent of the domain's statements; one with two labels counts twice", title="What statements rest on, by domain")
    axes.legend(loc="lower right")
    return figure
