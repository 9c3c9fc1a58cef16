"""Which statements are read once more, and with what: those that introduce whom they rest on."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from claimbasis.inference.introductions import find_first_mentions, words_of
from claimbasis.inference.outputs import log_odds
from claimbasis.model import ModelSettings
from claimbasis.types import Prediction, Statement
from claimbasis.windows import Window

# The reading "again" reads a statement a second time where a label's score is nearer to its threshold than this, in log-odds: on dev 27 % of
# the statements. If all were read alone as well, 0.2 % would get other labels (experiments/README.md).
SURE_LOG_ODDS = 1.5


def find_unsure(logits: npt.NDArray[np.floating], settings: ModelSettings) -> npt.NDArray[np.bool_]:
    """Which statements are to be read a second time after the first pass: all for "both", the doubtful ones for "again".

    Args:
        logits: Raw, shape (n, labels).
        settings: Of the model.

    Returns:
        Shape (n,).
    """
    if settings.reading != "again":
        return np.full(len(logits), settings.reading == "both")
    thresholds = np.clip(settings.thresholds, 1e-9, 1 - 1e-9)
    distances = np.abs(log_odds(logits, settings) - np.log(thresholds / (1 - thresholds)))
    return np.asarray((distances < SURE_LOG_ODDS).any(axis=1))


def plan_second_pass(
    indices: Iterable[int], statements: Sequence[Statement], predictions: Sequence[Prediction]
) -> list[Window]:
    """Windows for some statements of an article: each alone, and behind those that tell whose word it is, however far up.

    They are the statement in which the source stands that the first pass gave it ("he" is somebody), and the first one that has
    the source's name ("Tim Rock, spokesman for the agency, said …" before "… Rock said").

    Args:
        indices: Of the statements to read again.
        statements: All of the article.
        predictions: What the first pass says of them, sources included.
    """
    mentions, starts = find_first_mentions([s.text for s in statements]), [s.start for s in statements]
    windows = []
    for index in indices:
        before: set[int] = set()
        if source := predictions[index].source:
            place = bisect_right(starts, source.start) - 1
            known = [mentions[place][word] for word in words_of(source.text) if word in mentions[place]]
            before = {place, *known[-1:]} - {index}
        windows.append(Window(index, index + 1, index))
        if before:
            windows.append(Window(index, index + 1, index, tuple(sorted(before))))
    return windows
