"""What stand-off files say about annotated statements: who needs context, and which words mark an unnamed source."""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from claimbasis.corpus.annotated import read_rows
from claimbasis.errors import CorpusError
from claimbasis.evaluation.decisions import PlacedStatement
from claimbasis.evaluation.metrics import Bools

logger = logging.getLogger(__name__)


def read_context_kinds(path: Path, statements: Sequence[PlacedStatement]) -> dict[str, Bools]:
    """Which statements can only be read with those around them, by kind, the commonest first.

    Args:
        path: JSONL (also .gz), one object an article: `id` and `statements`, each `start`, `end` and `kind`.
        statements: The n annotated statements; what is not listed in the file stands alone.

    Returns:
        For each kind a mask of shape (n,).

    Raises:
        CorpusError: The file cannot be read, breaks the format, or names none of the statements.
    """
    kinds: dict[str, Bools] = defaultdict(lambda: np.zeros(len(statements), dtype=bool))
    for row, mark, place in _read_marks(path, statements):
        kind = mark.get("kind")
        if not isinstance(kind, str) or not kind:
            raise CorpusError(f"{place} has kind {kind!r}; name the kind of context that it needs")
        kinds[kind][row] = True
    return dict(sorted(kinds.items(), key=lambda item: -item[1].sum()))


def read_source_phrases(path: Path, statements: Sequence[PlacedStatement]) -> dict[int, list[str]]:
    """The words that mark the unnamed source, normalised, of each statement listed, by its number among all.

    Args:
        path: JSONL (also .gz), one object an article: `id` and `statements`, each `start`, `end`, and for the words
            `phrase` with `start` and `end`; all are offsets in the article's text.
        statements: The annotated statements.

    Raises:
        CorpusError: The file cannot be read, breaks the format, or names none of the statements.
    """
    phrases: dict[int, list[str]] = defaultdict(list)
    for row, mark, place in _read_marks(path, statements):
        phrase = mark.get("phrase")
        start, end = (phrase.get("start"), phrase.get("end")) if isinstance(phrase, dict) else (None, None)
        text = statements[row].item.article.text
        if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end <= len(text):
            raise CorpusError(
                f"{place} has a phrase from {start!r} to {end!r}; give 'phrase' a start and an end in its article of {len(text)} characters"
            )
        phrases[row].append(normalise_phrase(text[start:end]))
    return dict(phrases)


def normalise_phrase(text: str) -> str:
    """A text in lower case, with single spaces, every digit a 0: two phrases that differ in no more than that are one."""
    return re.sub(r"\d", "0", " ".join(text.lower().split()))


def find_seen(phrases: Iterable[str], train_texts: Iterable[str]) -> frozenset[str]:
    """Those normalised phrases that occur, as whole words, in the text of a training statement."""
    # The line break keeps a phrase from spanning two statements.
    train = "\n".join(map(normalise_phrase, train_texts))
    return frozenset(p for p in phrases if re.search(rf"(?<!\w){re.escape(p)}(?!\w)", train))


def _read_marks(path: Path, statements: Sequence[PlacedStatement]) -> Iterator[tuple[int, dict[str, Any], str]]:
    """Number of the statement, its object, and its place in words; says how many objects name no statement."""
    rows = {
        (s.item.article.id, s.annotated.statement.start, s.annotated.statement.end): i for i, s in enumerate(statements)
    }
    ids = {article_id for article_id, _, _ in rows}
    n_found = n_lost = 0
    for article in read_rows(path):
        article_id = str(article.get("id"))
        for mark in _parse_statements(article, path) if article_id in ids else ():
            row = rows.get((article_id, mark["start"], mark["end"]))
            if row is None:
                n_lost += 1
                continue
            n_found += 1
            yield row, mark, f"{path}: article {article_id!r}: the statement at {mark['start']}"
    if not n_found:
        raise CorpusError(f"{path}: names none of the {len(statements)} statements; ids and offsets must be theirs")
    if n_lost:
        logger.warning("%s: %d of its entries name no statement of their article and are left out", path, n_lost)


def _parse_statements(article: dict[str, Any], path: Path) -> list[dict[str, Any]]:
    marks = article.get("statements")
    if not isinstance(marks, list) or not all(
        isinstance(mark, dict) and isinstance(mark.get("start"), int) and isinstance(mark.get("end"), int)
        for mark in marks
    ):
        raise CorpusError(
            f"{path}: article {article.get('id')!r} has no list of statements; each is an object with start and end in characters"
        )
    return marks
