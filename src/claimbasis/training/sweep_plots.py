"""Pictures of a sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from claimbasis.training.trials import Trial

# Of Okabe and Ito's palette; the forms tell the states apart without colours.
_MARKS = {"complete": ("o", "#0072B2"), "pruned": ("x", "#D55E00"), "failed": ("s", "#999999")}


def plot_history(trials: Sequence[Trial]) -> Figure:
    """The score of each trial that is over, and the best complete one until then."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for state, (mark, colour) in _MARKS.items():
        if found := [t for t in trials if t.state == state]:
            axes.scatter(
                [t.number for t in found], [t.score for t in found], marker=mark, color=colour, label=state, zorder=2
            )
    if complete := [t for t in trials if t.state == "complete"]:
        best = np.maximum.accumulate([t.score for t in complete])
        axes.step([t.number for t in complete], best, where="post", color="#009E73", label="best so far", zorder=1)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(title="What each trial came to", xlabel="trial", ylabel="dev macro-F1 of the best epoch")
    axes.grid(alpha=0.3)
    figure.legend(loc="outside lower center", ncols=4)  # where no trial can hide behind it
    return figure


def plot_importance(importance: Mapping[str, float]) -> Figure:
    """How much of the differences between complete trials each setting explains."""
    figure = Figure(figsize=(7, 0.45 * len(importance) + 1.3), layout="constrained")
    axes = figure.subplots()
    bars = axes.barh(list(importance), list(importance.values()), color="#0072B2", height=0.6)
    axes.bar_label(bars, fmt="%.2f", padding=3)
    axes.invert_yaxis()
    axes.set(title="Which settings matter", xlabel="share of the differences between trials (PED-ANOVA)")
    axes.set_xlim(0, 1.15 * max(importance.values()))
    return figure
