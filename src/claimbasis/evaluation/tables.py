"""What an evaluation found, as tables for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.table import Table
from rich.text import Text

from claimbasis.evaluation.abstention import Kept, pick_kept
from claimbasis.evaluation.compare import Comparison
from claimbasis.evaluation.confusion import SEVERAL, ConfusionRow
from claimbasis.evaluation.gate import Check, Unit
from claimbasis.evaluation.metrics import Measured, Metrics
from claimbasis.evaluation.results import Evaluation
from claimbasis.evaluation.slices import MIN_POSITIVES, Slice
from claimbasis.evaluation.source_phrases import PhraseRecall
from claimbasis.evaluation.span_scores import SourceRates

_SHARES_KEPT = (0.5, 0.7, 0.8, 0.9, 0.95, 1.0)


def render_evaluation(evaluation: Evaluation) -> list[Table]:
    """All tables, the most important first."""
    comparison, recalls = evaluation.comparison, evaluation.phrase_recall
    tables = [
        render_labels(comparison),
        render_metrics(comparison),
        render_calibration(comparison),
        render_slices(evaluation.slices),
        render_confusion(evaluation.confusion),
        render_abstention(evaluation.risk_curve),
    ]
    return [*tables, render_phrases(recalls, evaluation.decisions.labels[0])] if recalls else tables


def render_labels(comparison: Comparison) -> Table:
    """A row a label, and one for their mean: the model as it reads by default, with 95 % intervals over articles."""
    metrics = comparison.systems[comparison.default_system]
    table = _table(
        f"{comparison.model_id} (reads {comparison.default_system}) on {comparison.data}; [95 % over articles]"
    )
    _add_columns(table, "label", "statements", "precision", "recall", "F1", "average precision", "calibration\nerror")
    for label, m in metrics.labels.items():
        error = comparison.calibration_errors[comparison.default_system][label]
        shares = (m.precision, m.recall, m.f1, m.average_precision)
        table.add_row(label, str(m.n_positive), *map(_cell, shares), f"{error:.3f}")
    is_whole = all(m.n_positive for m in metrics.labels.values())
    title = "macro" if is_whole else "macro of those that occur"
    table.add_row(title, str(metrics.n_statements), "", "", str(metrics.macro_f1), "", "")
    return table


def render_metrics(comparison: Comparison) -> Table:
    """A row a system: macro-F1 with its interval, then F1, precision and recall of each label."""
    table = _table("ways of reading, and simple systems")
    labels = next(iter(comparison.systems.values())).labels
    _add_columns(table, "system", "macro-F1 [95 %]", *(f"{label}\nF1 (P / R)" for label in labels))
    for name, metrics in comparison.systems.items():
        cells = [f"{m.f1:.3f} ({m.precision:.2f} / {m.recall:.2f})" for m in metrics.labels.values()]
        table.add_row(name, str(metrics.macro_f1), *cells)
    return table


def render_calibration(comparison: Comparison) -> Table:
    """A row a way of reading: expected calibration error and average precision of each label."""
    table = _table("calibration error / average precision")
    _add_columns(table, "system", *next(iter(comparison.systems.values())).labels)
    for name, errors in comparison.calibration_errors.items():
        metrics = comparison.systems[name].labels
        cells = [f"{error:.3f} / {metrics[label].average_precision:.3f}" for label, error in errors.items()]
        table.add_row(name, *cells)
    return table


def render_slices(slices: Sequence[Slice]) -> Table:
    """A row a slice, grouped; labels with too few statements in a slice show a dash and do not enter its macro-F1."""
    table = _table(f"slices; - where a label has fewer than {MIN_POSITIVES} statements, which its macro-F1 leaves out")
    labels = slices[0].f1 if slices else {}
    _add_columns(table, "slice", "statements", "articles", "macro-F1 [95 %]", *(f"{label}\nF1" for label in labels))
    for group, members in groupby(slices, key=lambda s: s.group):
        table.add_row(Text(group, style="bold"))
        for item in members:
            table.add_row(
                plain_text(f"  {item.name}"), str(item.n_statements), str(item.n_articles), _cell(item.macro_f1),
                *("-" if f1 is None else f"{f1:.3f}" for f1 in item.f1.values()),
            )  # fmt: skip
    return table


def render_confusion(rows: Sequence[ConfusionRow]) -> Table:
    """A row a code: which share of its statements got each label, and none."""
    table = _table("statements of each code: share that got a label")
    _add_columns(table, "code", "statements", *rows[0].label_shares, "none")
    for row in rows:
        shares = (*row.label_shares.values(), row.none_share)
        title = row.name if row.code == SEVERAL else f"{row.code}  {row.name}"
        table.add_row(title, str(row.n_statements), *map(_share, shares))
    return table


def render_abstention(curve: tuple[Kept, ...]) -> Table:
    """A row a share of statements kept: how many of their label sets are wrong."""
    table = _table("if only the surest statements are kept")
    _add_columns(table, "kept", "wrong label sets", "smallest distance from a threshold")
    for point in dict.fromkeys(pick_kept(curve, share) for share in _SHARES_KEPT):
        table.add_row(_share(point.kept_share), _share(point.error_share), f"{point.distance:.3f}")
    return table


def render_phrases(recalls: Sequence[PhraseRecall], label: str) -> Table:
    """A row a kind of marking phrase: how many of its statements are found."""
    table = _table(f"recall of {label}, by the words for the source")
    _add_columns(table, "phrase", "statements", "articles", "recall [95 %]")
    for item in recalls:
        table.add_row(item.phrase, str(item.n_statements), str(item.n_articles), str(item.recall))
    return table


def render_spans(metrics: Metrics, title: str) -> Table:
    """A row a role: spans that match exactly, with 95 % intervals over articles."""
    table = _table(f"spans that match exactly; {title}; {metrics.n_articles} articles")
    _add_columns(table, "role", "spans", "precision", "recall", "F1 [95 %]")
    for role, m in metrics.labels.items():
        table.add_row(role, str(m.n_positive), f"{m.precision:.3f}", f"{m.recall:.3f}", str(m.f1))
    return table


def render_sources(rates: Sequence[SourceRates]) -> Table:
    """A row a place of the source: how often a statement is credited to the right one."""
    table = _table("statements credited to the annotated source")
    _add_columns(table, "source stands", "statements", "exactly", "overlapping")
    for rate in rates:
        table.add_row(rate.where, str(rate.n_statements), _share(rate.exact), _share(rate.overlapping))
    return table


def render_checks(checks: Sequence[Check], title: str) -> Table:
    """A row a limit of the gate: the version's value, the champion's, and whether and by how much it was missed."""
    table = _table(title)
    _add_columns(table, "check", "value", "limit", "champion", "")
    for check in checks:
        bound = f"{'≥' if check.is_floor else '≤'} {show_measure(check.limit, check.unit)}"
        before = "-" if check.champion is None else show_measure(check.champion, check.unit)
        missed = f"missed by {show_measure(check.missed_by, check.unit)}" if check.missed_by else "passed"
        table.add_row(plain_text(check.name), show_measure(check.value, check.unit), bound, before, missed)
    return table


def show_measure(value: float, unit: Unit) -> str:
    """A number of the gate with its unit; what is above zero never looks like zero."""
    if unit != "share":
        return f"{value:.3g} {unit}"
    return "under 0.001" if 0 < value < 0.0005 else f"{value:.3f}"


def _table(title: str) -> Table:
    return Table(
        title=f"\n{title}", title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim"
    )


def _add_columns(table: Table, first: str, *others: str) -> None:
    table.add_column(first)
    for name in others:
        table.add_column(name, no_wrap=True)


def _cell(measured: Measured | None) -> str:
    return "-" if measured is None else str(measured)


def _share(share: float) -> str:
    return f"{100 * share:.1f} %"


def plain_text(text: str) -> Text:
    """Untrusted text without anything that a terminal, or the table's markup, would obey."""
    return Text("".join(c if c.isprintable() else " " for c in text))
