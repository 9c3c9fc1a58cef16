"""What a model decided about annotated statements, beside what the annotation says: what everything else counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from claimbasis.corpus.annotated import N_CONTEXT_STATEMENTS, AnnotatedArticle, AnnotatedStatement
from claimbasis.evaluation.metrics import Bools, Floats, Metrics, measure
from claimbasis.evaluation.protocol import Answers
from claimbasis.inference.classifier import Classifier
from claimbasis.types import Statement


@dataclass(frozen=True, slots=True)
class PlacedStatement:
    """An annotated statement in its article."""

    item: AnnotatedArticle
    annotated: AnnotatedStatement
    before: tuple[Statement, ...]  # those in front of it, annotated or not, in reading order; the last few


def place_statements(articles: Sequence[AnnotatedArticle]) -> tuple[PlacedStatement, ...]:
    """All annotated statements, in the order of `annotated_targets`."""
    placed = []
    for item in articles:
        before = item.context()
        for annotated in item.statements:
            placed.append(PlacedStatement(item, annotated, tuple(before[-N_CONTEXT_STATEMENTS:])))
            before.append(annotated.statement)
    return tuple(placed)


@dataclass(frozen=True, slots=True)
class Decisions:
    """Annotated statements beside what a model decided about them: n statements in reading order, k labels."""

    labels: tuple[str, ...]
    thresholds: Floats  # (k,)
    statements: tuple[PlacedStatement, ...]  # n
    article_index: npt.NDArray[np.int64]  # (n,)
    targets: Bools  # (n, k)
    scores: Floats  # (n, k), calibrated, in [0, 1]

    @property
    def predicted(self) -> Bools:
        """The labels given, shape (n, k)."""
        return np.asarray(self.scores >= self.thresholds)

    def measure_some(self, rows: Bools, columns: Sequence[int]) -> Metrics:
        """Metrics of some of the statements, a mask of shape (n,), and of the labels with these numbers."""
        _, index = np.unique(self.article_index[rows], return_inverse=True)
        return measure(
            self.targets[rows][:, columns],
            self.predicted[rows][:, columns],
            index,
            labels=tuple(self.labels[k] for k in columns),
            rng=np.random.default_rng(0),
        )


def decide(classifier: Classifier, statements: tuple[PlacedStatement, ...], answers: Answers) -> Decisions:
    """What a classifier's answers about annotated statements come to at its thresholds."""
    return Decisions(
        classifier.settings.labels,
        np.asarray(classifier.settings.thresholds),
        statements,
        answers.article_index,
        answers.targets,
        classifier.scores(answers.logits),
    )
