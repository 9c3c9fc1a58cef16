"""Which statements of an article to show."""

from __future__ import annotations

from dataclasses import dataclass, replace

from claimbasis.types import ArticlePrediction, Prediction


@dataclass(frozen=True, slots=True)
class Selection:
    """What a statement must have to be shown; by default nothing."""

    only: tuple[str, ...] = ()  # it carries one of these labels; any statement will do when empty
    min_score: float = 0.0  # one of its scores, or of those labels' scores, reaches this, in [0, 1]

    def select(self, prediction: ArticlePrediction) -> ArticlePrediction:
        """The prediction with those statements alone; their numbers stay."""
        return replace(prediction, predictions=tuple(item for item in prediction if self._fits(item)))

    def _fits(self, item: Prediction) -> bool:
        asked = set(self.only).intersection(item.labels) if self.only else item.scores
        return any(item.scores[label] >= self.min_score for label in asked)
