"""What the network says about an article's statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from claimbasis.inference.runtime import Logits
from claimbasis.model import ModelSettings
from claimbasis.tokens import N_TAGS, StatementTokens
from claimbasis.types import ROLES
from claimbasis.windows import Window, statement_starts


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the network says about the n statements of an article."""

    logits: Logits  # (n, labels)
    tags: list[Logits]  # for each statement (words, roles, tags); nothing but OUTSIDE where the model has no tags
    n_readings: npt.NDArray[np.int64]  # (n,), whose mean the others are

    @classmethod
    def empty(cls, tokens: Sequence[StatementTokens], n_labels: int) -> Outputs:
        """Zeros, before the first reading."""
        return cls(
            np.zeros((len(tokens), n_labels), np.float32),
            [np.zeros((len(t.first), len(ROLES), N_TAGS), np.float32) for t in tokens],
            np.zeros(len(tokens), np.int64),
        )

    def take(self, window: Window, tokens: Sequence[StatementTokens], said: Sequence[Logits]) -> None:
        """Takes one more reading of the statements that a window is for into the mean.

        Args:
            window: Of the article.
            tokens: Of all the article's statements.
            said: Of the window: logits (statements, labels), and tags (tokens, roles, tags) if the model has any.
        """
        logits, *tags = said
        starts = statement_starts([len(tokens[index]) for index in window.statements])
        for place, index in [*enumerate(window.statements)][window.n_context :]:
            self.n_readings[index] += 1
            share = np.float32(1 / self.n_readings[index])
            self.logits[index] += (logits[place] - self.logits[index]) * share
            if tags:
                self.tags[index] += (tags[0][starts[place] + tokens[index].first] - self.tags[index]) * share


def log_odds(logits: npt.NDArray[np.floating], settings: ModelSettings) -> npt.NDArray[np.float64]:
    """Calibrated log-odds from raw logits, both of shape (n, labels)."""
    return np.asarray(logits.astype(np.float64) / np.asarray(settings.temperatures) + np.asarray(settings.offsets))
