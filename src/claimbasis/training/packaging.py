"""Makes a model folder of a fine-tuned network: exported, calibrated on dev, measured, described."""

from __future__ import annotations

import datetime
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from claimbasis.codebook import Codebook
from claimbasis.corpus.annotated import AnnotatedArticle
from claimbasis.evaluation.calibration import calibrate, choose_thresholds, fit_scales
from claimbasis.evaluation.plots import plot_precision_recall, plot_reliability
from claimbasis.evaluation.protocol import Answers, collect_answers, measure_answers, name_scores
from claimbasis.inference.classifier import Classifier
from claimbasis.model import CARD_FILE, TOKENIZER_FILE, ModelSettings, Precision, weights_file, write_settings
from claimbasis.training.card import render_card
from claimbasis.training.export import export_weights
from claimbasis.training.fit import FitResult, plan
from claimbasis.training.lessons import encode_articles
from claimbasis.training.recipe import Recipe
from claimbasis.training.tracking import RunLog
from claimbasis.windows import WindowArrays, build_arrays

logger = logging.getLogger(__name__)
_FILES = (weights_file("fp32"), weights_file("int8"), TOKENIZER_FILE)


def package_model(
    recipe: Recipe,
    seeds: Sequence[int],
    result: FitResult,
    dev: Sequence[AnnotatedArticle],
    codebook: Codebook,
    folder: Path,
    log: RunLog,
    *,
    facts: dict[str, Any],
) -> dict[str, float]:
    """Exports, calibrates and measures one model; what is measured is what users run, the int8 file in ONNX Runtime.

    1. Export both precisions. 2. Fit scales and thresholds to int8's answers on dev; twice for the reading "again", for which
    statements are read again hangs on them. 3. Measure. 4. Write it down.

    Args:
        recipe: All settings.
        seeds: One, or those whose mean the network is.
        result: The network and what belongs to it.
        dev: Articles to calibrate on and to measure by.
        codebook: Of their labels.
        folder: New model folder.
        log: Where scores and pictures go.
        facts: What the card says of the data.

    Returns:
        The scores on dev, also stored in the folder's settings, and what the model costs: `model_bytes` and
        `statements_per_second`.
    """
    # 1.
    export_weights(result.model, result.tokenizer, _samples(recipe, result, dev[0], codebook), folder)
    settings = _uncalibrated(recipe, codebook, result, log, facts)
    write_settings(folder, settings, _FILES)
    # 2.
    answers, speed = _answers(folder, "int8", dev, codebook)
    settings = _calibrate(folder, settings, answers, recipe.thresholds)
    if settings.reading == "again":
        answers, _ = _answers(folder, "int8", dev, codebook)
        settings = _calibrate(folder, settings, answers, recipe.thresholds)
        answers, speed = _answers(folder, "int8", dev, codebook)
    # 3.
    classifier = Classifier.load(folder, precision="int8")
    metrics, errors = measure_answers(classifier, answers)
    fp32_answers, _ = _answers(folder, "fp32", dev, codebook)
    changed = _changed_share(classifier, answers.logits, fp32_answers.logits)
    scores = name_scores(metrics, errors) | {"int8_changed_share": changed}
    costs = {"model_bytes": _count_bytes(folder), "statements_per_second": speed}
    # 4.
    settings = write_settings(folder, replace(settings, scores=scores), _FILES)
    card = render_card(settings, metrics, errors, recipe, seeds=seeds, facts=facts)
    (folder / CARD_FILE).write_text(card, encoding="utf-8")
    write_settings(folder, settings, (*_FILES, CARD_FILE))
    _log(log, classifier, answers, scores | costs)
    return scores | costs


def _samples(recipe: Recipe, result: FitResult, item: AnnotatedArticle, codebook: Codebook) -> list[WindowArrays]:
    """Two real batches, one of windows and one of single statements, for the comparison of torch and ONNX."""
    limit = recipe.windows.statement_tokens
    (article,) = encode_articles([item], result.tokenizer, codebook, max_statement_tokens=limit)
    windows = [[article.tokens[index].ids for index in w.statements] for w in plan(article, recipe, "windows")][:2]
    alone = [[tokens.ids] for tokens in article.tokens[:8]]
    return [build_arrays(batch, result.special, pooling=recipe.encoder.pooling) for batch in (windows, alone)]


def _uncalibrated(
    recipe: Recipe, codebook: Codebook, result: FitResult, log: RunLog, facts: dict[str, Any]
) -> ModelSettings:
    n_labels = len(codebook.labels)
    return ModelSettings(
        name=recipe.name,
        codebook=codebook,
        roles=result.roles,
        thresholds=(0.5,) * n_labels,
        temperatures=(1.0,) * n_labels,
        offsets=(0.0,) * n_labels,
        reading=recipe.windows.reading,
        pooling=recipe.encoder.pooling,
        max_tokens=recipe.windows.max_tokens,
        overlap_tokens=recipe.windows.overlap_tokens,
        max_statement_tokens=recipe.windows.statement_tokens,
        special=result.special,
        base=recipe.encoder.base,
        run_id=log.run_id,
        data_hash=str(facts["train_hash"]),
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        scores={},
    )


def _calibrate(folder: Path, settings: ModelSettings, answers: Answers, fixed: Mapping[str, float]) -> ModelSettings:
    """Scales and thresholds that suit the answers, but for fixed ones, written into the folder."""
    temperatures, offsets = fit_scales(answers.logits, answers.targets)
    chosen = choose_thresholds(calibrate(answers.logits, temperatures, offsets), answers.targets)
    thresholds = tuple(fixed.get(label, threshold) for label, threshold in zip(settings.labels, chosen, strict=True))
    settings = replace(settings, temperatures=temperatures, offsets=offsets, thresholds=thresholds)
    return write_settings(folder, settings, _FILES)


def _answers(
    folder: Path, precision: Precision, dev: Sequence[AnnotatedArticle], codebook: Codebook
) -> tuple[Answers, float]:
    """Answers, and how many statements a second it took to give them, those that were read for context included."""
    classifier = Classifier.load(folder, precision=precision)
    counts: list[int] = []
    started = time.perf_counter()
    answers = collect_answers(classifier, dev, codebook, boundaries="annotated", on_statements=counts.append)
    return answers, sum(counts) / (time.perf_counter() - started)


def _count_bytes(folder: Path) -> int:
    """Size of what labelling loads."""
    return sum((folder / name).stat().st_size for name in (weights_file("int8"), TOKENIZER_FILE))


def _changed_share(classifier: Classifier, int8: np.ndarray, fp32: np.ndarray) -> float:
    """Share of statements whose set of labels differs between the precisions, in [0, 1]."""
    thresholds = np.asarray(classifier.settings.thresholds)
    decisions = [classifier.scores(logits) >= thresholds for logits in (int8, fp32)]
    share = float((decisions[0] != decisions[1]).any(axis=1).mean())
    logger.info("int8 changes the labels of %.1f %% of the dev statements", 100 * share)
    return share


def _log(log: RunLog, classifier: Classifier, answers: Answers, scores: dict[str, float]) -> None:
    for name, value in scores.items():
        log.metric(name, value)
    log.params({"model_id": classifier.model_id})
    calibrated = classifier.scores(answers.logits)
    log.figure(plot_precision_recall(answers.targets, calibrated, classifier.settings.labels), "precision_recall.svg")
    log.figure(plot_reliability(answers.targets, calibrated, classifier.settings.labels), "reliability.svg")
