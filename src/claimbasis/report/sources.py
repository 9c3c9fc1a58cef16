"""The sources of an article, and how many of its statements each carries."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from claimbasis.types import Prediction

_ARTICLE = re.compile(r"(the|a|an)\s+", re.IGNORECASE)
_POSSESSIVE = re.compile("['’]s$")
_TITLES = {"mr", "mrs", "ms", "dr", "president", "minister", "senator", "sen", "rep", "judge", "justice", "gov", "gen"}
_NAME = re.compile(r"[^\W\d_a-z][\w'’-]+$")  # a last word with a capital: a surname, or an institution's


@dataclass(slots=True)
class SourceRow:
    """One source under all the names that a text gives it."""

    name: str  # the longest
    first: Prediction  # the first statement that rests on it
    n_statements: int = 0
    labels: Counter[str | None] = field(default_factory=Counter)  # a statement with two labels counts for both


def list_sources(predictions: Iterable[Prediction]) -> list[SourceRow]:
    """The sources of an article, those that carry most statements first.

    Two names are one source when they differ in nothing but case, articles and possessives, or when the shorter one is the
    last word of an earlier longer one ("Mr. Lavrov", "Lavrov"). What points back is resolved already.
    """
    rows: dict[str, SourceRow] = {}
    by_surname: dict[str, str] = {}
    for prediction in predictions:
        if not prediction.source:
            continue
        name = " ".join(prediction.source.text.split())
        key = _key(name)
        surname = _surname(name)
        key = by_surname.get(surname, key) if surname and _is_short(key) else key
        row = rows.setdefault(key, SourceRow(name, prediction))
        if surname:
            by_surname.setdefault(surname, key)
        row.name = max(row.name, name, key=len)
        row.n_statements += 1
        row.labels.update(prediction.labels or (None,))
    return sorted(rows.values(), key=lambda row: (-row.n_statements, row.first.statement.index))


def _key(name: str) -> str:
    return _POSSESSIVE.sub("", _ARTICLE.sub("", name, count=1)).casefold()


def _surname(name: str) -> str | None:
    """The last word of a person's name; "the White House" has none."""
    words = _POSSESSIVE.sub("", name.partition(",")[0]).split()
    return words[-1].casefold() if words and _NAME.match(words[-1]) and not _ARTICLE.match(name) else None


def _is_short(key: str) -> bool:
    """A last word alone, or with a title."""
    words = [word.strip(".") for word in key.partition(",")[0].split()]
    return len(words) == 1 or (len(words) == 2 and words[0] in _TITLES)
