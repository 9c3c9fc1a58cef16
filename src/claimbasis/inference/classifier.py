"""The classifier: articles in, predictions out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from claimbasis.codebook import shipped_codebook
from claimbasis.errors import ModelError
from claimbasis.inference.attribution import attribute
from claimbasis.inference.locations import open_folder
from claimbasis.inference.runtime import Logits, Runtime
from claimbasis.model import TOKENIZER_FILE, ModelSettings, Precision, read_settings, weights_file
from claimbasis.text.statements import split_statements
from claimbasis.tokens import N_TAGS, StatementTokens, encode_statements, find_spans
from claimbasis.types import ROLES, Article, ArticlePrediction, Prediction, Span, Statement
from claimbasis.windows import (
    Pass,
    Reading,
    Window,
    batch_by_tokens,
    build_arrays,
    passes_of,
    plan_windows,
    statement_starts,
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
        known = {label.name: label.credits for label in shipped_codebook().labels}
        self._crediting = frozenset(name for name in settings.labels if known.get(name, True))

    @classmethod
    def load(
        cls,
        folder: str | Path | None = None,
        *,
        precision: Precision | None = None,
        reading: Reading | None = None,
        n_threads: int | None = None,
    ) -> Classifier:
        """A model from disk, or from MLflow's registry.

        Args:
            folder: A model folder, or the address of a registered model such as "models:/claimbasis@champion"; the shipped
                model when None.
            precision: Which weights; int8 where the folder has them, else fp32, when None.
            reading: Statements in "windows" with those around them, "alone", or the mean of "both", which takes twice the
                time; the model's own choice when None.
            n_threads: Threads of one forward pass; all cores this process may use when None.

        Raises:
            ModelError: The folder is missing, damaged, or has no such precision; or the registry has no such model.
        """
        with open_folder(folder) as path:
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
            yield self.predict_statements(
                article,
                split_statements(article.text),
                tokens_per_batch=tokens_per_batch,
                on_statements=on_statements,
            )

    def predict_statements(
        self,
        article: Article,
        statements: Sequence[Statement],
        *,
        tokens_per_batch: int = DEFAULT_TOKENS_PER_BATCH,
        on_statements: OnStatements | None = None,
    ) -> ArticlePrediction:
        """Predictions for an article that is already cut into statements; arguments as for `predict_many`."""
        tokens = self._tokenize([s.text for s in statements])
        outputs = self._read(tokens, tokens_per_batch, on_statements)
        spans = [
            tuple(find_spans(s.text, t, tags, offset=s.start))
            for s, t, tags in zip(statements, tokens, outputs.tags, strict=True)
        ]
        predictions = self._decide(statements, outputs.logits, spans)
        return ArticlePrediction(article, attribute(predictions, self._crediting), self.model_id)

    def logits(self, texts: Sequence[str], *, on_statements: OnStatements | None = None) -> Logits:
        """Raw outputs for an article that is already cut into statements.

        Args:
            texts: Of the article's consecutive statements.
            on_statements: Called with the number of statements done after each forward pass.

        Returns:
            Shape (statements, labels).
        """
        return self._read(self._tokenize(texts), DEFAULT_TOKENS_PER_BATCH, on_statements).logits

    def _read(
        self, tokens: Sequence[StatementTokens], tokens_per_batch: int, on_statements: OnStatements | None
    ) -> _Outputs:
        """The mean of all passes that the reading asks for."""
        *first, last = passes_of(self.settings.reading)
        outputs = [self._run_pass(tokens, each, tokens_per_batch, None) for each in first]
        outputs.append(self._run_pass(tokens, last, tokens_per_batch, on_statements))
        return _Outputs(
            np.asarray(np.mean([o.logits for o in outputs], axis=0)),
            [np.asarray(np.mean(tags, axis=0)) for tags in zip(*(o.tags for o in outputs), strict=True)],
        )

    def _run_pass(
        self,
        tokens: Sequence[StatementTokens],
        reading: Pass,
        tokens_per_batch: int,
        on_statements: OnStatements | None,
    ) -> _Outputs:
        settings = self.settings
        lengths = [len(t) for t in tokens]
        windows = plan_windows(
            lengths, max_tokens=settings.max_tokens, overlap_tokens=settings.overlap_tokens, reading=reading
        )
        outputs = _Outputs.empty(tokens, len(settings.labels))
        sizes = [window_length(lengths, window) for window in windows]
        for batch in batch_by_tokens(sizes, tokens_per_batch=tokens_per_batch):
            chosen = [windows[i] for i in batch]
            ids = [[t.ids for t in tokens[w.first : w.stop]] for w in chosen]
            logits, *tags = self._runtime.run(build_arrays(ids, settings.special, pooling=settings.pooling))
            for row, w in enumerate(chosen):
                outputs.logits[w.predict_from : w.stop] = logits[row, w.predict_from - w.first : w.stop - w.first]
                if tags:
                    outputs.take_tags(tags[0][row], w, tokens)
            if on_statements:
                on_statements(sum(w.stop - w.predict_from for w in chosen))
        return outputs

    def scores(self, logits: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """Calibrated scores in [0, 1] from logits of shape (n, labels)."""
        scaled = logits.astype(np.float64) / np.asarray(self.settings.temperatures)
        return np.asarray(1 / (1 + np.exp(-scaled)))

    def _decide(
        self, statements: Sequence[Statement], logits: Logits, spans: Sequence[tuple[Span, ...]]
    ) -> list[Prediction]:
        names, thresholds = self.settings.labels, self.settings.thresholds
        predictions = []
        for statement, row, held in zip(statements, self.scores(logits).tolist(), spans, strict=True):
            reached = [
                (score, name) for name, score, floor in zip(names, row, thresholds, strict=True) if score >= floor
            ]
            labels = tuple(name for _, name in sorted(reached, key=lambda pair: -pair[0]))
            predictions.append(Prediction(statement, dict(zip(names, row, strict=True)), labels, held))
        return predictions

    def _tokenize(self, texts: Sequence[str]) -> list[StatementTokens]:
        return encode_statements(self._tokenizer, texts, max_tokens=self.settings.max_statement_tokens)


@dataclass(frozen=True, slots=True)
class _Outputs:
    """What the network says about the statements of an article."""

    logits: Logits  # (statements, labels)
    tags: list[Logits]  # for each statement (words, roles, tags); nothing but OUTSIDE where the model has no tags

    @classmethod
    def empty(cls, tokens: Sequence[StatementTokens], n_labels: int) -> _Outputs:
        return cls(
            np.zeros((len(tokens), n_labels), np.float32),
            [np.zeros((len(t.first), len(ROLES), N_TAGS), np.float32) for t in tokens],
        )

    def take_tags(self, tags: Logits, window: Window, tokens: Sequence[StatementTokens]) -> None:
        """Tags, shape (tokens, roles, tags), of the statements that the window is for."""
        starts = statement_starts([len(t) for t in tokens[window.first : window.stop]])
        for index in range(window.predict_from, window.stop):
            self.tags[index] = tags[starts[index - window.first] + tokens[index].first]


def _choose_precision(settings: ModelSettings, wanted: Precision | None, path: Path) -> Precision:
    candidates: tuple[Precision, ...] = (wanted,) if wanted else ("int8", "fp32")
    for candidate in candidates:
        if weights_file(candidate) in settings.files:
            return candidate
    raise ModelError(f"{path}: no {' or '.join(candidates)} weights; it has {', '.join(settings.files)}")
