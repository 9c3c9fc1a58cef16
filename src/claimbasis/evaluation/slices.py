"""Statements that have something in common, measured apart: a mean over all hides where a model fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from claimbasis.evaluation.decisions import Decisions, PlacedStatement
from claimbasis.evaluation.metrics import Bools, Measured

# Fewer say nothing about an outlet or a collection, and fewer positives nothing about a label.
MIN_STATEMENTS = 30
MIN_POSITIVES = 5
N_FIRST_STATEMENTS = 3
_QUOTATION_MARKS = frozenset('"“”„«»‘')
_YEARS = ((2016, "before 2016"), (2020, "2016–2019"), (2024, "2020–2023"), (10_000, "2024 on"))
_MANY = ("outlet", "collection")  # groups of which the small slices are left out
_UNKNOWN_YEAR = "unknown"
_LENGTHS = ("under 12 words", "12–30 words", "over 30 words")
_QUOTED, _NOT_QUOTED = "quotation mark", "no quotation mark"
_FIRST, _REST = f"first {N_FIRST_STATEMENTS} of the article", "the rest"
_NEEDS_CONTEXT, _STANDS_ALONE = "needs context", "stands alone"

Members = dict[tuple[str, str], Bools]  # (group, slice) -> which of the n statements belong to it; in reading order


@dataclass(frozen=True, slots=True)
class Slice:
    """How well the labels are found among some of the statements."""

    group: str  # "outlet"
    name: str  # "Reuters"
    n_statements: int
    n_articles: int
    macro_f1: Measured | None  # over the labels measured here; None where there are none
    f1: dict[str, Measured | None]  # None for a label with fewer than MIN_POSITIVES statements
    n_positive: dict[str, int]


def find_slices(statements: Sequence[PlacedStatement], context_kinds: Mapping[str, Bools] | None = None) -> Members:
    """Which statements belong to which slice, by outlet, collection, year, domain, length, quotation, position and need of context.

    Args:
        statements: The n annotated statements.
        context_kinds: For each kind of context the statements that need it, masks of shape (n,); None when unknown.
    """
    members: Members = {}
    for group, (name_of, order) in _GROUPS.items():
        members |= _split(group, [name_of(statement) for statement in statements], order)
    members = {key: rows for key, rows in members.items() if key[0] not in _MANY or rows.sum() >= MIN_STATEMENTS}
    if context_kinds is not None:
        needed = np.any([np.zeros(len(statements), dtype=bool), *context_kinds.values()], axis=0)
        members |= {("context", _NEEDS_CONTEXT): needed, ("context", _STANDS_ALONE): ~needed}
        members |= {("kind of context", kind): rows for kind, rows in context_kinds.items()}
    return {key: rows for key, rows in members.items() if rows.any()}


def measure_slices(decisions: Decisions, members: Members) -> tuple[Slice, ...]:
    """Metrics of each slice, in the given order."""
    return tuple(_measure_slice(decisions, group, name, rows) for (group, name), rows in members.items())


def _measure_slice(decisions: Decisions, group: str, name: str, rows: Bools) -> Slice:
    n_positive = decisions.targets[rows].sum(axis=0).tolist()
    columns = [k for k, n in enumerate(n_positive) if n >= MIN_POSITIVES]
    metrics = decisions.measure_some(rows, columns) if columns else None
    found = {label: m.f1 for label, m in metrics.labels.items()} if metrics else {}
    return Slice(
        group,
        name,
        n_statements=int(rows.sum()),
        n_articles=len(np.unique(decisions.article_index[rows])),
        macro_f1=metrics.macro_f1 if metrics else None,
        f1={label: found.get(label) for label in decisions.labels},
        n_positive=dict(zip(decisions.labels, n_positive, strict=True)),
    )


def _split(group: str, names: Sequence[str], order: Sequence[str]) -> Members:
    """A slice a name, in the given order or else the largest first; a statement without a name is in none."""
    found = order or [name for name, _ in Counter(filter(None, names)).most_common()]
    return {(group, name): np.array([name == other for other in names], dtype=bool) for name in found}


def _outlet(statement: PlacedStatement) -> str:
    return statement.item.article.outlet


def _collection(statement: PlacedStatement) -> str:
    """What stands before the slash of an article's id."""
    collection, slash, _ = statement.item.article.id.partition("/")
    return collection if slash else ""


def _years(statement: PlacedStatement) -> str:
    year = statement.item.article.date[:4]
    return next(name for end, name in _YEARS if int(year) < end) if year.isdecimal() else _UNKNOWN_YEAR


def _domain(statement: PlacedStatement) -> str:
    return str(statement.item.extra.get("domain") or "")


def _length(statement: PlacedStatement) -> str:
    n_words = len(statement.annotated.statement.text.split())
    return _LENGTHS[(n_words >= 12) + (n_words > 30)]


def _quotation(statement: PlacedStatement) -> str:
    return _NOT_QUOTED if _QUOTATION_MARKS.isdisjoint(statement.annotated.statement.text) else _QUOTED


def _position(statement: PlacedStatement) -> str:
    return _FIRST if len(statement.before) < N_FIRST_STATEMENTS else _REST


_GROUPS: dict[str, tuple[Callable[[PlacedStatement], str], tuple[str, ...]]] = {
    "outlet": (_outlet, ()),
    "collection": (_collection, ()),
    "year": (_years, (*(name for _, name in _YEARS), _UNKNOWN_YEAR)),
    "domain": (_domain, ()),
    "length": (_length, _LENGTHS),
    "quotation": (_quotation, (_QUOTED, _NOT_QUOTED)),
    "position": (_position, (_FIRST, _REST)),
}
