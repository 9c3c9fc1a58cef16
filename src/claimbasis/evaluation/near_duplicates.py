"""Articles and statements of annotated files that are nearly, but not quite, the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from rapidfuzz import fuzz, process
from sklearn.feature_extraction.text import CountVectorizer

from claimbasis.corpus.checks import Finding, Kind, Place, statements_of
from claimbasis.corpus.similarity import MIN_CHARS, MIN_RATIO_PERCENT, normalise, word_runs

# Share of two articles' runs of four words that both have; the archive counts reprints by the same measure.
MIN_SHARED_RUNS = 0.7
_RUN_WORDS = 4
_ROWS_PER_BATCH = 256


def find_near_articles(places: Sequence[Place]) -> Iterator[Finding]:
    """For each article the one before it that it is most like, if they share most of their runs of four words."""
    runs = CountVectorizer(
        analyzer=lambda text: word_runs(text, _RUN_WORDS), binary=True, dtype=np.int32
    ).fit_transform(place.item.article.text for place in places)
    sizes = runs.getnnz(axis=1)
    for first in range(0, len(places), _ROWS_PER_BATCH):
        stop = min(first + _ROWS_PER_BATCH, len(places))
        shared = (runs[first:stop] @ runs[:stop].T).toarray()
        similarity = np.tril(shared / (sizes[first:stop, None] + sizes[:stop] - shared), k=first - 1)
        for row, column in enumerate(similarity.argmax(axis=1)):
            score = float(similarity[row, column])
            if score >= MIN_SHARED_RUNS:
                place, other = places[first + row], places[column]
                yield Finding(Kind.NEAR_ARTICLE, place, _compare_files(place, other), other, score=score)


def find_near_statements(
    places: Sequence[Place], *, on_statements: Callable[[int], None] | None = None
) -> Iterator[Finding]:
    """For each statement the one before it, in another article, that it is most like, if they are nearly the same.

    Args:
        places: Articles.
        on_statements: Called with the number of statements done, many times.
    """
    statements = [place for place in statements_of(places) if len(place.text) > MIN_CHARS]
    texts = [normalise(place.text) for place in statements]
    number = {id(place.item): n for n, place in enumerate(places)}
    owner = np.array([number[id(place.item)] for place in statements])
    for first in range(0, len(texts), _ROWS_PER_BATCH):
        stop = min(first + _ROWS_PER_BATCH, len(texts))
        ratios = process.cdist(
            texts[first:stop],
            texts[:stop],
            scorer=fuzz.ratio,
            score_cutoff=MIN_RATIO_PERCENT,
            dtype=np.float32,
            workers=-1,
        )
        ratios[owner[first:stop, None] <= owner[None, :stop]] = 0
        for row, column in enumerate(ratios.argmax(axis=1)):
            if ratios[row, column] > 0:
                place, other = statements[first + row], statements[column]
                yield Finding(
                    Kind.NEAR_STATEMENT,
                    place,
                    _compare_labels(place, other),
                    other,
                    score=float(ratios[row, column]) / 100,
                )
        if on_statements:
            on_statements(stop - first)


def _compare_files(place: Place, other: Place) -> str:
    return "in one file" if place.file == other.file else f"the other in {other.file}"


def _compare_labels(place: Place, other: Place) -> str:
    """Where the other stands, and whether the two carry other codes, which one of them then should not."""
    codes = [p.statement.codes for p in (place, other) if p.statement]
    differ = f"; codes {codes[0]} here, {codes[1]} there" if set(codes[0]) != set(codes[1]) else ""
    return _compare_files(place, other) + differ
