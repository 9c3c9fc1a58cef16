"""Training data as windows that are cut anew in every epoch, in batches of equal size in tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch.utils.data import Dataset, Sampler

from claimbasis.tokens import NO_TAG
from claimbasis.training.encoder import NO_TARGET
from claimbasis.training.exchange import WordExchange
from claimbasis.training.lessons import EncodedArticle
from claimbasis.training.recipe import Windows
from claimbasis.types import ROLES
from claimbasis.windows import (
    Pass,
    Pooling,
    SpecialTokens,
    Window,
    build_arrays,
    plan_windows,
    statement_starts,
    window_length,
)

WindowKey = tuple[int, Window]  # index of the article, and the window in it


class WindowData(Dataset[WindowKey]):
    """Articles addressed by window."""

    def __init__(
        self,
        articles: Sequence[EncodedArticle],
        special: SpecialTokens,
        pooling: Pooling,
        exchange: WordExchange | None = None,
    ) -> None:
        self.articles = articles
        self._exchange = exchange
        self._special = special
        self._pooling: Pooling = pooling

    def __len__(self) -> int:
        return len(self.articles)

    def __getitem__(self, key: WindowKey) -> WindowKey:
        return key

    def collate(self, keys: Sequence[WindowKey]) -> dict[str, torch.Tensor]:
        """Model inputs, targets (windows, statements, labels) and tags (windows, tokens, roles) of some windows."""
        windows: list[Sequence[Sequence[int]]] = [
            [self.articles[i].tokens[index].ids for index in w.statements] for i, w in keys
        ]
        if self._exchange:
            windows = [self._exchange(window) for window in windows]
        arrays = build_arrays(windows, self._special, pooling=self._pooling)
        targets = torch.full((*arrays.pooling.shape[:2], self.articles[0].targets.shape[1]), NO_TARGET)
        for row, (i, w) in enumerate(keys):
            targets[row, w.n_context : len(w.statements)] = self.articles[i].targets[w.predict_from : w.stop]
        return {
            "input_ids": torch.from_numpy(arrays.input_ids),
            "attention_mask": torch.from_numpy(arrays.attention_mask),
            "pooling": torch.from_numpy(arrays.pooling),
            "targets": targets,
            "tags": self._place_tags(keys, arrays.input_ids.shape[1]),
        }

    def _place_tags(self, keys: Sequence[WindowKey], n_tokens: int) -> torch.Tensor:
        placed = torch.full((len(keys), n_tokens, len(ROLES)), NO_TAG)
        for row, (i, w) in enumerate(keys):
            article = self.articles[i]
            starts = statement_starts([article.lengths[index] for index in w.statements])[w.n_context :]
            for start, tags in zip(starts, article.tags[w.predict_from : w.stop], strict=True):
                placed[row, start : start + len(tags)] = tags
        return placed


class EpochBatches(Sampler[list[WindowKey]]):
    """Batches of windows: other cuts and another order in each epoch, always the same number of batches.

    The number is fixed by the first epoch, so that learning-rate schedules and resumed runs can count on it; it is a
    multiple of `n_processes`. What an epoch holds depends on the seed and the epoch alone.
    """

    def __init__(
        self,
        always: Sequence[EncodedArticle],
        in_turn: Sequence[tuple[Sequence[EncodedArticle], float]],
        windows: Windows,
        *,
        tokens_per_batch: int,
        seed: int,
        n_processes: int = 1,
    ) -> None:
        """Batches of the articles of an epoch.

        Args:
            always: Articles that every epoch reads.
            in_turn: Groups of articles, and which share of a group an epoch reads, chosen anew each time.
            windows: How they are cut.
            tokens_per_batch: Tokens of a batch, about.
            seed: The only source of chance.
            n_processes: That share the batches.
        """
        # Numbered through, as `WindowData` must hold them: all of `always`, then one group after the other.
        self._articles = [*always, *(article for group, _ in in_turn for article in group)]
        self._n_always = len(always)
        self._group_sizes = [(len(group), share) for group, share in in_turn]
        self._windows = windows
        self._seed = seed
        self._epoch = 0
        n_tokens = sum(lengths for _, lengths in self._cut())
        n_batches = max(1, round(n_tokens / tokens_per_batch))
        self._n_batches = -(-n_batches // n_processes) * n_processes

    def set_epoch(self, epoch: int) -> None:
        """Called by the training loop before each epoch."""
        self._epoch = epoch

    def __len__(self) -> int:
        return self._n_batches

    def __iter__(self) -> Iterator[list[WindowKey]]:
        rng = np.random.default_rng((self._seed, self._epoch, 1))
        keyed = self._cut()
        # Windows of about the same length share a batch; the noise keeps the same ones from always meeting.
        order = np.argsort([length * rng.uniform(0.9, 1.1) for _, length in keyed])
        edges = np.cumsum([keyed[i][1] for i in order])
        groups = np.minimum(edges * self._n_batches // (edges[-1] + 1), self._n_batches - 1)
        batches = [[keyed[i][0] for i in order[groups == g]] for g in range(self._n_batches)]
        # A very long window can leave a group without any: it repeats its neighbour's, to keep the count.
        filled = [batch or batches[g - 1] or [keyed[order[0]][0]] for g, batch in enumerate(batches)]
        yield from (filled[g] for g in rng.permutation(self._n_batches))

    def _cut(self) -> list[tuple[WindowKey, int]]:
        """All windows of this epoch, each with its length in tokens."""
        rng = np.random.default_rng((self._seed, self._epoch, 0))
        return [
            ((index, window), window_length(article.lengths, window))
            for index, article in self._choose()
            for window in _cut_article(article.lengths, self._windows, rng)
            if article.teaches(window)
        ]

    def _choose(self) -> list[tuple[int, EncodedArticle]]:
        rng = np.random.default_rng((self._seed, self._epoch, 2))
        chosen, first = [*range(self._n_always)], self._n_always
        for size, share in self._group_sizes:
            chosen += sorted((first + rng.permutation(size)[: round(share * size)]).tolist())
            first += size
        return [(index, self._articles[index]) for index in chosen]


def _cut_article(lengths: Sequence[int], settings: Windows, rng: np.random.Generator) -> list[Window]:
    """Windows of random size for one article, or each statement alone; no statement is trained twice."""
    reading: Pass = "alone" if rng.random() < settings.alone_share else "windows"
    longest = settings.train_tokens or settings.max_tokens
    max_tokens = int(rng.integers(longest // 4, longest + 1))
    overlap = min(settings.overlap_tokens, max_tokens // 2)
    return plan_windows(
        lengths, max_tokens=max_tokens, overlap_tokens=int(rng.integers(0, overlap + 1)), reading=reading
    )
