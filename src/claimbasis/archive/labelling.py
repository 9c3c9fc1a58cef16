"""Labels the texts of one part: the function that every engine runs, on this machine or another."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from claimbasis.errors import ModelError
from claimbasis.inference.classifier import Classifier
from claimbasis.inference.runtime import Device
from claimbasis.model import Precision
from claimbasis.text.statements import split_statements
from claimbasis.types import ROLES, Article, ArticlePrediction
from claimbasis.windows import Reading

# The longest novels have fewer sentences; what has more is no article but a collection, or made to keep a job busy.
MAX_STATEMENTS = 20_000
_TEXTS_A_TASK = 20  # ten seconds of a core, against which handing them over is nothing
_MIN_STATEMENT_CHARS = 2  # a letter and a full stop
# Who said it, by which words, and who passed it on: attributes of a prediction where the model marks them.
SPAN_COLUMNS = tuple(f"{role}{part}" for role in ROLES for part in ("", "_start", "_end"))
_COPIED = ("index", "start", "end", "text", "label", "labels")

StatementValues = dict[str, Any]  # one statement, by output column, without those that name its article


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Which model a job uses, and how each worker runs it."""

    folder: str | None  # the shipped model when None
    precision: Precision | None
    reading: Reading | None
    n_threads: int | None
    device: Device = "cpu"
    model_id: str = ""  # what all workers must find there; empty when it is not known yet


@dataclass(frozen=True, slots=True)
class Work:
    """Texts of a part that must be labelled, by row."""

    part: str
    texts: tuple[tuple[int, str], ...]

    def split(self) -> list[Work]:
        """The same in pieces, so that all workers share even a small part, and none has long to do when others are done."""
        starts = range(0, len(self.texts), _TEXTS_A_TASK)
        return [Work(self.part, self.texts[start : start + _TEXTS_A_TASK]) for start in starts]


@dataclass(frozen=True, slots=True)
class Labelled:
    """What became of texts of a part, by row."""

    part: str
    statements: dict[int, list[StatementValues]] = field(default_factory=dict)
    rejects: dict[int, str] = field(default_factory=dict)  # reasons


def load_classifier(choice: ModelChoice) -> Classifier:
    """The classifier of a worker.

    Raises:
        ModelError: It cannot be loaded, or is not the one that the job began with.
    """
    classifier = Classifier.load(
        choice.folder,
        precision=choice.precision,
        reading=choice.reading,
        n_threads=choice.n_threads,
        device=choice.device,
    )
    if choice.model_id not in ("", classifier.model_id):
        raise ModelError(
            f"{choice.folder or 'the shipped model'}: is {classifier.model_id} here and {choice.model_id} where the job "
            "began; install the same version and the same model everywhere"
        )
    return classifier


@functools.cache
def load_in_worker(choice: ModelChoice) -> Classifier:
    """The same for a process that does nothing else, loaded only once."""
    if choice.n_threads:
        # Read by the tokenizer when it starts a pool of threads of its own.
        os.environ["RAYON_NUM_THREADS"] = str(choice.n_threads)
    return load_classifier(choice)


def label_texts(classifier: Classifier, work: Work, on_article: Callable[[], None] = lambda: None) -> Labelled:
    """Labels the texts of a part; what cannot be labelled is told and does not stop the rest.

    Args:
        classifier: The model.
        work: The texts.
        on_article: Called after each text.
    """
    labelled = Labelled(work.part)
    todo = []
    for row, text in work.texts:
        if _has_too_many_statements(text):
            labelled.rejects[row] = f"more than {MAX_STATEMENTS:,} statements, the most for one article; split it"
        else:
            todo.append((row, text))
    for row, outcome in _predict_each(classifier, todo):
        if isinstance(outcome, Exception):
            labelled.rejects[row] = f"cannot be labelled ({type(outcome).__name__}: {outcome})"
        else:
            labelled.statements[row] = list_statements(outcome)
        on_article()
    return labelled


def _has_too_many_statements(text: str) -> bool:
    return len(text) > MAX_STATEMENTS * _MIN_STATEMENT_CHARS and len(split_statements(text)) > MAX_STATEMENTS


def _predict_each(
    classifier: Classifier, texts: Sequence[tuple[int, str]]
) -> Iterator[tuple[int, ArticlePrediction | Exception]]:
    """Predictions in order; after the first failure each text by itself, to find the one that failed."""
    n_done = 0
    try:
        for (row, _), prediction in zip(texts, classifier.predict_many(_articles(texts)), strict=True):
            n_done += 1
            yield row, prediction
    except Exception:  # noqa: BLE001  # one text must not cost the others a night's work; it is told below
        for row, text in texts[n_done:]:
            try:
                outcome: ArticlePrediction | Exception = classifier.predict(text)
            except Exception as error:  # noqa: BLE001  # it ends among the rejects
                outcome = error
            yield row, outcome


def _articles(texts: Sequence[tuple[int, str]]) -> Iterator[Article]:
    return (Article(text=text) for _, text in texts)


def list_statements(prediction: ArticlePrediction) -> list[StatementValues]:
    """The statements of an article by output column: the JSONL contract, the scores side by side, and the spans."""
    rows = []
    for row in prediction.to_rows():
        values = {name: row[name] for name in _COPIED}
        values |= {f"score_{label}": score for label, score in row["scores"].items()}
        values |= {name: row[name] for name in SPAN_COLUMNS}
        rows.append(values)
    return rows
