"""The classifier: articles in, predictions out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from claimbasis.errors import ModelError
from claimbasis.inference.runtime import Logits, Runtime
from claimbasis.model import TOKENIZER_FILE, ModelSettings, Precision, read_settings, shipped_model, weights_file
from claimbasis.text.statements import split_statements
from claimbasis.types import Article, ArticlePrediction, Prediction, Statement
from claimbasis.windows import Reading, Tokens, batch_by_tokens, build_arrays, plan_windows, truncate, window_length

# Articles are read ahead until they hold this many statements, so that windows of equal length can share a batch.
# About 30 batches: enough to fill them well, little enough to answer soon.
_STATEMENTS_AHEAD = 512
# Statements a second on two cores with int8, 30 real articles, best of two: 477 with 256 tokens, 517 with 512, 507 with
# 1,024, 448 with 2,048.
DEFAULT_TOKENS_PER_BATCH = 512

OnStatements = Callable[[int], None]


class Classifier:
    """Says for each statement of an article what it rests on."""

    def __init__(self, settings: ModelSettings, precision: Precision, tokenizer: Tokenizer, runtime: Runtime) -> None:
        self.settings = settings
        self.model_id = settings.model_id(precision)
        self._tokenizer = tokenizer
        self._runtime = runtime

    @classmethod
    def load(
        cls,
        folder: str | Path | None = None,
        *,
        precision: Precision | None = None,
        reading: Reading | None = None,
        n_threads: int | None = None,
    ) -> Classifier:
        """A model from disk.

        Args:
            folder: A model folder; the shipped model when None.
            precision: Which weights; int8 where the folder has them, else fp32, when None.
            reading: Statements in "windows" with those around them, or "alone"; the model's own choice when None.
            n_threads: Threads of one forward pass; all cores this process may use when None.

        Raises:
            ModelError: The folder is missing, damaged, or has no such precision.
        """
        path = Path(folder) if folder is not None else shipped_model()
        settings = read_settings(path)
        precision = _choose_precision(settings, precision, path)
        if reading is not None:
            settings = replace(settings, reading=reading)
        tokenizer = Tokenizer.from_file(str(path / TOKENIZER_FILE))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return cls(settings, precision, tokenizer, Runtime(path / weights_file(precision), n_threads=n_threads))

    def predict(self, article: Article | str) -> ArticlePrediction:
        """What each statement of one article rests on.

        Args:
            article: The article, or just its text.

        Raises:
            InputError: The text cannot be encoded.
        """
        if isinstance(article, str):
            article = Article(text=article)
        return next(self.predict_many([article]))

    def predict_many(
        self,
        articles: Iterable[Article],
        *,
        tokens_per_batch: int = DEFAULT_TOKENS_PER_BATCH,
        on_statements: OnStatements | None = None,
    ) -> Iterator[ArticlePrediction]:
        """Predictions for a stream of articles, in their order; memory does not grow with their number.

        Args:
            articles: Read as far ahead as batches need, never to the end at once.
            tokens_per_batch: Most tokens of one forward pass, padding included.
            on_statements: Called with the number of statements done after each forward pass.

        Raises:
            InputError: A text cannot be encoded.
        """
        group: list[tuple[Article, list[Statement]]] = []
        n_ahead = 0
        for article in articles:
            group.append((article, split_statements(article.text)))
            n_ahead += len(group[-1][1])
            if n_ahead >= _STATEMENTS_AHEAD:
                yield from self._predict_group(group, tokens_per_batch, on_statements)
                group, n_ahead = [], 0
        yield from self._predict_group(group, tokens_per_batch, on_statements)

    def _predict_group(
        self, group: list[tuple[Article, list[Statement]]], tokens_per_batch: int, on_statements: OnStatements | None
    ) -> Iterator[ArticlePrediction]:
        texts = [[s.text for s in statements] for _, statements in group]
        all_logits = self.logits(texts, tokens_per_batch=tokens_per_batch, on_statements=on_statements)
        for (article, statements), logits in zip(group, all_logits, strict=True):
            yield ArticlePrediction(article, self.decide(statements, logits), self.model_id)

    def logits(
        self,
        articles: Sequence[Sequence[str]],
        *,
        tokens_per_batch: int = DEFAULT_TOKENS_PER_BATCH,
        on_statements: OnStatements | None = None,
    ) -> list[Logits]:
        """Raw outputs for articles that are already cut into statements.

        Args:
            articles: For each article the texts of its consecutive statements.
            tokens_per_batch: Most tokens of one forward pass, padding included.
            on_statements: Called with the number of statements done after each forward pass.

        Returns:
            For each article an array of shape (statements, labels).
        """
        settings = self.settings
        tokens = [self._tokenize(texts) for texts in articles]
        planned = [
            (index, window, window_length(lengths, window))
            for index, lengths in enumerate([[len(t) for t in article] for article in tokens])
            for window in plan_windows(
                lengths,
                max_tokens=settings.max_tokens,
                overlap_tokens=settings.overlap_tokens,
                reading=settings.reading,
            )
        ]
        logits = [np.zeros((len(article), len(settings.labels)), np.float32) for article in tokens]
        for batch in batch_by_tokens([length for _, _, length in planned], tokens_per_batch=tokens_per_batch):
            chosen = [planned[i] for i in batch]
            output = self._runtime.run(
                build_arrays(
                    [tokens[i][w.first : w.stop] for i, w, _ in chosen], settings.special, pooling=settings.pooling
                )
            )
            for row, (i, w, _) in enumerate(chosen):
                logits[i][w.predict_from : w.stop] = output[row, w.predict_from - w.first : w.stop - w.first]
            if on_statements:
                on_statements(sum(w.stop - w.predict_from for _, w, _ in chosen))
        return logits

    def scores(self, logits: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """Calibrated scores in [0, 1] from logits of shape (n, labels)."""
        scaled = logits.astype(np.float64) / np.asarray(self.settings.temperatures)
        return np.asarray(1 / (1 + np.exp(-scaled)))

    def decide(self, statements: Sequence[Statement], logits: Logits) -> tuple[Prediction, ...]:
        """Predictions for statements whose logits, shape (statements, labels), are known."""
        names, thresholds = self.settings.labels, self.settings.thresholds
        predictions = []
        for statement, row in zip(statements, self.scores(logits).tolist(), strict=True):
            reached = [
                (score, name) for name, score, floor in zip(names, row, thresholds, strict=True) if score >= floor
            ]
            labels = tuple(name for _, name in sorted(reached, key=lambda pair: -pair[0]))
            predictions.append(Prediction(statement, dict(zip(names, row, strict=True)), labels))
        return tuple(predictions)

    def _tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        encodings = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [truncate(encoding.ids, self.settings.max_statement_tokens) for encoding in encodings]


def _choose_precision(settings: ModelSettings, wanted: Precision | None, path: Path) -> Precision:
    candidates: tuple[Precision, ...] = (wanted,) if wanted else ("int8", "fp32")
    for candidate in candidates:
        if weights_file(candidate) in settings.files:
            return candidate
    raise ModelError(f"{path}: no {' or '.join(candidates)} weights; it has {', '.join(settings.files)}")
