from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from claimbasis import Article, ArticlePrediction, Prediction, Statement

LABELS = ("anonymous_sourced", "officially_attributed", "action_corroborated")


@pytest.fixture
def predict() -> Callable[..., ArticlePrediction]:
    """A prediction without a model: `scores` of each of the statements, which must stand in the text in this order."""

    def predict(
        text: str, statements: Sequence[tuple[str, Mapping[str, float] | tuple[float, ...]]], **article: Any
    ) -> ArticlePrediction:
        predictions, end = [], 0
        for index, (words, given) in enumerate(statements):
            start = text.index(words, end)
            end = start + len(words)
            scores = dict(given) if isinstance(given, Mapping) else dict(zip(LABELS, given, strict=True))
            labels = tuple(sorted((name for name in scores if scores[name] >= 0.5), key=lambda name: -scores[name]))
            predictions.append(Prediction(Statement(index, start, end, words), scores, labels))
        return ArticlePrediction(Article(text=text, **article), tuple(predictions), "tiny-1234")

    return predict
