"""Somebody's own labelled statements, one a row of a table, as annotated articles.

Rows that name their article become its statements, in order; without articles each statement is an article of its own,
and equal ones are one. All rows wait in a temporary file, so that memory does not grow with the table.
"""

from __future__ import annotations

import itertools
import json
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from claimbasis.codebook import NONE, RESERVED_NAMES, Codebook, Label
from claimbasis.corpus.annotated import text_hash
from claimbasis.corpus.tables import Table, TableRow
from claimbasis.errors import CorpusError

MAX_LABELS = 30  # more different ones are no labels: the column is another one
_YES, _NO = frozenset(("1", "1.0", "true", "yes", "y", "x")), frozenset(("", "0", "0.0", "false", "no", "n"))
_KEPT = ("title", "outlet", "date", "url", "domain")  # what an evaluation can be divided by, where a table has it
_CODES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a table holds what."""

    text: str = "text"
    labels: tuple[str, ...] = ("label",)  # each holds the names of labels
    flags: tuple[str, ...] = ()  # each is called as a label, and holds 1 or 0
    article: str | None = None  # says which rows belong together; each stands alone when None
    order: str | None = None  # numbers by which an article's rows are put in order; that of the file when None
    separator: str = ";|,"  # any of these characters stands between several labels of one cell

    @property
    def all(self) -> tuple[str, ...]:
        """Every column that a table must have."""
        return (self.text, *self.labels, *self.flags, *filter(None, (self.article, self.order)))


@dataclass(slots=True)
class ImportReport:
    """What became of the rows."""

    n_rows: int = 0
    n_articles: int = 0
    n_statements: int = 0
    n_repeated: int = 0  # equal statements with equal labels, or equal articles, of which one is kept
    labels: Counter[str] = field(default_factory=Counter)  # statements that carry each; `NONE` for those without
    left_out: list[str] = field(default_factory=list)  # places and reasons


@dataclass(frozen=True, slots=True)
class Found:
    """A label as a table writes it."""

    line: int  # where it stands first
    n_rows: int


def require_columns(table: Table, columns: Columns) -> None:
    """Sees that a table has the columns.

    Raises:
        CorpusError: One is missing; those that are there are named.
    """
    for name in columns.all:
        if name not in table.columns:
            raise CorpusError(
                f"{table.path}: no column {name!r}; it has {', '.join(table.columns)}. Name yours with --text-column, "
                "--label-column, --flag-column, --article-column and --order-column"
            )


class LabelReader:
    """Turns what a table writes as labels into the codes of a codebook."""

    def __init__(self, columns: Columns, renamed: Mapping[str, str], codebook: Codebook | None) -> None:
        """Remembers where labels stand.

        Args:
            columns: Of the table.
            renamed: What the table calls a label -> its name in the codebook, or nothing where the label is left out.
            codebook: The labels; None while they are to be found out.
        """
        self._columns, self._known = columns, known_labels(codebook) if codebook else {}
        self._none = codebook.code_of_none if codebook else ""
        self._renamed = {_fold(old): new for old, new in renamed.items()}
        self._split = re.compile(f"[{re.escape(columns.separator)}]") if columns.separator else None

    def find_codes(self, values: Mapping[str, Any]) -> str:
        """The codes of a row's labels.

        Raises:
            ValueError: A flag is neither 1 nor 0.
        """
        codes = "".join(dict.fromkeys(self._known[_fold(name)] for name in self.find_names(values)))
        return codes or self._none

    def find_unknown(self, values: Mapping[str, Any]) -> list[str]:
        """The labels of a row that are not in the codebook."""
        try:
            return [name for name in self.find_names(values) if _fold(name) not in self._known]
        except ValueError:  # told when the row is imported
            return []

    def find_names(self, values: Mapping[str, Any]) -> list[str]:
        """The labels of a row as it writes them, renamed, without those that mean none.

        Raises:
            ValueError: A flag is neither 1 nor 0.
        """
        names = [name for column in self._columns.labels for name in self._split_cell(values.get(column))]
        names += [column for column in self._columns.flags if _is_set(column, values.get(column))]
        names = [self._renamed.get(_fold(name), name).strip() for name in names]
        return list(dict.fromkeys(name for name in names if name and _fold(name) != NONE))

    def _split_cell(self, cell: Any) -> list[str]:  # noqa: ANN401  # any JSON value
        if cell is None:
            return []
        if isinstance(cell, list):
            return [str(item) for item in cell]
        text = str(cell).strip()
        if self._split is None or _fold(text) in self._known or _fold(text) in self._renamed:
            return [text]
        return [piece.strip() for piece in self._split.split(text)]


def _fold(name: str) -> str:
    return " ".join(name.split()).casefold()


def _is_set(column: str, value: Any) -> bool:  # noqa: ANN401  # any JSON value
    folded = "" if value is None else _fold(str(value))
    if folded not in _YES | _NO:
        raise ValueError(f"column {column!r} holds {str(value)[:40]!r}; write 1 where the label holds, else 0")
    return folded in _YES


def known_labels(codebook: Codebook) -> dict[str, str]:
    """What may be written for each code: the label's name, its short name or the code, in any case -> the code."""
    # What comes later counts: where one label's name is another's code, the name is meant.
    words = [(code, code) for code in codebook.codes]
    words += [(name, code) for code, name in codebook.other_codes.items()]
    words += [(word, label.code) for label in codebook.labels for word in (label.short, label.name)]
    return {_fold(word): code for word, code in words}


