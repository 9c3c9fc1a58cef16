"""How far several readers of the same statements agree, code by code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from claimbasis.codebook import Codebook
from claimbasis.corpus.annotated import AnnotatedArticle, AnnotatedStatement
from claimbasis.errors import CorpusError
from claimbasis.evaluation.metrics import Bools, Floats, Measured, trusted_interval

Key = tuple[str, int, int]  # article id, start and end of the statement
N_RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reader wrote."""

    name: str  # of the file, or which of the readings in one
    codes: Mapping[Key, str]
    texts: Mapping[str, str]  # article id -> text


@dataclass(frozen=True, slots=True)
class Pair:
    """Two readers, on the statements that both have read."""

    names: tuple[str, str]
    n_statements: int
    kappa: dict[str, Measured]  # name of the code -> Cohen's kappa, NaN where neither or both always wrote it
    same_codes_share: float  # statements with the same codes, in whatever order
    macro_f1: float  # of the one's labels against the other's


@dataclass(frozen=True, slots=True)
class Agreement:
    """All readers."""

    counts: dict[str, dict[str, int]]  # reader -> name of the code -> statements
    n_read: dict[str, int]  # reader -> statements
    n_alone: dict[str, int]  # reader -> statements that nobody else has read
    pairs: tuple[Pair, ...]
    alpha: dict[str, Measured]  # name of the code -> Krippendorff's alpha over statements with two readings or more
    disputes: tuple[dict[str, Any], ...]  # statements whose readings differ, each with the codes of every reader


def read_by(name: str, articles: Iterable[AnnotatedArticle]) -> Reading:
    """The codes of a file as one reading."""
    items = list(articles)
    return Reading(name, {key: s.codes for key, s in _statements(items)}, {i.article.id: i.article.text for i in items})


def readings_within(articles: Sequence[AnnotatedArticle]) -> list[Reading]:
    """The readings that the statements of a file keep (`annotators`), those before disagreements were settled.

    Raises:
        CorpusError: A statement has none, or another number than the others.
    """
    kept = {key: s.readings for key, s in _statements(articles)}
    n_readings = {len(readings) for readings in kept.values()}
    if len(n_readings) != 1 or min(n_readings) < 2:
        raise CorpusError(
            f"statements keep {' or '.join(map(str, sorted(n_readings)))} readings (`annotators`); "
            "to compare them all statements need the same number, two or more"
        )
    texts = {item.article.id: item.article.text for item in articles}
    return [
        Reading(f"reading {n + 1}", {key: readings[n] for key, readings in kept.items()}, texts)
        for n in range(n_readings.pop())
    ]


def _statements(articles: Iterable[AnnotatedArticle]) -> Iterator[tuple[Key, AnnotatedStatement]]:
    for item in articles:
        for s in item.statements:
            yield (item.article.id, s.statement.start, s.statement.end), s


def measure_agreement(readings: Sequence[Reading], codebook: Codebook, *, rng: np.random.Generator) -> Agreement:
    """Agreement of two readers or more, with 95 % bootstrap intervals over articles.

    Args:
        readings: Of the same articles, at least in part.
        codebook: The labels and further codes.
        rng: Draws the resamples.

    Raises:
        CorpusError: Two readers have another text under one id, or no two have a statement in common.
    """
    _require_same_texts(readings)
    keys = sorted({key for reading in readings for key in reading.codes})
    votes = _tabulate(readings, keys, codebook)
    n_readers = np.sum(~np.isnan(votes[:, :, 0]), axis=1)  # of each statement
    if not (n_readers > 1).any():
        raise CorpusError(
            f"{' and '.join(r.name for r in readings)} have no statement in common; "
            "they are matched by article id, start and end"
        )
    _, article = np.unique([key[0] for key in keys], return_inverse=True)
    draws = rng.multinomial(article.max() + 1, np.full(article.max() + 1, 1 / (article.max() + 1)), size=N_RESAMPLES)
    names = _code_names(codebook)
    alpha = _bootstrap(_alpha, _coincidences(votes), article, draws)
    return Agreement(
        counts={r.name: dict(zip(names, np.nansum(votes[:, n], axis=0).astype(int).tolist(), strict=True)) for n, r in enumerate(readings)},
        n_read={r.name: len(r.codes) for r in readings},
        n_alone={r.name: int(np.sum((n_readers == 1) & ~np.isnan(votes[:, n, 0]))) for n, r in enumerate(readings)},
        pairs=tuple(
            _compare(votes[:, [a, b]], (readings[a].name, readings[b].name), codebook, article, draws)
            for a, b in combinations(range(len(readings)), 2)
            if not np.isnan(votes[:, [a, b], 0]).any(axis=1).all()
        ),
        alpha=dict(zip(names, alpha, strict=True)),
        disputes=tuple(_dispute(keys[row], readings) for row in np.flatnonzero(_differ(votes)).tolist()),
    )  # fmt: skip


