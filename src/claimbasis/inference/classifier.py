"""The classifier: articles in, predictions out."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Generic

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from claimbasis.errors import ModelError
from claimbasis.inference.attribution import attribute
from claimbasis.inference.locations import open_folder
from claimbasis.inference.outputs import Outputs, log_odds
from claimbasis.inference.reading import Key, OnStatements, read_tokens
from claimbasis.inference.rereading import plan_second_pass
from claimbasis.inference.runtime import Device, Logits, Runtime
from claimbasis.inference.speakers import draw_together, group_by_source
from claimbasis.model import TOKENIZER_FILE, ModelSettings, Precision, read_settings, weights_file
from claimbasis.text.statements import split_statements
from claimbasis.tokens import StatementTokens, encode_statements, find_spans, span_probabilities
from claimbasis.types import Article, ArticlePrediction, Prediction, Span, Statement
from claimbasis.windows import Reading, Window


@dataclass(frozen=True, slots=True)
class _Cut(Generic[Key]):
    """An article cut into statements and tokens."""

    article: Key
    statements: Sequence[Statement]
    tokens: Sequence[StatementTokens]


class Classifier:
    """Says for each statement of an article what it rests on."""

    def __init__(self, settings: ModelSettings, precision: Precision, tokenizer: Tokenizer, runtime: Runtime) -> None:
        self.settings = settings
        self.model_id = settings.model_id(precision)
        self._precision: Precision = precision
        self._tokenizer = tokenizer
        self._runtime = runtime
        self._crediting = frozenset(label.name for label in settings.codebook.labels if label.credits)
        self._unnamed = frozenset(label.name for label in settings.codebook.labels if label.unnamed)

    @classmethod
    def load(
        cls,
        folder: str | Path | None = None,
        *,
        precision: Precision | None = None,
        reading: Reading | None = None,
        n_threads: int | None = None,
        device: Device = "cpu",
    ) -> Classifier:
        """A model from disk, or from MLflow's registry.

        Args:
            folder: A model folder, or the address of a registered model such as "models:/claimbasis@champion"; the shipped
                model when None.
            precision: Which weights; int8 where the folder has them, else fp32, when None.
            reading: Statements in "windows" with those around them; "alone"; the mean of "both"; or in windows, and those "again"
                of which they are not sure, alone and behind the statements that introduce whose word it is, whereupon what is
                said of one source's statements is drawn together. The last two take about twice the time of one. The model's
                own choice when None.
            n_threads: Forward passes that run at the same time; all cores this process may use when None.
            device: Where they run; on "cuda" weights are fp32 unless a precision is given.

        Raises:
            ModelError: The folder is missing, damaged, or has no such precision; the registry has no such model; or there
                is no such device.
        """
        with open_folder(folder) as path:
            settings = read_settings(path)
            precision = _choose_precision(settings, precision or ("fp32" if device == "cuda" else None), path)
            if reading is not None:
                settings = replace(settings, reading=reading)
            tokenizer = Tokenizer.from_file(str(path / TOKENIZER_FILE))
            tokenizer.no_padding()
            tokenizer.no_truncation()
            runtime = Runtime(path / weights_file(precision), n_threads=n_threads, device=device)
            return cls(settings, precision, tokenizer, runtime)

    def with_reading(self, reading: Reading) -> Classifier:
        """A classifier on the same loaded weights that reads in another way, as `load` explains."""
        return self._with(replace(self.settings, reading=reading))

    def with_windows(self, max_tokens: int, overlap_tokens: int) -> Classifier:
        """A classifier on the same loaded weights that reads in windows of another shape, both in tokens."""
        return self._with(
            replace(self.settings, reading="windows", max_tokens=max_tokens, overlap_tokens=overlap_tokens)
        )

    def _with(self, settings: ModelSettings) -> Classifier:
        return Classifier(settings, self._precision, self._tokenizer, self._runtime)

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
        tokens_per_batch: int | None = None,
        on_statements: OnStatements | None = None,
    ) -> Iterator[ArticlePrediction]:
        """Predictions for a stream of articles, in their order; memory does not grow with their number.

        An article's predictions depend on nothing but the article: int8 scales activations by batch, and no batch holds
        statements of two articles.

        Args:
            articles: Read a few ahead, so that the next are cut into tokens while the model runs.
            tokens_per_batch: Most tokens of one forward pass, padding included; when None what suits the device, and thresholds are for.
            on_statements: Called with the number of statements done after each forward pass.

        Raises:
            InputError: A text cannot be encoded. Those before it come first.
        """
        return self._predict(
            ((article, split_statements(article.text)) for article in articles), tokens_per_batch, on_statements
        )

    def predict_statements(
        self,
        article: Article,
        statements: Sequence[Statement],
        *,
        tokens_per_batch: int | None = None,
        on_statements: OnStatements | None = None,
    ) -> ArticlePrediction:
        """Predictions for an article that is already cut into statements; arguments as for `predict_many`."""
        return next(self._predict([(article, statements)], tokens_per_batch, on_statements))

    def logits(self, texts: Sequence[str], *, on_statements: OnStatements | None = None) -> Logits:
        """Raw outputs for an article that is already cut into statements.

        Args:
            texts: Of the article's consecutive statements.
            on_statements: Called with the number of statements done after each forward pass.

        Returns:
            Shape (statements, labels).
        """
        ends = itertools.accumulate(map(len, texts))
        statements = [
            Statement(n, end - len(text), end, text) for n, (text, end) in enumerate(zip(texts, ends, strict=True))
        ]
        [(_, outputs)] = self._read([(None, statements)], None, on_statements)
        return outputs.logits

    def token_lengths(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each statement as the model reads it, without special ones."""
        return [len(tokens) for tokens in self._tokenize(texts)]

    def _read(
        self,
        articles: Iterable[tuple[Key, Sequence[Statement]]],
        tokens_per_batch: int | None,
        on_statements: OnStatements | None,
    ) -> Iterator[tuple[_Cut[Key], Outputs]]:
        cuts = (_Cut(key, statements, self._tokenize([s.text for s in statements])) for key, statements in articles)
        for cut, outputs in read_tokens(
            self._runtime,
            self.settings,
            ((cut, cut.tokens) for cut in cuts),
            plan_again=self._plan_again,
            tokens_per_batch=self._runtime.tokens_per_batch if tokens_per_batch is None else tokens_per_batch,
            on_statements=on_statements,
        ):
            if self.settings.reading == "again":
                self._draw_sources_together(cut, outputs)
            yield cut, outputs

    def _draw_sources_together(self, cut: _Cut[Any], outputs: Outputs) -> None:
        sources = [p.source.text if p.source else None for p in self._conclude(cut, outputs)]
        credited = [name in self._crediting for name in self.settings.labels]
        outputs.logits[:, credited] = draw_together(outputs.logits[:, credited], group_by_source(sources))

    def _plan_again(self, cut: _Cut[Any], outputs: Outputs, unsure: Sequence[int]) -> list[Window]:
        if self.settings.reading == "both":
            return [Window(index, index + 1, index) for index in unsure]
        return plan_second_pass(unsure, cut.statements, self._conclude(cut, outputs))

    def _predict(
        self,
        articles: Iterable[tuple[Article, Sequence[Statement]]],
        tokens_per_batch: int | None,
        on_statements: OnStatements | None,
    ) -> Iterator[ArticlePrediction]:
        for cut, outputs in self._read(articles, tokens_per_batch, on_statements):
            yield ArticlePrediction(cut.article, self._conclude(cut, outputs), self.model_id, self.settings.codebook)

    def _conclude(self, cut: _Cut[Any], outputs: Outputs) -> tuple[Prediction, ...]:
        """Labels, spans and sources of an article's statements, from what the network says of them."""
        probabilities = span_probabilities(outputs.tags)
        spans = [
            tuple(find_spans(t, p, self.settings.roles, offset=s.start))
            for s, t, p in zip(cut.statements, cut.tokens, probabilities, strict=True)
        ]
        return attribute(
            self._decide(cut.statements, outputs.logits, spans),
            self._crediting,
            unnamed=self._unnamed,
            doubtful=partial(self._find_doubtful_source, cut, probabilities),
        )

    def scores(self, logits: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """Calibrated scores in [0, 1] from logits of shape (n, labels)."""
        return np.asarray(1 / (1 + np.exp(-log_odds(logits, self.settings))))

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

    def _find_doubtful_source(
        self, cut: _Cut[Any], probabilities: Sequence[npt.NDArray[np.floating]], index: int
    ) -> Span | None:
        """The first source that begins in a statement, wherever it may end."""
        roles = [role for role in self.settings.roles if role == "source"]
        offset = cut.statements[index].start
        found = find_spans(cut.tokens[index], probabilities[index], roles, offset=offset, is_whole=False)
        return found[0] if found else None

    def _tokenize(self, texts: Sequence[str]) -> list[StatementTokens]:
        return encode_statements(self._tokenizer, texts, max_tokens=self.settings.max_statement_tokens)


def _choose_precision(settings: ModelSettings, wanted: Precision | None, path: Path) -> Precision:
    candidates: tuple[Precision, ...] = (wanted,) if wanted else ("int8", "fp32")
    for candidate in candidates:
        if weights_file(candidate) in settings.files:
            return candidate
    raise ModelError(f"{path}: no {' or '.join(candidates)} weights; it has {', '.join(settings.files)}")
