"""Articles whose sources and cues are marked: our own annotated ones, and those of PolNeAR."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from claimbasis.corpus.annotated import AnnotatedArticle, read_rows
from claimbasis.errors import CorpusError
from claimbasis.text.statements import split_statements
from claimbasis.types import ROLES, Article, Span, Statement

# PolNeAR marks the outlet of "Reuters reported that officials said" as one more source, and knows no relays.
POLNEAR_ROLES = ("source", "cue")


@dataclass(frozen=True, slots=True)
class MarkedArticle:
    """An article, its consecutive statements, and the spans that were marked in it."""

    article: Article
    statements: tuple[Statement, ...]
    spans: tuple[Span, ...]  # reading order
    roles: tuple[str, ...]  # those that were looked for


def spans_of(item: AnnotatedArticle) -> tuple[Span, ...]:
    """The spans of an annotated article; none when nobody marked any."""
    rows = [row for statement in item.statements for row in statement.extra.get("spans", ())]
    return tuple(sorted((_span(row["role"], row, item.article.text) for row in rows), key=_place))


def roles_of(item: AnnotatedArticle) -> tuple[str, ...]:
    """The roles that were marked in an annotated article: all, or none."""
    return ROLES if any("spans" in statement.extra for statement in item.statements) else ()


def read_polnear_rows(paths: Iterable[str | Path], *, split: str) -> list[MarkedArticle]:
    """The articles of one split of PolNeAR, each once, by its first annotator.

    Args:
        paths: Files that `claimbasis corpus polnear` wrote.
        split: "train", "dev" or "test".

    Raises:
        CorpusError: A file cannot be read, or a row is none of PolNeAR's.
    """
    articles: dict[str, MarkedArticle] = {}
    for path in map(Path, paths):
        for row in read_rows(path):
            try:
                if row["id"].split("/")[1] == split and row["id"] not in articles:
                    articles[row["id"]] = _parse(row)
            except (KeyError, IndexError, TypeError, AttributeError) as error:
                raise CorpusError(
                    f"{path}: no row of PolNeAR ({error!r}); write it with claimbasis corpus polnear"
                ) from error
    return list(articles.values())


def _parse(row: dict[str, Any]) -> MarkedArticle:
    text = row["text"]
    spans = {
        _span(role, piece, text)
        for attribution in row["attributions"]
        for role in POLNEAR_ROLES
        for piece in attribution[role]
    }
    statements = tuple(split_statements(text))
    return MarkedArticle(Article(text=text, id=row["id"]), statements, tuple(sorted(spans, key=_place)), POLNEAR_ROLES)


def _span(role: Any, row: dict[str, Any], text: str) -> Span:  # noqa: ANN401  # whatever the file holds
    return Span(role, row["start"], row["end"], text[row["start"] : row["end"]])


def _place(span: Span) -> tuple[int, int, str]:
    return span.start, span.end, span.role


def spans_by_statement(statements: Sequence[Statement], spans: Sequence[Span]) -> Iterator[list[Span]]:
    """For each statement the spans that begin in it."""
    for statement in statements:
        yield [span for span in spans if statement.start <= span.start < statement.end]
