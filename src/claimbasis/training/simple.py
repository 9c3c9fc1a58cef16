"""Simple systems, trained, chosen on dev and measured as the encoder is: what it must beat to be worth its weight."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from claimbasis.codebook import Codebook
from claimbasis.corpus.annotated import AnnotatedArticle
from claimbasis.evaluation.baselines import fit_tfidf, match_phrases, most_frequent, read_phrases
from claimbasis.evaluation.calibration import calibrate, choose_thresholds, fit_scales
from claimbasis.evaluation.metrics import Bools, Floats
from claimbasis.evaluation.plots import plot_precision_recall, plot_reliability
from claimbasis.evaluation.protocol import annotated_targets, measure_scores, name_scores
from claimbasis.training.data import ExperimentData
from claimbasis.training.recipe import Recipe
from claimbasis.training.tracking import RunLog

logger = logging.getLogger(__name__)
Simple = Literal["tfidf", "phrases", "most_frequent"]
SIMPLE_NAMES: dict[Simple, str] = {
    "tfidf": "TF-IDF with logistic regression",
    "phrases": "anonymity phrases",
    "most_frequent": "always the most frequent label",
}


@dataclass(frozen=True, slots=True)
class SimpleSystem:
    """Scores texts one by one; has no folder, because it is learned again in seconds."""

    name: str
    scores: Callable[[Sequence[str]], Floats]  # of n texts, shape (n, k), in [0, 1]
    thresholds: tuple[float, ...]  # k

    def predict(self, articles: Sequence[AnnotatedArticle]) -> Bools:
        """Labels of all annotated statements, shape (n, k)."""
        return np.asarray(self.scores(_texts(articles)) >= np.asarray(self.thresholds))


def fit_simple(kind: Simple, recipe: Recipe, data: ExperimentData) -> SimpleSystem:
    """Learns from train; what gives more than yes and no is calibrated on dev, and its thresholds are chosen there.

    Raises:
        CorpusError: The recipe's phrases cannot be read.
    """
    targets, _ = annotated_targets(data.train, data.codebook)
    n_labels = len(data.codebook.labels)
    if kind == "tfidf":
        return _fit_tfidf(data, targets)
    if kind == "phrases":
        phrases = read_phrases(Path(recipe.data.phrases))
        return _make_certain(SIMPLE_NAMES[kind], lambda texts: match_phrases(texts, phrases, n_labels), n_labels)
    return _make_certain(SIMPLE_NAMES[kind], lambda texts: most_frequent(targets, len(texts)), n_labels)


def _fit_tfidf(data: ExperimentData, targets: Bools) -> SimpleSystem:
    logits_of = fit_tfidf(_texts(data.train), targets)
    dev_targets, _ = annotated_targets(data.dev, data.codebook)
    logits = logits_of(_texts(data.dev))
    scales = fit_scales(logits, dev_targets)
    thresholds = choose_thresholds(calibrate(logits, *scales), dev_targets)
    return SimpleSystem(SIMPLE_NAMES["tfidf"], lambda texts: calibrate(logits_of(texts), *scales), thresholds)


def _make_certain(name: str, decide: Callable[[Sequence[str]], Bools], n_labels: int) -> SimpleSystem:
    return SimpleSystem(name, lambda texts: decide(texts).astype(np.float64), (0.5,) * n_labels)


def measure_simple(
    system: SimpleSystem, dev: Sequence[AnnotatedArticle], codebook: Codebook, log: RunLog
) -> dict[str, float]:
    """Writes down the metrics and pictures that an encoder's run has, but for size; returns the numbers."""
    targets, index = annotated_targets(dev, codebook)
    started = time.perf_counter()
    scores = system.scores(_texts(dev))
    speed = len(scores) / (time.perf_counter() - started)
    labels = codebook.label_names
    numbers = name_scores(*measure_scores(targets, scores, index, labels=labels, thresholds=system.thresholds))
    numbers["statements_per_second"] = speed
    for name, value in numbers.items():
        log.metric(name, value)
    log.figure(plot_precision_recall(targets, scores, labels), "precision_recall.svg")
    log.figure(plot_reliability(targets, scores, labels), "reliability.svg")
    return numbers


def measure_beside(recipe: Recipe, data: ExperimentData) -> dict[Simple, dict[str, float]]:
    """Dev scores of the simple systems that go beside a training; the phrase list only where the recipe names one."""
    targets, index = annotated_targets(data.dev, data.codebook)
    found: dict[Simple, dict[str, float]] = {}
    for kind in SIMPLE_NAMES:
        if kind == "phrases" and not recipe.data.phrases:
            continue
        system = fit_simple(kind, recipe, data)
        metrics, errors = measure_scores(
            targets,
            system.scores(_texts(data.dev)),
            index,
            labels=data.codebook.label_names,
            thresholds=system.thresholds,
        )
        found[kind] = name_scores(metrics, errors)
        logger.info("to beat on dev: macro-F1 %.3f, %s", metrics.macro_f1.value, system.name)
    return found


def _texts(articles: Sequence[AnnotatedArticle]) -> list[str]:
    return [s.statement.text for item in articles for s in item.statements]
