"""Two finished runs, or model folders, on the same articles: who is better, told to MLflow too."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from claimbasis.codebook import Codebook
from claimbasis.corpus.annotated import AnnotatedArticle, data_hash, read_corpus
from claimbasis.errors import CorpusError, ModelError
from claimbasis.evaluation.decisions import place_statements
from claimbasis.evaluation.metrics import Bools
from claimbasis.evaluation.paired import PairedComparison, find_changes, measure_differences
from claimbasis.evaluation.paired_output import plot_changes, plot_differences
from claimbasis.evaluation.protocol import annotated_targets, collect_answers
from claimbasis.inference.classifier import Classifier
from claimbasis.inference.reading import OnStatements
from claimbasis.model import SETTINGS_FILE
from claimbasis.training.repeat import load_same_data, recipe_of
from claimbasis.training.simple import Simple, fit_simple
from claimbasis.training.store import RunRecord, children_of, list_trainings, pick_run
from claimbasis.training.tracking import COMPARISON_TAG, fetch_model, open_store, tracked_run

Predict = Callable[[Sequence[AnnotatedArticle], OnStatements | None], Bools]


@dataclass(frozen=True, slots=True)
class Contender:
    """A system to compare."""

    name: str
    run: RunRecord | None  # None for a model folder whose run is not in this store
    codebook: Codebook  # of the k labels that it gives
    predict: Predict  # labels of all annotated statements, shape (n, k)


def find_contender(reference: str, runs: list[RunRecord]) -> Contender:
    """What a model folder, a run id or the beginning of one stands for.

    Raises:
        ModelError: It is none of these, or a run of several seeds.
    """
    folder = Path(reference)
    if (folder / SETTINGS_FILE).is_file():
        classifier = Classifier.load(folder)
        by_id = {run.run_id: run for run in runs}
        return _contend(classifier, reference, by_id.get(classifier.settings.run_id))
    run = pick_run(runs, reference)
    parts = children_of(runs, run)
    if len(parts) > 1:
        names = ", ".join(f"{part.run_id[:8]} (seed {part.params.get('seed', '?')})" for part in parts)
        raise ModelError(f"run {reference}: has {len(parts)} models, compare one of them: {names}")
    (run,) = parts or [run]
    if run.params.get("system", "encoder") != "encoder":
        return _learn_again(run)
    classifier = Classifier.load(fetch_model(run.run_id))
    return _contend(classifier, f"run {run.run_id[:8]}", run)


def _learn_again(run: RunRecord) -> Contender:
    """A simple system, from its recipe and data: it has no model folder."""
    recipe = recipe_of(run)
    data = load_same_data(run, recipe)
    system = fit_simple(cast(Simple, recipe.system), recipe, data)
    name = f"{system.name} (run {run.run_id[:8]})"
    return Contender(name, run, data.codebook, lambda articles, _: system.predict(articles))


def _contend(classifier: Classifier, where: str, run: RunRecord | None) -> Contender:
    codebook = classifier.settings.codebook

    def predict(articles: Sequence[AnnotatedArticle], on_statements: OnStatements | None) -> Bools:
        answers = collect_answers(classifier, articles, codebook, boundaries="annotated", on_statements=on_statements)
        return np.asarray(classifier.scores(answers.logits) >= np.asarray(classifier.settings.thresholds))

    return Contender(f"{classifier.model_id} ({where})", run, codebook, predict)


def compare_runs(
    references: tuple[str, str], files: Sequence[str], *, on_statements: OnStatements | None = None
) -> tuple[PairedComparison, str]:
    """Compares two systems and writes the result down as a run of its own.

    Args:
        references: Model folders, run ids, or beginnings of these.
        files: Annotated articles; the dev articles of both runs when empty.
        on_statements: Called with the number of statements done.

    Returns:
        The comparison, and the id of the run that holds its pictures.

    Raises:
        ModelError: One is not found.
        CorpusError: No files are named, and the two have no dev articles in common, or they give different labels.
    """
    runs = list_trainings()
    first, second = (find_contender(reference, runs) for reference in references)
    labels = first.codebook.label_names
    if second.codebook.label_names != labels:
        raise CorpusError(f"the two give different labels ({labels} and {second.codebook.label_names})")
    articles = read_corpus(files, codebook=first.codebook) if files else _common_dev(first, second)
    targets, index = annotated_targets(articles, first.codebook)
    before, after = (each.predict(articles, on_statements) for each in (first, second))
    comparison = PairedComparison(
        first.name,
        second.name,
        f"{len(articles)} articles, {len(targets)} statements, hash {data_hash(articles)}",
        measure_differences(targets, before, after, index, labels=labels, rng=np.random.default_rng(0)),
        find_changes(targets, before, after, labels),
        place_statements(articles),
    )
    return comparison, _log(comparison, first, second)


def _common_dev(first: Contender, second: Contender) -> list[AnnotatedArticle]:
    hashes = [each.run.params.get("dev_hash") if each.run else None for each in (first, second)]
    if first.run is None or None in hashes:
        raise CorpusError("name annotated articles to compare on: the store does not know the dev articles of both")
    if len(set(hashes)) > 1:
        raise CorpusError(
            f"the two were measured on different dev articles ({hashes[0]} and {hashes[1]}); name annotated articles that "
            "neither has learned from"
        )
    return load_same_data(first.run, recipe_of(first.run)).dev


def _log(comparison: PairedComparison, first: Contender, second: Contender) -> str:
    open_store()
    sides = [each.run.run_id if each.run else each.name for each in (first, second)]
    with tracked_run(f"compare {sides[0][:8]} {sides[1][:8]}", tags={COMPARISON_TAG: " ".join(sides)}) as log:
        log.params({"first": first.name, "second": second.name, "data": comparison.data})
        for item in comparison.differences:
            for part, value in {"": item.value, "_low": item.low, "_high": item.high, "_p": item.p_value}.items():
                if not math.isnan(value):
                    log.metric(f"f1_difference_{item.name}{part}", value)
        log.figure(plot_differences(comparison), "difference.svg")
        log.figure(plot_changes(comparison), "changed_statements.svg")
        log.note(
            f"Second against first: {comparison.verdict}\n\n- first: {first.name}\n- second: {second.name}\n"
            f"- on {comparison.data}\n"
        )
        return log.run_id
