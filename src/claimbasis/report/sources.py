"""Who an article's statements come from: one row a source, however the text names it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from claimbasis.types import Prediction

_WORD = re.compile(r"[^\W_]+(?:[-.&][^\W_]+)*")
_POSSESSIVE = re.compile(r"['’]s\b")
# What parts a name from what is told of its bearer: "the minister, Ann Hill", "Ann Hill (the minister)".
_BETWEEN_PARTS = re.compile(r"[,;()\[\]–—]")
_EDGES = " \n\t,;:–—"
_LEFT_OUT = frozenset(("a", "an", "the", "mr", "mrs", "ms", "dr"))
Part = tuple[str, ...]  # the words of a part of a name


@dataclass(slots=True)
class SourceSummary:
    """One source and what rests on it."""

    name: str  # as the text names it first
    start: int  # of that name in the article, in characters
    n_statements: int = 0
    labels: Counter[str | None] = field(default_factory=Counter)  # a statement with two labels counts for both
    other_names: list[str] = field(default_factory=list)  # in the order in which they come
    parts: set[Part] = field(default_factory=set)  # of all its names, in lower case


def summarise_sources(predictions: Iterable[Prediction]) -> list[SourceSummary]:
    """The sources of an article's statements, that of most statements first.

    Two names are one source when they are the same words (capitals, articles and forms of address aside), or when the
    later one begins with a capital and ends a part of exactly one source before it.
    """
    sources: list[SourceSummary] = []
    by_name: dict[tuple[Part, ...], SourceSummary] = {}
    for item in predictions:
        if item.source is None:
            continue
        parts = _split_name(item.source.text)
        key, name = tuple(map(_fold, parts)), _clean(item.source.text)
        if key not in by_name:
            by_name[key] = _find_known(parts[0], sources) or SourceSummary(name, item.source.start)
            if by_name[key].n_statements == 0:
                sources.append(by_name[key])
        _count(by_name[key], item, name, key)
    return sorted(sources, key=lambda source: (-source.n_statements, source.start))


def _split_name(text: str) -> list[Part]:
    """The words of each part that tell a source from another; the text itself where none would be left."""
    parts = []
    for part in _BETWEEN_PARTS.split(_POSSESSIVE.sub("", text)):
        words = _WORD.findall(part)
        parts.append(tuple(word for word in words if _fold((word,))[0] not in _LEFT_OUT) or tuple(words))
    return [part for part in parts if part] or [(text,)]


def _fold(words: Part) -> Part:
    return tuple(word.casefold().rstrip(".") for word in words)


def _clean(text: str) -> str:
    return " ".join(text.strip(_EDGES).split()) or text


def _find_known(words: Part, sources: Iterable[SourceSummary]) -> SourceSummary | None:
    if not words[0][:1].isupper():
        return None
    tail = _fold(words)
    found = [source for source in sources if any(part[-len(tail) :] == tail for part in source.parts)]
    return found[0] if len(found) == 1 else None


def _count(source: SourceSummary, item: Prediction, name: str, parts: Iterable[Part]) -> None:
    source.n_statements += 1
    source.labels.update(item.labels or (None,))
    source.parts.update(parts)
    if name.casefold() not in {other.casefold() for other in (source.name, *source.other_names)}:
        source.other_names.append(name)
