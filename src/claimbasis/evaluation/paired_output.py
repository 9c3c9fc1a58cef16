"""A comparison of two systems as tables, as pictures and as a page."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

import jinja2
from markupsafe import Markup
from matplotlib.figure import Figure
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from claimbasis.evaluation.paired import Change, PairedComparison, count_changes
from claimbasis.evaluation.plots import save_figure
from claimbasis.evaluation.tables import plain_text

# Okabe and Ito's palette, which colour-blind people can tell apart.
_BETTER, _WORSE, _UNCLEAR = "#009E73", "#D55E00", "#777777"
_DIRECTIONS = ((False, "right → wrong"), (True, "wrong → right"))
_PAGE = "paired_page.html"


def render_comparison(comparison: PairedComparison, *, n_shown: int) -> list[RenderableType]:
    """Tables for the terminal: the differences, then at most `n_shown` changed statements of each direction."""
    changes = [_render_changes(comparison, to_right, title, n_shown) for to_right, title in _DIRECTIONS]
    return [_render_differences(comparison), Text(comparison.verdict, style="bold"), *changes]


def _render_differences(comparison: PairedComparison) -> Table:
    table = Table(
        title=Text(f"first  {comparison.first}\nsecond {comparison.second}\non {comparison.data}"),
        title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim",
    )  # fmt: skip
    for name in ("F1", "first", "second", "second - first", "[95 %]", "p", "to right", "to wrong"):
        table.add_column(name, no_wrap=True)
    counts = count_changes(comparison.changes, _labels(comparison))
    totals = [sum(column) for column in zip(*counts.values(), strict=True)]
    for item in comparison.differences:
        right, wrong = counts.get(item.name, totals)
        table.add_row(item.name, *item.cells, str(right), str(wrong))
    return table


def _labels(comparison: PairedComparison) -> list[str]:
    return [item.name for item in comparison.differences[1:]]


def _render_changes(comparison: PairedComparison, to_right: bool, title: str, n_shown: int) -> Table:
    changes = [change for change in comparison.changes if change.to_right == to_right]
    more = f", the first {n_shown}; --output has all" if len(changes) > n_shown else ""
    signs = "  (+ the second alone gives the label, - the first alone)" if changes else ""
    table = Table(
        title=f"\n{title}: {len(changes)}{more}{signs}", title_justify="left",
        box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False,
    )  # fmt: skip
    table.add_column("label", no_wrap=True)
    table.add_column("article", style="dim", overflow="fold", max_width=20)
    table.add_column("statement", overflow="fold", ratio=1)
    for change in changes[:n_shown]:
        place = comparison.statements[change.row]
        table.add_row(
            _describe_change(change), plain_text(place.item.article.id), plain_text(place.annotated.statement.text)
        )
    return table


def _describe_change(change: Change) -> str:
    """What the second did with the label: it holds or not, and was given or not."""
    given = change.holds == change.to_right
    return f"{'+' if given else '-'} {change.label}"


def plot_differences(comparison: PairedComparison) -> Figure:
    """The difference of F1 and its interval, for the macro mean and each label."""
    items = comparison.differences
    figure = Figure(figsize=(7, 0.5 * len(items) + 2), layout="constrained")
    axes = figure.subplots()
    for row, item in enumerate(items):
        colour = _UNCLEAR if not item.is_clear else _BETTER if item.value > 0 else _WORSE
        axes.plot([item.low, item.high], [row, row], color=colour, linewidth=3, solid_capstyle="butt")
        axes.plot(item.value, row, "o", color=colour, markersize=8)
        if not math.isnan(item.value):
            axes.annotate(f"{item.value:+.3f}", (item.value, row), (0, 9), textcoords="offset points", ha="center")
    axes.axvline(0, color="black", linewidth=1)
    axes.set_yticks(range(len(items)), [item.name for item in items])
    axes.set_ylim(len(items) - 0.5, -0.7)
    axes.margins(x=0.1)
    axes.set(
        xlabel="F1 of the second minus F1 of the first, 95 % over articles",
        title=f"first: {comparison.first}\nsecond: {comparison.second}\n{comparison.verdict}",
    )
    axes.grid(axis="x", alpha=0.3)
    return figure


def plot_changes(comparison: PairedComparison) -> Figure:
    """For each label how many statements the second gets right that the first has wrong, and the other way round."""
    counts = count_changes(comparison.changes, _labels(comparison))
    figure = Figure(figsize=(7, 0.6 * len(counts) + 1.6), layout="constrained")
    axes = figure.subplots()
    rows = range(len(counts))
    sides = (([right for right, _ in counts.values()], _BETTER, "wrong → right"),
             ([-wrong for _, wrong in counts.values()], _WORSE, "right → wrong"))  # fmt: skip
    for widths, colour, name in sides:
        bars = axes.barh(rows, widths, color=colour, label=name)
        axes.bar_label(bars, [str(abs(width)) for width in widths], padding=3)
    axes.axvline(0, color="black", linewidth=1)
    axes.set_yticks(rows, list(counts))
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.xaxis.set_major_formatter(lambda x, _: f"{abs(x):.0f}")
    axes.set(xlabel="statements", title="Statements that changed sides")
    figure.legend(loc="outside lower center", ncols=2)
    return figure


def render_page(comparison: PairedComparison) -> str:
    """One HTML file that needs nothing else: differences, pictures, and all statements that changed sides."""
    # Statements are untrusted: all that is filled in is escaped, and the page may run no script at all.
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("claimbasis", "evaluation"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    groups = [(title, [c for c in comparison.changes if c.to_right == to_right]) for to_right, title in _DIRECTIONS]
    return environment.get_template(_PAGE).render(
        comparison=comparison,
        groups=groups,
        pictures=_to_svg([plot_differences(comparison), plot_changes(comparison)]),
    )


def _to_svg(figures: Sequence[Figure]) -> list[Markup]:
    pictures = []
    for figure in figures:
        buffer = io.StringIO()
        save_figure(figure, buffer)
        svg = buffer.getvalue()
        # Ours, and free of text from articles; what stands before the element belongs to a file of its own.
        pictures.append(Markup(svg[svg.index("<svg") :]))  # noqa: S704
    return pictures