def _require_same_texts(readings: Sequence[Reading]) -> None:
    known: dict[str, tuple[str, str]] = {}
    for reading in readings:
        for article_id, text in reading.texts.items():
            first, other = known.setdefault(article_id, (reading.name, text))
            if other != text:
                raise CorpusError(
                    f"article {article_id!r} has one text in {first} and another in {reading.name}; agreement can be "
                    "measured on the same texts only"
                )


def _code_names(codebook: Codebook) -> list[str]:
    return [*(label.short for label in codebook.labels), *codebook.other_codes.values()]


def _tabulate(readings: Sequence[Reading], keys: Sequence[Key], codebook: Codebook) -> Floats:
    """Whether a reader wrote a code, shape (statements, readers, codes); NaN where he has not read the statement."""
    letters = [*(label.code for label in codebook.labels), *codebook.other_codes]
    unread = [np.nan] * len(letters)
    return np.array([
        [[float(letter in r.codes[key]) for letter in letters] if key in r.codes else unread for r in readings]
        for key in keys
    ])  # fmt: skip


def _differ(votes: Floats) -> np.ndarray:
    """Whether two readers of a statement wrote different codes, shape (statements,)."""
    return np.asarray((np.nanmax(votes, axis=1) != np.nanmin(votes, axis=1)).any(axis=1))


def _dispute(key: Key, readings: Sequence[Reading]) -> dict[str, Any]:
    article_id, start, end = key
    text = next(r.texts[article_id] for r in readings if article_id in r.texts)
    written = {f"codes of {r.name}": r.codes.get(key) for r in readings}
    return {"article_id": article_id, "start": start, "end": end, "text": text[start:end], **written}


def _compare(votes: Floats, names: tuple[str, str], codebook: Codebook, article: np.ndarray, draws: np.ndarray) -> Pair:
    """Two readers, votes of shape (statements, 2, codes)."""
    both = ~np.isnan(votes[:, :, 0]).any(axis=1)
    first, second = votes[both, 0] == 1, votes[both, 1] == 1
    # For each statement and code: both, the first, the second, and that it was read.
    outcomes = np.stack([first & second, first, second, np.ones_like(first)], axis=1).astype(float)
    kappa = _bootstrap(_kappa, outcomes, article[both], draws)
    k = len(codebook.labels)
    return Pair(
        names, int(both.sum()), dict(zip(_code_names(codebook), kappa, strict=True)),
        float((first == second).all(axis=1).mean()), _mean_f1(first[:, :k], second[:, :k]),
    )  # fmt: skip


def _coincidences(votes: Floats) -> Floats:
    """For each statement and code the values that count, those of them that are yes, and the yes–no pairs.

    Each of a statement's m readings is paired with the m - 1 others, and each pair weighs 1 / (m - 1).
    """
    n_values = np.sum(~np.isnan(votes), axis=1).astype(float)
    n_yes = np.nansum(votes, axis=1)
    mixed = n_yes * (n_values - n_yes) / np.maximum(n_values - 1, 1)
    # What only one reader has read cannot be paired.
    return np.asarray(np.stack([n_values, n_yes, mixed], axis=1) * (n_values > 1)[:, None, :])


def _bootstrap(statistic: Any, outcomes: Floats, article: np.ndarray, draws: np.ndarray) -> list[Measured]:  # noqa: ANN401
    """A statistic of sums of outcomes, shape (statements, sums, codes), for each code, with its interval."""
    sums = np.zeros((draws.shape[1], *outcomes.shape[1:]))
    np.add.at(sums, article, outcomes)
    point = statistic(sums.sum(axis=0))
    resampled = statistic(np.einsum("ra,aik->rik", draws, sums))
    return [Measured(float(value), *trusted_interval(resampled[:, n], len(sums))) for n, value in enumerate(point)]


def _mean_f1(first: Bools, second: Bools) -> float:
    """Unweighted mean of F1 over the labels that either reader used, whichever of them counts as right; 0 where none was."""
    n_given = first.sum(axis=0) + second.sum(axis=0)
    n_both = (first & second).sum(axis=0)
    return float(np.mean(2 * n_both[n_given > 0] / n_given[n_given > 0])) if n_given.any() else 0.0


def _kappa(sums: Floats) -> Floats:
    """Cohen's kappa from sums of shape (..., 4, codes): both, first, second, read."""
    both, first, second, n = (sums[..., i, :] for i in range(4))
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = (n - first - second + 2 * both) / n
        expected = (first * second + (n - first) * (n - second)) / n**2
        return np.asarray(np.where(expected < 1, (observed - expected) / (1 - expected), np.nan))


def _alpha(sums: Floats) -> Floats:
    """Krippendorff's alpha for yes and no from sums of shape (..., 3, codes), see `_coincidences`."""
    n, n_yes, mixed = (sums[..., i, :] for i in range(3))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(n_yes * (n - n_yes) > 0, 1 - (n - 1) * mixed / (n_yes * (n - n_yes)), np.nan))
