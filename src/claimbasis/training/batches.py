"""Training data as windows that are cut anew in every epoch, in batches of equal size in tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.utils.data import Dataset, Sampler

from claimbasis.codebook import Codebook
from claimbasis.corpus.annotated import AnnotatedArticle
from claimbasis.training.encoder import NO_TARGET
from claimbasis.training.recipe import Recipe, Windows
from claimbasis.windows import (
    Pass,
    Pooling,
    SpecialTokens,
    Tokens,
    Window,
    build_arrays,
    plan_windows,
    truncate,
    window_length,
)


@dataclass(frozen=True, slots=True)
class EncodedArticle:
    """One article's statements as token ids, with targets; those in front of the annotated passage have none."""

    tokens: tuple[Tokens, ...]
    targets: torch.Tensor  # (statements, labels), NO_TARGET for context

    @property
    def lengths(self) -> list[int]:
        """Tokens of each statement."""
        return [len(tokens) for tokens in self.tokens]


def encode_articles(
    articles: Sequence[AnnotatedArticle], tokenizer: Tokenizer, codebook: Codebook, *, max_statement_tokens: int
) -> list[EncodedArticle]:
    """Token ids and targets of annotated articles."""
    encoded = []
    for item in articles:
        before = item.context()
        texts = [s.text for s in before] + [s.statement.text for s in item.statements]
        targets = [[NO_TARGET] * len(codebook.labels)] * len(before) + [
            list(codebook.targets(s.codes)) for s in item.statements
        ]
        encodings = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        tokens = tuple(truncate(encoding.ids, max_statement_tokens) for encoding in encodings)
        encoded.append(EncodedArticle(tokens, torch.tensor(targets)))
    return encoded


WindowKey = tuple[int, Window]  # index of the article, and the window in it


class WindowData(Dataset[WindowKey]):
    """Articles addressed by window."""

    def __init__(self, articles: Sequence[EncodedArticle], special: SpecialTokens, pooling: Pooling) -> None:
        self.articles = articles
        self._special = special
        self._pooling: Pooling = pooling

    def __len__(self) -> int:
        return len(self.articles)

    def __getitem__(self, key: WindowKey) -> WindowKey:
        return key

    def collate(self, keys: Sequence[WindowKey]) -> dict[str, torch.Tensor]:
        """Model inputs and targets (windows, statements, labels) of some windows."""
        windows = [self.articles[i].tokens[w.first : w.stop] for i, w in keys]
        arrays = build_arrays(windows, self._special, pooling=self._pooling)
        targets = torch.full((*arrays.pooling.shape[:2], self.articles[0].targets.shape[1]), NO_TARGET)
        for row, (i, w) in enumerate(keys):
            targets[row, w.predict_from - w.first : w.stop - w.first] = self.articles[i].targets[
                w.predict_from : w.stop
            ]
        return {
            "input_ids": torch.from_numpy(arrays.input_ids),
            "attention_mask": torch.from_numpy(arrays.attention_mask),
            "pooling": torch.from_numpy(arrays.pooling),
            "targets": targets,
        }


class EpochBatches(Sampler[list[WindowKey]]):
    """Batches of windows: other cuts and another order in each epoch, always the same number of batches.

    The number is fixed by the first epoch, so that learning-rate schedules and resumed runs can count on it; it is a
    multiple of `n_processes`. What an epoch holds depends on the seed and the epoch alone.
    """

    def __init__(self, articles: Sequence[EncodedArticle], recipe: Recipe, *, seed: int, n_processes: int = 1) -> None:
        self._articles = articles
        self._windows = recipe.windows
        self._seed = seed
        self._epoch = 0
        n_tokens = sum(lengths for _, lengths in self._cut())
        n_batches = max(1, round(n_tokens / recipe.optimisation.tokens_per_batch))
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
            for index, article in enumerate(self._articles)
            for window in _cut_article(article.lengths, self._windows, rng)
            if (article.targets[window.predict_from : window.stop] != NO_TARGET).any()
        ]


def _cut_article(lengths: Sequence[int], settings: Windows, rng: np.random.Generator) -> list[Window]:
    """Windows of random size for one article, or each statement alone; no statement is trained twice."""
    reading: Pass = "alone" if rng.random() < settings.alone_share else "windows"
    max_tokens = int(rng.integers(settings.max_tokens // 4, settings.max_tokens + 1))
    overlap = min(settings.overlap_tokens, max_tokens // 2)
    return plan_windows(
        lengths, max_tokens=max_tokens, overlap_tokens=int(rng.integers(0, overlap + 1)), reading=reading
    )


def count_positives(articles: Sequence[EncodedArticle]) -> tuple[torch.Tensor, torch.Tensor]:
    """Positive and negative targets of each label."""
    targets = torch.cat([article.targets for article in articles])
    return (targets == 1).sum(dim=0), (targets == 0).sum(dim=0)
