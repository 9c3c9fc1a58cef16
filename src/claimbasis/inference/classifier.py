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
from claimbasis.windows import (
    Pass,
    Reading,
    Tokens,
    batch_by_tokens,
    build_arrays,
    passes_of,
    plan_windows,
    truncate,
    window_length,
)

# Statements a second on two cores (no AVX-512), both ways, 80 articles of our corpus: 88 with 256 tokens, 85 with 512, 79
# with 1,024; on cores with AVX-512, alone and with batches over articles, 477, 517 and 507.
DEFAULT_TOKENS_PER_BATCH = 512

OnStatements = Callable[[int], None]


class Classifier:
    """Says for each statement of an article what it rests on."""

    def __init__(self, settings: ModelSettings, precision: Precision, tokenizer: Tokenizer, runtime: Runtime) -> None:
        self.settings = settings
        self.model_id = settings.model_id(precision)
        self._precision: Precision = precision
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
            reading: Statements in "windows" with those around them, "alone", or the mean of "both", which takes twice the
                time; the model's own choice when None.
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

    def with_reading(self, reading: Reading) -> Classifier:
        """A classifier on the same loaded weights that reads in another way, as `load` explains."""
        return Classifier(replace(self.settings, reading=reading), self._precision, self._tokenizer, self._runtime)

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

        An article's predictions depend on nothing but the article: int8 scales activations by batch, and no batch holds
        statements of two articles.

        Args:
            articles: Read one at a time.
            tokens_per_batch: Most tokens of one forward pass, padding included.
            on_statements: Called with the number of statements done after each forward pass.

        Raises:
            InputError: A text cannot be encoded.
        """
        for article in articles:
            statements = split_statements(article.text)
            logits = self.logits(
                [s.text for s in statements], tokens_per_batch=tokens_per_batch, on_statements=on_statements
            )
            yield ArticlePrediction(article, self.decide(statements, logits), self.model_id)

    def logits(
        self,
        texts: Sequence[str],
        *,
        tokens_per_batch: int = DEFAULT_TOKENS_PER_BATCH,
        on_statements: OnStatements | None = None,
    ) -> Logits:
        """Raw outputs for an article that is already cut into statements.

        Args:
            texts: Of the article's consecutive statements.
            tokens_per_batch: Most tokens of one forward pass, padding included.
            on_statements: Called with the number of statements done after each forward pass.

        Returns:
            Shape (statements, labels).
        """
        tokens = self._tokenize(texts)
        *first, last = passes_of(self.settings.reading)
        logits = [self._run_pass(tokens, each, tokens_per_batch, None) for each in first]
        logits.append(self._run_pass(tokens, last, tokens_per_batch, on_statements))
        return np.asarray(np.mean(logits, axis=0))

    def _run_pass(
        self, tokens: Sequence[Tokens], reading: Pass, tokens_per_batch: int, on_statements: OnStatements | None
    ) -> Logits:
        settings = self.settings
        lengths = [len(t) for t in tokens]
        windows = plan_windows(
            lengths, max_tokens=settings.max_tokens, overlap_tokens=settings.overlap_tokens, reading=reading
        )
        logits = np.zeros((len(tokens), len(settings.labels)), np.float32)
        sizes = [window_length(lengths, window) for window in windows]
        for batch in batch_by_tokens(sizes, tokens_per_batch=tokens_per_batch):
            chosen = [windows[i] for i in batch]
            output = self._runtime.run(
                build_arrays([tokens[w.first : w.stop] for w in chosen], settings.special, pooling=settings.pooling)
            )
            for row, w in zip(output, chosen, strict=True):
                logits[w.predict_from : w.stop] = row[w.predict_from - w.first : w.stop - w.first]
            if on_statements:
                on_statements(sum(w.stop - w.predict_from for w in chosen))
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
