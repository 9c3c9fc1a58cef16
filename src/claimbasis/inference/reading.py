"""Tokens of statements through the model: windows, batches, and threads that run them, as one stream of outputs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from claimbasis.inference.runtime import Logits, Runtime
from claimbasis.model import ModelSettings
from claimbasis.tokens import N_TAGS, StatementTokens
from claimbasis.types import ROLES
from claimbasis.windows import (
    Pass,
    Window,
    batch_by_tokens,
    build_arrays,
    passes_of,
    plan_windows,
    statement_starts,
    window_length,
)

# Batches that are ready while others run: enough that no thread waits for tokens, and few enough that an article of
# 100,000 statements is never in memory as arrays.
BATCHES_AHEAD = 3

OnStatements = Callable[[int], None]
Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the network says about the n statements of an article."""

    logits: Logits  # (n, labels)
    tags: list[Logits]  # for each statement (words, roles, tags); nothing but OUTSIDE where the model has no tags

    @classmethod
    def empty(cls, tokens: Sequence[StatementTokens], n_labels: int) -> Outputs:
        """Zeros, to which each pass adds its share."""
        return cls(
            np.zeros((len(tokens), n_labels), np.float32),
            [np.zeros((len(t.first), len(ROLES), N_TAGS), np.float32) for t in tokens],
        )


@dataclass(frozen=True, slots=True)
class _Batch:
    """Windows of one article and one pass on their way through the model."""

    windows: Sequence[Window]
    tokens: Sequence[StatementTokens]  # of the whole article
    outputs: Outputs  # of the whole article
    share: float  # of this pass in the outputs
    is_last_pass: bool
    running: Future[list[Logits]]

    def settle(self) -> int:
        """Waits for the model, and adds what it says.

        Returns:
            How many statements are done with this.
        """
        logits, *tags = self.running.result()
        for row, window in enumerate(self.windows):
            kept = logits[row, window.predict_from - window.first : window.stop - window.first]
            self.outputs.logits[window.predict_from : window.stop] += kept * self.share
            if tags:
                self._add_tags(tags[0][row], window)
        return sum(w.stop - w.predict_from for w in self.windows) if self.is_last_pass else 0

    def _add_tags(self, tags: Logits, window: Window) -> None:
        """Adds tags, shape (tokens, roles, tags), of the statements that the window is for."""
        starts = statement_starts([len(t) for t in self.tokens[window.first : window.stop]])
        for index in range(window.predict_from, window.stop):
            places = starts[index - window.first] + self.tokens[index].first
            self.outputs.tags[index] += tags[places] * self.share


def read_tokens(
    runtime: Runtime,
    settings: ModelSettings,
    articles: Iterable[tuple[Key, Sequence[StatementTokens]]],
    *,
    tokens_per_batch: int,
    on_statements: OnStatements | None,
) -> Iterator[tuple[Key, Outputs]]:
    """Outputs for a stream of articles: while batches run, the next ones are made.

    Args:
        runtime: The model.
        settings: How it reads.
        articles: Tokens of an article's consecutive statements, and anything by which the caller knows the article.
        tokens_per_batch: Most tokens of one forward pass, padding included.
        on_statements: Called with the number of statements done after each forward pass.

    Yields:
        Each article's key and the mean of all passes that the reading asks for, in the order of the articles.
    """
    waiting: deque[_Batch | tuple[Key, Outputs]] = deque()  # an article stands behind its batches

    def settle(n_left: int) -> Iterator[tuple[Key, Outputs]]:
        while len(waiting) > n_left:
            first = waiting.popleft()
            if not isinstance(first, _Batch):
                yield first
            else:
                n_done = first.settle()
                if on_statements:  # also with 0, in the first of two passes: a time limit may hang on it
                    on_statements(n_done)

    source = iter(articles)
    try:
        while True:
            try:
                key, tokens = next(source)
            except StopIteration:
                break
            except Exception:
                yield from settle(0)  # what stood before the article that cannot be read is not lost with it
                raise
            outputs = Outputs.empty(tokens, len(settings.labels))
            for batch in _start_batches(runtime, settings, tokens, outputs, tokens_per_batch):
                waiting.append(batch)
                yield from settle(runtime.n_threads + BATCHES_AHEAD)
            waiting.append((key, outputs))
        yield from settle(0)
    finally:
        for item in waiting:
            if isinstance(item, _Batch):
                item.running.cancel()


def _start_batches(
    runtime: Runtime,
    settings: ModelSettings,
    tokens: Sequence[StatementTokens],
    outputs: Outputs,
    tokens_per_batch: int,
) -> Iterator[_Batch]:
    lengths = [len(t) for t in tokens]
    passes = passes_of(settings.reading)
    for reading in passes:
        windows = _plan(settings, lengths, reading)
        sizes = [window_length(lengths, window) for window in windows]
        for indices in batch_by_tokens(sizes, tokens_per_batch=tokens_per_batch):
            chosen = [windows[i] for i in indices]
            ids = [[t.ids for t in tokens[w.first : w.stop]] for w in chosen]
            running = runtime.submit(build_arrays(ids, settings.special, pooling=settings.pooling))
            yield _Batch(chosen, tokens, outputs, 1 / len(passes), reading == passes[-1], running)


def _plan(settings: ModelSettings, lengths: Sequence[int], reading: Pass) -> list[Window]:
    return plan_windows(
        lengths, max_tokens=settings.max_tokens, overlap_tokens=settings.overlap_tokens, reading=reading
    )
