"""Packs consecutive statements into windows of tokens, and their tokens into arrays: the one place both legs share.

A window reads `[CLS] s1 [SEP] s2 [SEP] …` in one forward pass (sequential sentence classification, Cohan et al. 2019).
The vector of a statement is a weighted mean over its tokens and the separator behind it; the weights are an input of
the model, so that training and every runtime pool alike.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Pass = Literal["windows", "alone"]  # statements with those around them, or each for itself
# One pass; the mean of both passes' logits; or windows, those statements "again" of which they are not sure, and one source's drawn together.
Reading = Literal["windows", "alone", "both", "again"]
Pooling = Literal["separator", "mean", "both"]
Tokens = Sequence[int]


@dataclass(frozen=True, slots=True)
class Window:
    """Statements `first` to `stop` (exclusive) read together; those before `predict_from` are context only."""

    first: int
    stop: int
    predict_from: int
    before: tuple[int, ...] = ()  # statements from further up, put in front as more context

    @property
    def statements(self) -> tuple[int, ...]:
        """All that are read, in their order."""
        return (*self.before, *range(self.first, self.stop))

    @property
    def n_context(self) -> int:
        """How many of them, at the beginning, are context only."""
        return len(self.before) + self.predict_from - self.first


@dataclass(frozen=True, slots=True)
class SpecialTokens:
    """Ids that the encoder's tokenizer puts around and between statements."""

    start: int
    separator: int
    padding: int


@dataclass(frozen=True, slots=True)
class WindowArrays:
    """Model inputs of one batch: b windows, t tokens, s statements a window, all padded to the longest."""

    input_ids: npt.NDArray[np.int64]  # (b, t)
    attention_mask: npt.NDArray[np.int64]  # (b, t), 1 on tokens
    pooling: npt.NDArray[np.float32]  # (b, s, t), rows sum to 1, or to 0 where there is no statement


def truncate(tokens: Tokens, max_tokens: int) -> Tokens:
    """A statement's tokens without the middle of what is too long: who said it stands at either end."""
    if len(tokens) <= max_tokens:
        return tokens
    tail = max_tokens // 3
    return [*tokens[: max_tokens - tail], *tokens[len(tokens) - tail :]]


def passes_of(reading: Reading) -> tuple[Pass, ...]:
    """The passes by whose mean a training judges what the reading will come to."""
    return (reading,) if reading in ("windows", "alone") else ("windows", "alone")


def plan_windows(lengths: Sequence[int], *, max_tokens: int, overlap_tokens: int, reading: Pass) -> list[Window]:
    """Windows that together predict each statement exactly once.

    A statement is predicted in the first window that holds it, which is where most text stands before it.

    Args:
        lengths: Tokens of each statement, without separators.
        max_tokens: Most tokens of a window, special ones included. A longer statement gets a window of its own.
        overlap_tokens: About how many tokens of context the windows after the first begin with.
        reading: "alone" makes every statement a window.

    Returns:
        Windows in reading order; none for no statements.
    """
    if reading == "alone":
        return [Window(index, index + 1, index) for index in range(len(lengths))]
    windows: list[Window] = []
    todo = 0
    while todo < len(lengths):
        first = _context_start(lengths, todo, overlap_tokens)
        stop = _fill(lengths, first, max_tokens)
        if stop <= todo:  # the context left no room for the statement itself
            first, stop = todo, max(todo + 1, _fill(lengths, todo, max_tokens))
        windows.append(Window(first, stop, todo))
        todo = stop
    return windows


def _context_start(lengths: Sequence[int], todo: int, overlap_tokens: int) -> int:
    first, used = todo, 0
    while first > 0 and used + lengths[first - 1] + 1 <= overlap_tokens:
        first -= 1
        used += lengths[first] + 1
    return first


def _fill(lengths: Sequence[int], first: int, max_tokens: int) -> int:
    stop, used = first, 1
    while stop < len(lengths) and used + lengths[stop] + 1 <= max_tokens:
        used += lengths[stop] + 1
        stop += 1
    return stop


def window_length(lengths: Sequence[int], window: Window) -> int:
    """Tokens of a window, special ones included."""
    return 1 + sum(lengths[index] + 1 for index in window.statements)


def statement_starts(lengths: Sequence[int]) -> list[int]:
    """Where each statement of a window begins in the window's tokens.

    Args:
        lengths: Tokens of the window's statements, without special ones.
    """
    return [1 + before for before in itertools.accumulate((length + 1 for length in lengths), initial=0)][:-1]


def batch_by_tokens(lengths: Sequence[int], *, tokens_per_batch: int) -> Iterator[list[int]]:
    """Groups of similar length whose padded size stays under a budget.

    Args:
        lengths: Tokens of each window.
        tokens_per_batch: Most tokens of a padded batch; a longer window is a batch of its own.

    Yields:
        Indices into `lengths`, shortest windows first.
    """
    batch: list[int] = []
    for index in np.argsort(lengths, kind="stable").tolist():
        if batch and (len(batch) + 1) * lengths[index] > tokens_per_batch:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def build_arrays(windows: Sequence[Sequence[Tokens]], special: SpecialTokens, *, pooling: Pooling) -> WindowArrays:
    """Model inputs for windows, each given as the tokens of its statements.

    Args:
        windows: For each window the token ids of its statements, without special tokens.
        special: Ids of the special tokens.
        pooling: Where a statement's vector comes from: its separator, the mean of its tokens, or half of each.
    """
    n_tokens = max(1 + sum(len(tokens) + 1 for tokens in window) for window in windows)
    shape = (len(windows), n_tokens)
    input_ids = np.full(shape, special.padding, np.int64)
    attention_mask = np.zeros(shape, np.int64)
    weights = np.zeros((len(windows), max(map(len, windows)), n_tokens), np.float32)
    for row, window in enumerate(windows):
        input_ids[row, 0] = special.start
        position = 1
        for index, tokens in enumerate(window):
            end = position + len(tokens)
            input_ids[row, position:end] = tokens
            input_ids[row, end] = special.separator
            _weigh(weights[row, index], position, end, pooling)
            position = end + 1
        attention_mask[row, :position] = 1
    return WindowArrays(input_ids, attention_mask, weights)


def _weigh(row: npt.NDArray[np.float32], start: int, end: int, pooling: Pooling) -> None:
    separator_share = {"separator": 1.0, "mean": 0.0, "both": 0.5}[pooling] if end > start else 1.0
    if separator_share < 1:
        row[start:end] = (1 - separator_share) / (end - start)
    row[end] = separator_share
