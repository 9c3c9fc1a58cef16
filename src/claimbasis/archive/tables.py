"""The rows of the output: one a statement and one an article."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow

from claimbasis.archive.columns import EXTRA, Layout
from claimbasis.archive.duplicates import Link
from claimbasis.archive.labelling import SPAN_COLUMNS, StatementValues
from claimbasis.archive.parts import Entry
from claimbasis.types import ROLES

SCHEMA_VERSION = 1  # of the columns; rises when one changes its meaning or goes
LEDE_STATEMENTS = 3  # an agency's first sentences: what happened, who says so, and often a sentence more
_PLACE = (("article_id", pyarrow.string()), ("input", pyarrow.string()), ("row", pyarrow.int64()))
_ORIGIN = (("model_id", pyarrow.string()), ("schema_version", pyarrow.int32()))


@dataclass(frozen=True, slots=True)
class OutputFormat:
    """The columns of a job's output."""

    labels: tuple[str, ...]
    model_id: str
    layout: Layout

    def statements(self) -> pyarrow.Schema:
        """Columns of the rows that are one a statement."""
        spans = [(name, pyarrow.string() if name in ROLES else pyarrow.int32()) for name in SPAN_COLUMNS]
        return pyarrow.schema([
            *_PLACE,
            *((name, pyarrow.int32()) for name in ("index", "start", "end")),
            ("text", pyarrow.string()), ("label", pyarrow.string()), ("labels", pyarrow.list_(pyarrow.string())),
            *((f"score_{label}", pyarrow.float64()) for label in self.labels),
            *spans,
            *_ORIGIN,
        ])  # fmt: skip

    def articles(self) -> pyarrow.Schema:
        """Columns of the rows that are one an article."""
        return pyarrow.schema(
            [*_PLACE, *_own_columns(self.labels), *_ORIGIN, *self.layout.fields, (EXTRA, pyarrow.string())]
        )


def _own_columns(labels: Sequence[str]) -> list[tuple[str, pyarrow.DataType]]:
    names = [*labels, "none"]
    return [
        ("n_chars", pyarrow.int64()), ("n_statements", pyarrow.int32()),
        *((f"n_{name}", pyarrow.int32()) for name in names),
        *((f"share_{name}", pyarrow.float64()) for name in names),
        ("lede_label", pyarrow.string()), ("n_sources", pyarrow.int32()),
        ("duplicate_of", pyarrow.string()), ("cluster_id", pyarrow.string()),
    ]  # fmt: skip


def taken_names(labels: Sequence[str]) -> list[str]:
    """Columns of the article rows that are ours, and not handed on."""
    own = pyarrow.schema([*_PLACE, *_own_columns(labels), *_ORIGIN])
    return [*own.names, EXTRA]


def tabulate_statements(
    form: OutputFormat, input_name: str, entries: Iterable[Entry], statements: Mapping[int, Sequence[StatementValues]]
) -> pyarrow.Table:
    """One row a statement of the entries that have any."""
    rows: list[dict[str, Any]] = []
    for entry in entries:
        place = _place(form, input_name, entry)
        rows.extend(place | values for values in statements[entry.row])
    return pyarrow.Table.from_pylist(rows, form.statements())


def tabulate_articles(
    form: OutputFormat,
    input_name: str,
    entries: Iterable[tuple[Entry, Link, str | None]],
    statements: Mapping[int, Sequence[StatementValues]],
) -> pyarrow.Table:
    """One row an article.

    Args:
        form: The columns.
        input_name: Where the articles come from.
        entries: The articles, each with its link and the id of the article that it repeats, if any.
        statements: Of the articles, by row.
    """
    rows = [
        _place(form, input_name, entry)
        | form.layout.place(entry.others)
        | summarise(statements[entry.row], form.labels)
        | {"n_chars": len(entry.text), "duplicate_of": duplicate_of, "cluster_id": link.cluster_id}
        for entry, link, duplicate_of in entries
    ]
    return pyarrow.Table.from_pylist(rows, form.articles())


def _place(form: OutputFormat, input_name: str, entry: Entry) -> dict[str, Any]:
    return {
        "article_id": entry.article_id, "input": input_name, "row": entry.row,
        "model_id": form.model_id, "schema_version": SCHEMA_VERSION,
    }  # fmt: skip


def summarise(statements: Sequence[StatementValues], labels: Sequence[str]) -> dict[str, Any]:
    """The numbers of one article; a statement with two labels counts for both."""
    counts = Counter(label for values in statements for label in values["labels"] or ["none"])
    sources = {values["source"].casefold() for values in statements if values["source"]}
    lede = (values["label"] for values in statements[:LEDE_STATEMENTS] if values["label"])
    n_statements = len(statements)
    return (
        {"n_statements": n_statements, "lede_label": next(lede, None), "n_sources": len(sources) or None}
        | {f"n_{name}": counts[name] for name in (*labels, "none")}
        | {f"share_{name}": counts[name] / n_statements if n_statements else None for name in (*labels, "none")}
    )


def group_statements(table: pyarrow.Table) -> dict[int, list[StatementValues]]:
    """What `tabulate_statements` made rows of, by row of the input."""
    grouped: dict[int, list[StatementValues]] = defaultdict(list)
    for values in table.to_pylist():
        row = values.pop("row")
        for name in ("article_id", "input", "model_id", "schema_version"):
            del values[name]
        grouped[row].append(values)
    return grouped
