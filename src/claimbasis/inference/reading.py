"""Tokens of statements through the model: windows, batches, and threads that run them, as one stream of outputs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from claimbasis.inference.outputs import Outputs
from claimbasis.inference.rereading import find_unsure
from claimbasis.inference.runtime import Logits, Runtime
from claimbasis.model import ModelSettings
from claimbasis.tokens import StatementTokens
from claimbasis.windows import Window, batch_by_tokens, build_arrays, plan_windows, window_length

# Batches that are ready while others run: enough that no thread waits for tokens, and few enough that an article of
# 100,000 statements is never in memory as arrays.
BATCHES_AHEAD = 3

OnStatements = Callable[[int], None]
Key = TypeVar("Key")
PlanAgain = Callable[[Key, Outputs, Sequence[int]], Sequence[Window]]


def read_tokens(
    runtime: Runtime,
    settings: ModelSettings,
    articles: Iterable[tuple[Key, Sequence[StatementTokens]]],
    *,
    plan_again: PlanAgain[Key],
    tokens_per_batch: int,
    on_statements: OnStatements | None,
) -> Iterator[tuple[Key, Outputs]]:
    """Outputs for a stream of articles: while batches run, the next ones are made.

    Args:
        runtime: The model.
        settings: How it reads.
        articles: Tokens of an article's consecutive statements, and anything by which the caller knows the article.
        plan_again: Windows for those statements of an article that one pass has left unsure, given by their indices.
        tokens_per_batch: Most tokens of one forward pass, padding included.
        on_statements: Called with the number of statements done after each forward pass.

    Yields:
        Each article's key and what its reading comes to, in the order of the articles.
    """
    queue = _Queue(runtime, settings, articles, plan_again, tokens_per_batch)
    try:
        while queue.fill():
            n_done = queue.settle()
            if on_statements:  # also with 0: a time limit may hang on it
                on_statements(n_done)
            yield from queue.take_done()
    finally:
        queue.cancel()
    if queue.failure:
        raise queue.failure


@dataclass(eq=False, slots=True)
class _Article(Generic[Key]):
    """An article on its way through the model."""

    key: Key
    tokens: Sequence[StatementTokens]
    outputs: Outputs
    is_read: bool = False  # once, as a whole
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class _Batch(Generic[Key]):
    """Windows of one article that the model reads."""

    article: _Article[Key]
    windows: Sequence[Window]
    running: Future[list[Logits]]

    def settle(self) -> None:
        """Waits for the model, and keeps what it says."""
        for window, *said in zip(self.windows, *self.running.result(), strict=True):
            self.article.outputs.take(window, self.article.tokens, said)


class _Queue(Generic[Key]):
    """Batches that run or soon will; second passes go before articles that have not begun."""

    def __init__(
        self,
        runtime: Runtime,
        settings: ModelSettings,
        articles: Iterable[tuple[Key, Sequence[StatementTokens]]],
        plan_again: PlanAgain[Key],
        tokens_per_batch: int,
    ) -> None:
        self._runtime, self._settings, self._tokens_per_batch = runtime, settings, tokens_per_batch
        self._plan_again = plan_again
        # An article stands behind the batches of each of its passes.
        self._waiting: deque[_Batch[Key] | _Article[Key]] = deque()
        self._under_way: deque[_Article[Key]] = deque()
        self._first_passes = self._read_all(articles)
        self._second_passes: deque[Iterator[_Batch[Key] | _Article[Key]]] = deque()
        # Raised at the end: what stood before the article that cannot be read is not lost with it.
        self.failure: Exception | None = None

    def fill(self) -> bool:
        """Starts batches until enough are under way; false when there is nothing left to wait for."""
        while len(self._waiting) <= self._runtime.n_threads + BATCHES_AHEAD and (item := self._next()):
            self._waiting.append(item)
        return bool(self._waiting)

    def settle(self) -> int:
        """Waits for the first in the queue; the number of statements that are done with it."""
        first = self._waiting.popleft()
        if isinstance(first, _Article):
            self._end_pass(first)
            return 0
        first.settle()
        places = [index for w in first.windows if not w.before for index in range(w.predict_from, w.stop)]
        if first.article.is_read:
            return len(places)
        return len(places) - int(find_unsure(first.article.outputs.logits[places], self._settings).sum())

    def take_done(self) -> Iterator[tuple[Key, Outputs]]:
        """Articles that are done, in their order."""
        while self._under_way and self._under_way[0].is_done:
            article = self._under_way.popleft()
            yield article.key, article.outputs

    def cancel(self) -> None:
        """Leaves alone what has not begun."""
        for item in self._waiting:
            if isinstance(item, _Batch):
                item.running.cancel()

    def _end_pass(self, article: _Article[Key]) -> None:
        unsure = [] if article.is_read else np.flatnonzero(find_unsure(article.outputs.logits, self._settings)).tolist()
        article.is_read, article.is_done = True, not unsure
        if unsure:
            windows = self._plan_again(article.key, article.outputs, unsure)
            self._second_passes.append(self._start(article, windows))

    def _next(self) -> _Batch[Key] | _Article[Key] | None:
        while self._second_passes:
            if item := next(self._second_passes[0], None):
                return item
            self._second_passes.popleft()
        try:
            return next(self._first_passes, None)
        except Exception as error:  # noqa: BLE001  # `read_tokens` raises it
            self.failure = error
            return None

    def _read_all(
        self, articles: Iterable[tuple[Key, Sequence[StatementTokens]]]
    ) -> Iterator[_Batch[Key] | _Article[Key]]:
        settings = self._settings
        for key, tokens in articles:
            article = _Article(key, tokens, Outputs.empty(tokens, len(settings.labels)))
            self._under_way.append(article)
            windows = plan_windows(
                [len(t) for t in tokens],
                max_tokens=settings.max_tokens,
                overlap_tokens=settings.overlap_tokens,
                reading="alone" if settings.reading == "alone" else "windows",
            )
            yield from self._start(article, windows)

    def _start(self, article: _Article[Key], windows: Sequence[Window]) -> Iterator[_Batch[Key] | _Article[Key]]:
        settings, tokens = self._settings, article.tokens
        lengths = [len(t) for t in tokens]
        sizes = [window_length(lengths, window) for window in windows]
        for indices in batch_by_tokens(sizes, tokens_per_batch=self._tokens_per_batch):
            chosen = [windows[i] for i in indices]
            ids = [[tokens[index].ids for index in w.statements] for w in chosen]
            yield _Batch(
                article, chosen, self._runtime.submit(build_arrays(ids, settings.special, pooling=settings.pooling))
            )
        yield article
