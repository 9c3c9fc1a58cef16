"""Articles of one request through the model, within the limits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from claimbasis.errors import InputError
from claimbasis.inference.runtime import Logits
from claimbasis.model import ModelSettings
from claimbasis.serve.limits import Limits
from claimbasis.serve.refusals import Refusal
from claimbasis.serve.worker import CheckTime
from claimbasis.text.statements import split_statements
from claimbasis.types import Article, ArticlePrediction, Prediction, Statement


class Model(Protocol):
    """What the service needs of a Classifier."""

    model_id: str

    @property
    def settings(self) -> ModelSettings:
        """Everything about the model but its weights."""

    def logits(self, texts: Sequence[str], *, on_statements: Callable[[int], None] | None = None) -> Logits:
        """Raw outputs for an article's statements."""

    def decide(self, statements: Sequence[Statement], logits: Logits) -> tuple[Prediction, ...]:
        """Predictions from raw outputs."""


def label_articles(
    model: Model, articles: Sequence[Article], limits: Limits, check_time: CheckTime
) -> list[ArticlePrediction]:
    """What `Classifier.predict` says of each article.

    The statements are cut here and not there, so that they are counted before the model begins.

    Raises:
        Refusal: The articles hold too many statements, or cannot be encoded.
        TimeoutError: The time limit is reached.
    """
    try:
        statements = _split(articles, limits, check_time)
        return [_label(model, article, found, check_time) for article, found in zip(articles, statements, strict=True)]
    except InputError as error:
        raise Refusal(
            422, "an article cannot be read", found=str(error), allowed="text", way_out="correct the text"
        ) from error


def _split(articles: Sequence[Article], limits: Limits, check_time: CheckTime) -> list[list[Statement]]:
    found, n_statements = [], 0
    for article in articles:
        check_time()
        found.append(list(split_statements(article.text)))
        n_statements += len(found[-1])
        if n_statements > limits.max_statements:
            raise Refusal(
                422,
                "the request holds too many statements",
                found=f"{n_statements:,} statements or more",
                allowed=f"at most {limits.max_statements:,} statements in all articles of a request",
                way_out="send the articles in several requests, or use `claimbasis label` for an archive",
            )
    return found


def _label(model: Model, article: Article, statements: list[Statement], check_time: CheckTime) -> ArticlePrediction:
    check_time()
    logits = model.logits([s.text for s in statements], on_statements=lambda _: check_time())
    return ArticlePrediction(article, model.decide(statements, logits), model.model_id)
