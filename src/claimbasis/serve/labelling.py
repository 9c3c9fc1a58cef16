"""Articles of one request through the model, within the limits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from claimbasis.errors import InputError
from claimbasis.model import ModelSettings
from claimbasis.serve.limits import Limits
from claimbasis.serve.refusals import Refusal
from claimbasis.serve.worker import CheckTime
from claimbasis.text.statements import split_statements
from claimbasis.types import Article, ArticlePrediction, Statement


class Model(Protocol):
    """What the service needs of a Classifier."""

    model_id: str

    @property
    def settings(self) -> ModelSettings:
        """Everything about the model but its weights."""

    def predict_statements(
        self,
        article: Article,
        statements: Sequence[Statement],
        *,
        on_statements: Callable[[int], None] | None = None,
    ) -> ArticlePrediction:
        """Predictions for an article that is already cut into statements."""


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
    return model.predict_statements(article, statements, on_statements=lambda _: check_time())
