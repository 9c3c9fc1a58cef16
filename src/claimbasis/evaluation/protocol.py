"""Runs a classifier over annotated articles and lines its answers up with the annotation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from claimbasis.codebook import Codebook
from claimbasis.corpus.annotated import AnnotatedArticle
from claimbasis.errors import CorpusError
from claimbasis.evaluation.calibration import calibration_error
from claimbasis.evaluation.metrics import Bools, Floats, Metrics, measure
from claimbasis.inference.classifier import Classifier
from claimbasis.inference.reading import OnStatements
from claimbasis.inference.runtime import Logits
from claimbasis.text.statements import split_statements
from claimbasis.types import Statement

# "annotated": statements as the annotators had them. "own": the article is cut by our splitter, as users have it.
Boundaries = Literal["annotated", "own"]
# A statement that our splitter leaves out gets none of the labels.
_NO_PREDICTION = -30.0


@dataclass(frozen=True, slots=True)
class Answers:
    """What a classifier said about n annotated statements with k labels, in reading order."""

    targets: Bools  # (n, k)
    logits: Floats  # (n, k)
    article_index: npt.NDArray[np.int64]  # (n,)


def annotated_targets(articles: Sequence[AnnotatedArticle], codebook: Codebook) -> tuple[Bools, npt.NDArray[np.int64]]:
    """Targets of all statements, shape (n, k), and to which article each belongs, shape (n,); pieces of one count as one."""
    targets = [codebook.targets(s.codes) for item in articles for s in item.statements]
    numbers = {whole: number for number, whole in enumerate(dict.fromkeys(item.whole_id for item in articles))}
    index = [numbers[item.whole_id] for item in articles for _ in item.statements]
    return np.asarray(targets, dtype=bool), np.asarray(index, np.int64)


def collect_answers(
    classifier: Classifier,
    articles: Sequence[AnnotatedArticle],
    codebook: Codebook,
    *,
    boundaries: Boundaries,
    on_statements: OnStatements | None = None,
) -> Answers:
    """What a classifier says about annotated statements.

    Args:
        classifier: The model, reading as it was loaded to read.
        articles: The annotated articles.
        codebook: Must have the model's labels.
        boundaries: With "own", a statement of ours answers for the annotated one that it overlaps most.
        on_statements: Called with the number of statements done after each forward pass.

    Raises:
        CorpusError: The model was made for other labels.
    """
    if classifier.settings.labels != codebook.label_names:
        raise CorpusError(
            f"the model knows {classifier.settings.labels}, the codebook {codebook.label_names}; use one of the two throughout"
        )
    cuts = [
        [*item.context(), *(s.statement for s in item.statements)]
        if boundaries == "annotated"
        else split_statements(item.article.text)
        for item in articles
    ]
    logits = [classifier.logits([s.text for s in cut], on_statements=on_statements) for cut in cuts]
    aligned = [
        rows[-len(item.statements) :] if boundaries == "annotated" else _align(item, cut, rows)
        for item, cut, rows in zip(articles, cuts, logits, strict=True)
    ]
    targets, index = annotated_targets(articles, codebook)
    return Answers(targets, np.concatenate(aligned).astype(np.float64), index)


def _align(item: AnnotatedArticle, cut: Sequence[Statement], logits: Logits) -> Floats:
    """For each annotated statement the logits of the one of ours that overlaps it most, shape (annotated, k)."""
    starts, ends = np.array([s.start for s in cut]), np.array([s.end for s in cut])
    aligned = np.full((len(item.statements), logits.shape[1]), _NO_PREDICTION)
    for row, annotated in enumerate(item.statements if len(cut) else ()):
        overlap = np.minimum(ends, annotated.statement.end) - np.maximum(starts, annotated.statement.start)
        best = int(overlap.argmax())
        if overlap[best] > 0:
            aligned[row] = logits[best]
    return aligned


def measure_answers(classifier: Classifier, answers: Answers) -> tuple[Metrics, dict[str, float]]:
    """Metrics at the model's thresholds, and the expected calibration error of each label."""
    settings = classifier.settings
    return measure_scores(
        answers.targets,
        classifier.scores(answers.logits),
        answers.article_index,
        labels=settings.labels,
        thresholds=settings.thresholds,
    )


def measure_scores(
    targets: Bools,
    scores: Floats,
    article_index: npt.NDArray[np.int64],
    *,
    labels: tuple[str, ...],
    thresholds: tuple[float, ...],
) -> tuple[Metrics, dict[str, float]]:
    """The same for scores in [0, 1], shape (n, k), of whatever gave them."""
    metrics = measure(
        targets,
        scores >= np.asarray(thresholds),
        article_index,
        labels=labels,
        scores=scores,
        # One fixed generator: the same answers always get the same intervals.
        rng=np.random.default_rng(0),
    )
    errors = [calibration_error(scores[:, k], targets[:, k]) for k in range(scores.shape[1])]
    return metrics, dict(zip(labels, errors, strict=True))


def name_scores(metrics: Metrics, errors: dict[str, float]) -> dict[str, float]:
    """What `measure_scores` gives as flat numbers, but for NaN: the names under which runs and model folders keep them."""
    macro = metrics.macro_f1
    numbers = (
        {"macro_f1": macro.value, "macro_f1_low": macro.low, "macro_f1_high": macro.high}
        | {f"f1_{label}": m.f1.value for label, m in metrics.labels.items()}
        | {"calibration_error": float(np.mean(list(errors.values())))}
        | {f"calibration_error_{label}": error for label, error in errors.items()}
    )
    return {name: value for name, value in numbers.items() if not math.isnan(value)}