def survey_labels(table: Table, reader: LabelReader) -> dict[str, Found]:
    """All labels that a table writes and that are not in the codebook, the commonest first."""
    first: dict[str, int] = {}
    counts: Counter[str] = Counter()
    for row in table:
        for name in reader.find_unknown(row.values):
            counts[name] += 1
            first.setdefault(name, row.line)
        if len(counts) > 100 * MAX_LABELS:
            break  # a column of texts: it need not be read to its end to be refused
    return {name: Found(first[name], n) for name, n in counts.most_common()}


def make_codebook(names: Sequence[str]) -> Codebook:
    """A codebook to begin with: labels of these names, as far as names of columns can be made of them.

    Raises:
        CorpusError: There are no names, or too many.
    """
    if not 0 < len(names) <= MAX_LABELS:
        raise CorpusError(
            f"{len(names)} different labels{', such as ' + names[0][:40] if names else ''}; a codebook is made of 1 to "
            f"{MAX_LABELS}. Is it the right column?"
        )
    labels: list[Label] = []
    for number, short in enumerate(names, 1):
        taken = {_fold(label.name) for label in labels} | RESERVED_NAMES
        name = re.sub(r"\W+", "_", short).strip("_")[:40]
        name = f"label_{number}" if not name or _fold(name) in taken else name
        codes = (*name.upper(), *_CODES)
        code = next(c for c in codes if len(c) == 1 and c.isalnum() and c not in {label.code for label in labels})
        labels.append(Label(name, code, " ".join(short.split())))
    return Codebook("1", tuple(labels))


def import_table(
    table: Table,
    columns: Columns,
    reader: LabelReader,
    codebook: Codebook,
    report: ImportReport,
    *,
    on_statements: Callable[[int], None] = lambda _: None,
) -> Iterator[dict[str, Any]]:
    """Annotated articles made of a table's rows.

    Args:
        table: Has the columns.
        columns: Where what stands.
        reader: Of its labels.
        codebook: The labels; all that the table writes must be known.
        report: Filled in as the articles come.
        on_statements: Called with the number of rows done.

    Yields:
        Articles in the order of their first rows, ready for JSON.
    """
    stem = table.path.name.split(".")[0]
    with closing(sqlite3.connect("")) as rows:  # a temporary file, which ends with the connection
        rows.execute("CREATE TABLE rows (article TEXT, place REAL, line INTEGER, text TEXT, codes TEXT, more TEXT)")
        for row in table:
            report.n_rows += 1
            try:
                rows.execute("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?)", _parse(row, columns, reader))
            except ValueError as error:
                report.left_out.append(f"{table.path}:{row.line}: {error}")
            on_statements(1)
        texts: set[str] = set()
        for article, found in itertools.groupby(rows.execute(_IN_ORDER), key=lambda row: row[0]):
            statements = list(found)
            if columns.article is None:
                article, statements = f"{stem}-{statements[0][2]}", _merge(statements, table, report)
            made = _join(article, statements)
            if (key := text_hash(made["text"])) in texts:
                report.n_repeated += len(statements)
                continue
            texts.add(key)
            _count(report, statements, codebook)
            yield made


_IN_ORDER = """
SELECT article, place, line, text, codes, more
FROM (SELECT *, MIN(line) OVER (PARTITION BY article) AS first FROM rows)
ORDER BY first, place, line
"""
_Stored = tuple[str, float, int, str, str, str]


def _parse(row: TableRow, columns: Columns, reader: LabelReader) -> _Stored:
    """A row as it waits.

    Raises:
        ValueError: It cannot be used; the reason is told.
    """
    if row.reason:
        raise ValueError(row.reason)
    # Line breaks within a cell are a spreadsheet's, not the statement's; half characters are no text.
    text = " ".join(str(row.values.get(columns.text) or "").split()).encode("utf-8", "replace").decode()
    if not any(character.isprintable() and character != " " for character in text):
        raise ValueError(f"column {columns.text!r} is empty")
    article, place = text_hash(text), 0.0
    if columns.article is not None:
        named = row.values.get(columns.article)  # 0 is a name
        article = "" if named is None else str(named).strip()
        if not article:
            raise ValueError(f"column {columns.article!r} is empty; it says which article the statement belongs to")
    if columns.order is not None:
        place = _parse_place(columns.order, row.values.get(columns.order))
    more = {name: str(row.values[name]) for name in _KEPT if row.values.get(name) and name not in columns.all}
    return article, place, row.line, text, reader.find_codes(row.values), json.dumps(more)


def _parse_place(column: str, value: Any) -> float:  # noqa: ANN401  # any JSON value
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError(f"column {column!r} holds {str(value)[:40]!r}; write a number") from None


def _merge(statements: Sequence[_Stored], table: Table, report: ImportReport) -> list[_Stored]:
    """Equal statements as one; the first one's labels count."""
    first, *others = statements
    for other in others:
        if set(other[4]) == set(first[4]):
            report.n_repeated += 1
        else:
            report.left_out.append(
                f"{table.path}:{other[2]}: the statement of line {first[2]} again, with other labels"
            )
    return [first]


def _join(article: str, statements: Sequence[_Stored]) -> dict[str, Any]:
    """An annotated article: its statements, each on a line of its own."""
    rows, start = [], 0
    for _, _, line, text, codes, _ in statements:
        rows.append({"start": start, "end": start + len(text), "codes": codes, "line": line})
        start += len(text) + 1
    more: dict[str, str] = json.loads(statements[0][5])
    return {"id": article, **more, "text": "\n".join(row[3] for row in statements), "statements": rows}


def _count(report: ImportReport, statements: Sequence[_Stored], codebook: Codebook) -> None:
    report.n_articles += 1
    report.n_statements += len(statements)
    for row in statements:
        found = [label.name for label in codebook.labels if label.code in row[4]]
        report.labels.update(found or [NONE])
