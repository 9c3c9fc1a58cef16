"""Statements that people are asked to mark: each with the text around it, and a place for the answer."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rapidfuzz import fuzz, process

from claimbasis.corpus.annotated import N_CONTEXT_STATEMENTS, text_hash
from claimbasis.corpus.scored_rows import ScoredStatement
from claimbasis.corpus.similarity import MIN_RATIO_PERCENT, normalise
from claimbasis.errors import CorpusError

N_AFTER = 2  # statements behind it; an attribution that follows is hardly ever further away
# Candidates kept for each question: near-duplicates among them are passed over.
_N_SPARE = 10


@dataclass(frozen=True, slots=True)
class Question:
    """A statement to mark. All blanks are single, since spreadsheets do not keep others."""

    article_id: str
    index: int  # among the article's statements, from 0
    before: str  # the statements in front of it, as far as they are known
    text: str
    after: str

    @property
    def fingerprint(self) -> str:
        """Tells whether words were changed; begins with a letter, since spreadsheets take 1e5 for a number."""
        return "h" + text_hash("\n".join(map(str, asdict(self).values())))[:12]

    def to_row(self) -> dict[str, Any]:
        """A row with an empty field for labels, which does not tell what the model said: nobody shall be led."""
        return {"labels": "", **asdict(self), "hash": self.fingerprint}


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen, and from how much."""

    questions: tuple[Question, ...]  # the least certain first
    n_articles: int
    n_statements: int


def choose_questions(
    articles: Iterable[Sequence[ScoredStatement]],
    thresholds: Mapping[str, float],
    *,
    n: int,
    per_article: int,
) -> Choice:
    """The statements whose scores are nearest to a threshold, none nearly the same as another.

    Args:
        articles: The rows of each, in reading order; read one at a time.
        thresholds: Label -> score from which on the model gives it.
        n: Most questions.
        per_article: Most questions of one article.

    Raises:
        CorpusError: Rows have scores of other labels.
    """
    pool: list[tuple[float, int, Question]] = []
    n_articles = n_statements = 0
    for rows in articles:
        distances = [(_distance(row, thresholds), place) for place, row in enumerate(rows)]
        for distance, place in heapq.nsmallest(per_article, distances):
            # The number of the statement breaks ties: earlier rows win, whatever the order of the heap.
            entry = (-distance, -(n_statements + place), _question(rows, place))
            (heapq.heappush if len(pool) < n * _N_SPARE else heapq.heappushpop)(pool, entry)
        n_articles, n_statements = n_articles + 1, n_statements + len(rows)
    ranked = (question for _, _, question in sorted(pool, key=lambda entry: (-entry[0], -entry[1])))
    return Choice(tuple(_different(ranked, n)), n_articles, n_statements)


def _distance(row: ScoredStatement, thresholds: Mapping[str, float]) -> float:
    """How far the score nearest to its threshold is from it."""
    if row.scores.keys() != thresholds.keys():
        raise CorpusError(
            f"article {row.article_id!r} has scores of {', '.join(row.scores)}, the model gives {', '.join(thresholds)}; "
            f"name the model that labelled them ({row.model_id}) with --model"
        )
    return min(abs(row.scores[label] - threshold) for label, threshold in thresholds.items())


def _question(rows: Sequence[ScoredStatement], place: int) -> Question:
    own = rows[place]
    # By number, not by place: where only some statements were written, rows that follow one another need not be neighbours.
    before = [
        row
        for row in rows[max(0, place - N_CONTEXT_STATEMENTS) : place]
        if row.index >= own.index - N_CONTEXT_STATEMENTS
    ]
    after = [row for row in rows[place + 1 : place + 1 + N_AFTER] if row.index <= own.index + N_AFTER]
    texts = (_single_blanks(" ".join(row.text for row in some)) for some in (before, [own], after))
    return Question(own.article_id, own.index, *texts)


def _single_blanks(text: str) -> str:
    return " ".join(text.split())


def _different(questions: Iterable[Question], n: int) -> Iterator[Question]:
    """The first n of which none is nearly the same as one before it."""
    taken: list[str] = []
    for question in questions:
        words = normalise(question.text)
        if len(taken) < n and not process.extractOne(words, taken, scorer=fuzz.ratio, score_cutoff=MIN_RATIO_PERCENT):
            taken.append(words)
            yield question
