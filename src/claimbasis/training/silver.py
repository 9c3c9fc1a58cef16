"""Articles that models have labelled instead of people (silver labels), for another model to learn from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from claimbasis.corpus.annotated import read_placed_rows
from claimbasis.corpus.similarity import word_runs
from claimbasis.errors import CorpusError
from claimbasis.inference.classifier import Classifier
from claimbasis.text.statements import split_statements
from claimbasis.types import ROLES, Article, Span, Statement

# Of one article: many short passages teach more than a few long articles.
MAX_STATEMENTS = 60
# An article is too near to those it must stay apart from when it shares more of its runs of words than this.
RUN_WORDS, MAX_SHARED = 8, 0.02


@dataclass(frozen=True, slots=True)
class SilverArticle:
    """The first statements of an article, with what models together say of each of n."""

    id: str
    statements: tuple[Statement, ...]
    scores: tuple[tuple[float, ...], ...]  # (n, labels), mean of the models' calibrated scores
    spans: tuple[tuple[Span, ...] | None, ...]  # (n,), None where the models mark different ones
    roles: tuple[str, ...]  # of spans, that all the models know


def choose_articles(articles: Iterable[Article], apart: Iterable[Article], *, n: int, seed: int) -> list[Article]:
    """A random choice of articles, none of them near to one of `apart`, or to another.

    Args:
        articles: To choose from.
        apart: What the student or its teachers are measured on, or have learned from already.
        n: Most articles.
        seed: Decides the choice.
    """
    others = list(apart)
    known_ids = {article.id for article in others}
    known_runs = {run for article in others for run in word_runs(article.text, RUN_WORDS)}
    pool = list(articles)
    chosen: list[Article] = []
    for index in np.random.default_rng(seed).permutation(len(pool)).tolist():
        runs = set(word_runs(pool[index].text, RUN_WORDS))
        if len(chosen) == n:
            break
        if pool[index].id not in known_ids and len(runs & known_runs) <= MAX_SHARED * len(runs):
            chosen.append(pool[index])
            known_runs |= runs
    return chosen


def ask_models(models: Sequence[Classifier], articles: Iterable[Article]) -> Iterator[dict[str, Any]]:
    """Rows of a silver file, one an article that has statements.

    Args:
        models: Teachers of the same labels; each reads in the way it was made for.
        articles: Their texts.

    Yields:
        `id`, `text` (as far as it was read), `labels`, `roles` (of spans, that all models know) and `statements`: `start`, `end`,
        `scores` (one a label), and `spans` where all models mark the same ones.
    """
    labels = list(models[0].settings.labels)
    roles = [role for role in ROLES if all(role in model.settings.roles for model in models)]
    for article in articles:
        statements = split_statements(article.text)[:MAX_STATEMENTS]
        if not statements:
            continue
        answers = [model.predict_statements(article, statements) for model in models]
        rows = []
        for statement, *predictions in zip(statements, *answers, strict=True):
            scores = np.mean([list(p.scores.values()) for p in predictions], axis=0)
            row = {"start": statement.start, "end": statement.end, "scores": [round(float(s), 4) for s in scores]}
            first, *others = ([s for s in p.spans if s.role in roles] for p in predictions)
            if all(spans == first for spans in others):
                row["spans"] = [{"role": s.role, "start": s.start, "end": s.end} for s in first]
            rows.append(row)
        yield {
            "id": article.id,
            "text": article.text[: statements[-1].end],
            "labels": labels,
            "roles": roles,
            "statements": rows,
        }


def read_silver(paths: Iterable[str | Path], *, labels: tuple[str, ...]) -> list[SilverArticle]:
    """The articles of some silver files.

    Raises:
        CorpusError: A file cannot be read, or a row is none that `claimbasis corpus silver` wrote for these labels.
    """
    return [_parse(row, place, labels) for path in paths for place, row in read_placed_rows(Path(path))]


def _parse(row: dict[str, Any], place: str, labels: tuple[str, ...]) -> SilverArticle:
    try:
        known = tuple(row["labels"])
        text, rows = str(row["text"]), row["statements"]
        statements = tuple(
            Statement(index, r["start"], r["end"], _cut(text, r["start"], r["end"])) for index, r in enumerate(rows)
        )
        scores = tuple(tuple(map(float, r["scores"])) for r in rows)
        spans = tuple(_spans(r["spans"], text) if "spans" in r else None for r in rows)
        roles = tuple(ROLES[ROLES.index(role)] for role in row["roles"])
        if not statements:
            raise ValueError("no statements")
    except (KeyError, TypeError, ValueError) as error:
        raise CorpusError(f"{place}: no silver article ({error!r}); write it with claimbasis corpus silver") from error
    if known != labels:
        raise CorpusError(
            f"{place}: scores are of {', '.join(map(str, known))}, and the codebook has {', '.join(labels)}; ask models of this codebook"
        )
    if any(len(s) != len(labels) or not all(0 <= score <= 1 for score in s) for s in scores):
        raise CorpusError(f"{place}: scores are not {len(labels)} numbers from 0 to 1; write the file again")
    return SilverArticle(str(row.get("id", "")), statements, scores, spans, roles)


def _spans(rows: Sequence[dict[str, Any]], text: str) -> tuple[Span, ...]:
    return tuple(
        Span(ROLES[ROLES.index(r["role"])], r["start"], r["end"], _cut(text, r["start"], r["end"])) for r in rows
    )


def _cut(text: str, start: int, end: int) -> str:
    if not 0 <= start < end <= len(text):
        raise ValueError(f"offsets {start} to {end} do not fit a text of {len(text)} characters")
    return text[start:end]
