"""What is wrong with annotated files, or looks so, as far as no model is needed to see it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from claimbasis.codebook import Codebook
from claimbasis.corpus.annotated import AnnotatedArticle, AnnotatedStatement, read_file, text_hash
from claimbasis.corpus.similarity import normalise
from claimbasis.errors import CorpusError
from claimbasis.types import Statement

# Shorter ones ("Reuters could not verify this.") recur without anybody having copied an article.
MIN_LEAKED_WORDS = 10


class Kind(StrEnum):
    """What can be found; the first three are leakage, the others suspicions."""

    SAME_ARTICLE = "same article id"
    SAME_TEXT = "same article text"
    SAME_STATEMENT = "same statement in two files"
    NEAR_ARTICLE = "article nearly the same"
    NEAR_STATEMENT = "statement nearly the same"
    FORM = "odd statement"
    LABELS = "labels unlikely"


LEAKAGE = (Kind.SAME_ARTICLE, Kind.SAME_TEXT, Kind.SAME_STATEMENT)


@dataclass(frozen=True, slots=True)
class Place:
    """An article of a file, or a statement of it."""

    file: str
    item: AnnotatedArticle
    statement: AnnotatedStatement | None = None

    @property
    def text(self) -> str:
        """The statement's text; the article's title, or else its beginning."""
        if self.statement:
            return self.statement.statement.text
        return self.item.article.title or self.item.article.text[:200]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that somebody should look at."""

    kind: Kind
    place: Place
    detail: str = ""  # in words
    other: Place | None = None  # what it is like
    given: tuple[str, ...] = ()  # labels of the statement
    suggested: tuple[str, ...] = ()  # labels that it might carry instead
    score: float | None = None  # in [0, 1]: quality of the labels (low is bad), or similarity to the other

    def to_row(self) -> dict[str, Any]:
        """The finding for JSON or a table; statements are numbered as in every other output, from 0."""
        other = self.other
        return {
            "kind": str(self.kind), **_place_columns("", self.place), "text": self.place.text,
            "given": " ".join(self.given), "suggested": " ".join(self.suggested),
            "score": None if self.score is None else round(self.score, 4), "detail": self.detail,
            **(_place_columns("other_", other) if other else dict.fromkeys(("other_file", "other_article_id", "other_index"))),
            "other_text": other.text if other else None,
        }  # fmt: skip


def _place_columns(prefix: str, place: Place) -> dict[str, Any]:
    index = place.statement.statement.index if place.statement else None
    return {f"{prefix}file": place.file, f"{prefix}article_id": place.item.article.id, f"{prefix}index": index}


def read_places(paths: Sequence[str | Path], codebook: Codebook) -> list[Place]:
    """All articles of some files, also those that occur twice.

    Raises:
        CorpusError: A file cannot be read, breaks the format, holds no article, or is named twice.
    """
    if repeated := [path for path in paths if [Path(p).resolve() for p in paths].count(Path(path).resolve()) > 1]:
        raise CorpusError(f"{repeated[0]} is named twice; name each file once")
    places: list[Place] = []
    for path in paths:
        articles = read_file(Path(path), codebook)
        if not articles:
            raise CorpusError(f"{path}: no annotated article; name files that hold some")
        places.extend(Place(str(path), item) for item in articles)
    return places


def statements_of(places: Iterable[Place]) -> list[Place]:
    """The statements of articles, in reading order."""
    return [Place(place.file, place.item, statement) for place in places for statement in place.item.statements]


def find_leakage(places: Sequence[Place]) -> Iterator[Finding]:
    """Articles that occur twice, in one file or two, and statements of at least ten words that stand in two files."""
    by_id: dict[str, Place] = {}
    by_text: dict[str, Place] = {}
    by_words: dict[str, Place] = {}
    for place in places:
        article = place.item.article
        if twin := by_id.get(article.id):
            yield Finding(Kind.SAME_ARTICLE, place, _where(place, twin), twin)
        elif twin := by_text.get(text_hash(normalise(article.text))):
            yield Finding(Kind.SAME_TEXT, place, _where(place, twin), twin)
        else:
            yield from _find_same_statements(place, by_words)
            by_id[article.id] = by_text[text_hash(normalise(article.text))] = place


def _where(place: Place, twin: Place) -> str:
    return "twice in one file" if place.file == twin.file else f"also in {twin.file}"


def _find_same_statements(place: Place, known: dict[str, Place]) -> Iterator[Finding]:
    for statement in statements_of([place]):
        words = normalise(statement.text)
        twin = known.setdefault(words, statement)
        if twin.file != statement.file and len(words.split()) >= MIN_LEAKED_WORDS:
            yield Finding(Kind.SAME_STATEMENT, statement, _where(statement, twin), twin)


def find_odd_statements(places: Sequence[Place]) -> Iterator[Finding]:
    """Statements that can be no sentences: without a letter, with blanks at their edges, or cut inside a word."""
    for place in statements_of(places):
        if place.statement and (reason := _find_oddity(place.statement.statement, place.item.article.text)):
            yield Finding(Kind.FORM, place, reason)


def _find_oddity(statement: Statement, article_text: str) -> str:
    text, before, after = (
        statement.text,
        article_text[max(statement.start - 1, 0) : statement.start],
        article_text[statement.end : statement.end + 1],
    )
    if not text.strip():
        return "nothing but blanks"
    if not any(c.isalpha() for c in text):
        return "no letters"
    if text != text.strip():
        return "blanks at the edge"
    if before.isalnum() and text[0].isalnum():
        return "begins inside a word"
    if after.isalnum() and text[-1].isalnum():
        return "ends inside a word"
    return ""
