from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from claimbasis import Article, ArticlePrediction, Prediction, Statement
from claimbasis.codebook import Label, shipped_codebook
from claimbasis.types import Role, Span

LABELS = ("anonymous_sourced", "officially_attributed", "action_corroborated")


@pytest.fixture
def predict() -> Callable[..., ArticlePrediction]:
    """A prediction without a model: `scores` of each of the statements, which must stand in the text in this order."""

    def predict(
        text: str, statements: Sequence[tuple[str, Mapping[str, float] | tuple[float, ...]]], **article: Any
    ) -> ArticlePrediction:
        predictions, end, names = [], 0, LABELS
        for index, (words, given) in enumerate(statements):
            start = text.index(words, end)
            end = start + len(words)
            scores = dict(given) if isinstance(given, Mapping) else dict(zip(LABELS, given, strict=True))
            names = tuple(scores)
            labels = tuple(sorted((name for name in scores if scores[name] >= 0.5), key=lambda name: -scores[name]))
            predictions.append(Prediction(Statement(index, start, end, words), scores, labels))
        known = {label.name: label for label in shipped_codebook().labels}
        labels = tuple(known.get(name) or Label(name, str(number), name) for number, name in enumerate(names, 1))
        codebook = replace(shipped_codebook(), labels=labels)
        return ArticlePrediction(Article(text=text, **article), tuple(predictions), "tiny-1234", codebook)

    return predict


@pytest.fixture
def rest_on() -> Callable[..., ArticlePrediction]:
    """A prediction whose statements, by number from 0, rest on words of the article: the first of that wording."""

    def rest_on(
        prediction: ArticlePrediction,
        words: Mapping[int, Mapping[Role, str]],
        spans: Sequence[tuple[int, Role, str]] = (),
    ) -> ArticlePrediction:
        text = prediction.article.text

        def find(role: Role, wording: str) -> Span:
            start = text.index(wording)
            return Span(role, start, start + len(wording), wording)

        items = []
        for index, item in enumerate(prediction):
            grounds = {role: find(role, wording) for role, wording in words.get(index, {}).items()}
            inside = tuple(find(role, wording) for place, role, wording in spans if place == index)
            items.append(replace(item, spans=inside, **grounds))  # type: ignore[arg-type]
        return replace(prediction, predictions=tuple(items))

    return rest_on
