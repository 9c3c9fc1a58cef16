"""Predictions as a table for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from claimbasis.codebook import Label
from claimbasis.report.selection import Selection
from claimbasis.types import ArticlePrediction, Prediction

# Distinguishable with the common colour-vision deficiencies (Okabe and Ito 2008); the word stands beside it anyway.
_STYLES = ("bold #e69f00", "bold #56b4e9", "bold #009e73", "bold #cc79a7", "bold #f0e442")


def render_table(
    prediction: ArticlePrediction,
    selection: Selection,
    *,
    summary_only: bool = False,
) -> RenderableType:
    """A row a statement, and a summary line.

    Args:
        prediction: What to show; control characters in its text are made harmless.
        selection: Which statements to show and to count.
        summary_only: Whether to leave out the rows.
    """
    selected, labels = selection.select(prediction), prediction.codebook.labels
    heading = Text(_plain(prediction.article.title or prediction.article.id).plain, style="bold")
    rows = [] if summary_only else [_rows(selected, labels)]
    return Group(heading, *rows, _summary(selected, labels, n_all=len(prediction)), Text(""))


def _rows(prediction: ArticlePrediction, labels: Sequence[Label]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False, header_style="dim")
    table.add_column("#", justify="right", style="dim", no_wrap=True)
    table.add_column("rests on", no_wrap=True)
    table.add_column(" ".join(f"{label.short[:4]:4}" for label in labels), no_wrap=True)
    table.add_column("statement", overflow="fold", ratio=1)
    for item in prediction:
        table.add_row(
            str(item.statement.index + 1),
            _label_cell(item, labels),
            _score_cell(item, labels),
            _statement_cell(item),
        )
    return table


def _statement_cell(item: Prediction) -> Text:
    """The statement, its source and cue underlined; a source that stands elsewhere below it."""
    cell, start = _plain(item.statement.text), item.statement.start
    for span in {span for span in (*item.spans, *item.grounds) if span.start >= start}:
        cell.stylize("underline bold" if span.role == "source" else "underline", span.start - start, span.end - start)
    if item.source and item.source.start < start:
        cell.append(f"\n← {_plain(item.source.text).plain}", style="dim")
    return cell


def _label_cell(item: Prediction, labels: Sequence[Label]) -> Text:
    if not item.labels:
        return Text("–", style="dim")
    styles = {label.name: Text(label.short, style=_style(k)) for k, label in enumerate(labels)}
    return Text("\n").join(styles[name] for name in item.labels)


def _score_cell(item: Prediction, labels: Sequence[Label]) -> Text:
    cells = [
        Text(f"{item.scores[label.name]:.2f}", style=_style(k) if label.name in item.labels else "dim")
        for k, label in enumerate(labels)
    ]
    return Text(" ").join(cells)


def _summary(prediction: ArticlePrediction, labels: Sequence[Label], *, n_all: int) -> Text:
    counts = prediction.label_counts
    shown = "" if len(prediction) == n_all else f"{len(prediction)} of "
    line = Text(f"{shown}{n_all} statement{'' if n_all == 1 else 's'}: ")
    parts = [Text(f"{counts.get(label.name, 0)} {label.short}", style=_style(k)) for k, label in enumerate(labels)]
    parts.append(Text(f"{counts.get(None, 0)} none of these", style="dim"))
    return line + Text(", ").join(parts) + Text(f"  ({prediction.model_id})", style="dim")


def _style(number: int) -> str:
    """Of the label at this place in the codebook."""
    return _STYLES[number % len(_STYLES)]


def _plain(text: str) -> Text:
    """Untrusted text without anything that a terminal would obey, on one line."""
    return Text("".join(c if c.isprintable() else " " for c in text))


def print_prediction(
    console: Console,
    prediction: ArticlePrediction,
    selection: Selection,
    *,
    summary_only: bool = False,
) -> None:
    """Prints the table of one article, see `render_table`."""
    console.print(render_table(prediction, selection, summary_only=summary_only), soft_wrap=False)
