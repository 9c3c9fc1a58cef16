"""Who an article's statements come from: one row a source, however the text names it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from claimbasis.types import Prediction

_WORD = re.compile(r"[^\W_]+(?:[-.&][^\W_]+)*")
_POSSESSIVE = re.compile(r"['’]s\b")
# What follows a comma or a bracket tells more about the source, and is no part of its name.
_MORE = re.compile(r"[,;(\[–—]")
_LEFT_OUT = frozenset(("a", "an", "the", "mr", "mrs", "ms", "dr"))


@dataclass(slots=True)
class SourceSummary:
    """One source and what rests on it."""

    name: str  # as the text names it first
    start: int  # of that name in the article, in characters
    n_statements: int = 0
    labels: Counter[str | None] = field(default_factory=Counter)  # a statement with two labels counts for both
    other_names: list[str] = field(default_factory=list)  # in the order in which they come


def summarise_sources(predictions: Iterable[Prediction]) -> list[SourceSummary]:
    """The sources of an article's statements, that of most statements first.

    Two names are one source when they are the same words (capitals, articles and forms of address aside), or when the
    later one begins with a capital and is the end of exactly one longer name before it.
    """
    sources: dict[tuple[str, ...], SourceSummary] = {}  # by the words of each name; several may lead to one source
    for item in predictions:
        if item.source is None:
            continue
        words = _split_name(item.source.text)
        key = tuple(word.casefold() for word in words)
        if key not in sources:
            sources[key] = _find_longer(words, sources) or SourceSummary(item.source.text, item.source.start)
        _count(sources[key], item, item.source.text)
    found = {id(source): source for source in sources.values()}
    return sorted(found.values(), key=lambda source: (-source.n_statements, source.start))


def _split_name(text: str) -> list[str]:
    """The words that tell a source from another; all words where none would be left."""
    name = _POSSESSIVE.sub("", _MORE.split(text.strip(), maxsplit=1)[0])
    words = _WORD.findall(name)
    return [word for word in words if word.casefold() not in _LEFT_OUT] or words or [text]


def _find_longer(words: list[str], sources: dict[tuple[str, ...], SourceSummary]) -> SourceSummary | None:
    if not words[0][:1].isupper():
        return None
    key = tuple(word.casefold() for word in words)
    longer = {
        id(source): source for name, source in sources.items() if len(name) > len(key) and name[-len(key) :] == key
    }
    return next(iter(longer.values())) if len(longer) == 1 else None


def _count(source: SourceSummary, item: Prediction, name: str) -> None:
    source.n_statements += 1
    source.labels.update(item.labels or (None,))
    known = {other.casefold() for other in (source.name, *source.other_names)}
    if name.casefold() not in known:
        source.other_names.append(name)
