"""The shapes that travel through the package: article, statement, prediction."""

from __future__ import annotations

import importlib
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

from claimbasis.codebook import Codebook

Role = Literal["source", "cue", "relay"]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True, slots=True)
class Article:
    """One published text. All offsets anywhere are characters of `text`, which is never changed."""

    text: str
    id: str = ""
    title: str = ""
    outlet: str = ""
    date: str = ""  # ISO 8601 where known
    url: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence of an article: `article.text[start:end] == text`."""

    index: int  # position among the article's statements, from 0
    start: int  # characters, from 0
    end: int  # exclusive
    text: str


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the article that says who a statement comes from: `article.text[start:end] == text`."""

    role: Role  # the source, the words by which it says so, or who passes on what another source said
    start: int  # characters, from 0
    end: int  # exclusive
    text: str


@dataclass(frozen=True, slots=True)
class Prediction:
    """What one statement rests on, according to the model."""

    statement: Statement
    scores: dict[str, float]  # label -> calibrated probability in [0, 1], independent of one another, codebook order
    labels: tuple[str, ...]  # those whose score reaches the model's threshold, best first
    spans: tuple[Span, ...] = ()  # all that stand in the statement itself, in reading order
    source: Span | None = None  # of the statement as a whole; it alone may stand in an earlier one
    cue: Span | None = None
    relay: Span | None = None

    @property
    def grounds(self) -> tuple[Span, ...]:
        """Source, cue and relay, as far as the model gives them."""
        return tuple(span for span in (self.source, self.cue, self.relay) if span)

    @property
    def label(self) -> str | None:
        """The best label above its threshold, None when the statement rests on none of them."""
        return self.labels[0] if self.labels else None


@dataclass(frozen=True, slots=True)
class ArticlePrediction:
    """The predictions of one article, in reading order, the model that made them, and what its labels mean."""

    article: Article
    predictions: tuple[Prediction, ...]
    model_id: str
    codebook: Codebook  # the model's own

    def __len__(self) -> int:
        return len(self.predictions)

    def __iter__(self) -> Iterator[Prediction]:
        return iter(self.predictions)

    def __getitem__(self, index: int) -> Prediction:
        return self.predictions[index]

    @property
    def label_counts(self) -> dict[str | None, int]:
        """How many statements carry each label; None counts those without any."""
        return Counter(itertools.chain.from_iterable(p.labels or (None,) for p in self.predictions))

    def to_dict(self) -> dict[str, Any]:
        """The article with its rows, ready for JSON."""
        return {
            "article_id": self.article.id,
            "title": self.article.title,
            "model_id": self.model_id,
            "statements": self.to_rows(),
        }

    def to_frame(self) -> Any:  # noqa: ANN401  # a pandas.DataFrame, which need not be installed
        """A pandas data frame: one row a statement, the scores in a column a label (`score_…`).

        Raises:
            ModuleNotFoundError: pandas is missing; `pip install 'claimbasis[frame]'` brings it.
        """
        # Imported by name when asked for: labelling neither needs pandas nor waits for it.
        pandas = importlib.import_module("pandas")
        rows = self.to_rows()
        scores = [{f"score_{label}": score for label, score in row.pop("scores").items()} for row in rows]
        return pandas.DataFrame([row | row_scores for row, row_scores in zip(rows, scores, strict=True)])

    def to_html(self) -> str:
        """A page for analysts, in one file that needs no other; `claimbasis report` makes one of several articles."""
        return str(_page().render_page([self]))

    def _repr_html_(self) -> str:
        """What a notebook shows: the marked text, without a script."""
        return str(_page().render_fragment(self))

    def to_rows(self) -> list[dict[str, Any]]:
        """One dict a statement: the contract that the command line's JSONL follows too."""
        return [
            {
                "article_id": self.article.id,
                "index": p.statement.index,
                "start": p.statement.start,
                "end": p.statement.end,
                "text": p.statement.text,
                "label": p.label,
                "labels": list(p.labels),
                "scores": {label: round(score, 4) for label, score in p.scores.items()},
                **_span_columns(p),
                "model_id": self.model_id,
            }
            for p in self.predictions
        ]


def _span_columns(item: Prediction) -> dict[str, str | int | None]:
    """The words and offsets of source, cue and relay; all None where the model gives none."""
    columns: dict[str, str | int | None] = {}
    for role, span in zip(ROLES, (item.source, item.cue, item.relay), strict=True):
        columns[role] = span.text if span else None
        columns[f"{role}_start"] = span.start if span else None
        columns[f"{role}_end"] = span.end if span else None
    return columns


def _page() -> Any:  # noqa: ANN401  # a module
    # Imported by name when asked for: types lie below everything, and who only labels need not wait for templates.
    return importlib.import_module("claimbasis.report.page")
