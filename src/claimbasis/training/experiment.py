"""Runs a recipe from data to model folders: one parent run, under it one run a seed, each resumable."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from transformers.utils.logging import disable_progress_bar

from claimbasis.registry.store import has_run
from claimbasis.training.averaging import average_seeds, save_weights
from claimbasis.training.data import ExperimentData, load_data
from claimbasis.training.fit import fit
from claimbasis.training.packaging import package_model
from claimbasis.training.recipe import Recipe
from claimbasis.training.repeat import (
    ENVIRONMENT_FILE,
    RECIPE_FILE,
    describe_changes,
    environment,
    git_commit,
    load_same_data,
    recipe_of,
    render_note,
)
from claimbasis.training.simple import SIMPLE_NAMES, Simple, fit_simple, measure_beside, measure_simple
from claimbasis.training.store import list_trainings, pick_run
from claimbasis.training.tracking import RunLog, open_store, tracked_run

logger = logging.getLogger(__name__)
STATE_FILE, SCORES_FILE = "run.json", "scores.json"


def run_experiment(recipe: Recipe, runs: Path, *, fresh: bool = False) -> dict[str, Path]:
    """Trains all seeds of a recipe, or what is left of them after an interruption.

    Args:
        recipe: All settings.
        runs: Folder for checkpoints and results; the same recipe and data always use the same folder below it.
        fresh: Whether to forget what an earlier start of the same recipe left there.

    Returns:
        The folder of each seed by name, and of their mean where the recipe wants it; the model of an encoder is in
        `model` below it.
    """
    data = load_data(recipe)
    folder = runs / f"{recipe.name}-{recipe.fingerprint}-{data.hash}"
    return _run_seeds(recipe, data, folder, fresh=fresh)


def repeat_run(reference: str, runs: Path, *, fresh: bool = False) -> dict[str, Path]:
    """Trains again what a run of the tracking store trained, as a new run, and says whether its scores came back.

    Args:
        reference: The run's id, or the beginning of it.
        runs: As for `run_experiment`; the repetition has a folder of its own below it.
        fresh: As for `run_experiment`.

    Raises:
        ModelError: There is no such run.
        RecipeError: It holds no recipe, or the data have changed.
    """
    run = pick_run(list_trainings(), reference)
    recipe = recipe_of(run)
    data = load_same_data(run, recipe)
    for change in describe_changes(run):
        logger.warning("the scores may differ from those of run %s: %s", run.run_id, change)
    folder = runs / f"repeat-of-{run.run_id}"
    models = _run_seeds(recipe, data, folder, fresh=fresh)
    seeds = [folder / f"seed-{seed}" for seed in recipe.seeds]
    is_mean = run.parent_id and "seed" not in run.params  # of weights: one model, measured as such
    measured = [models[name] for name in models if name.startswith("mean-")] if is_mean else seeds
    found = float(np.mean([_read_scores(at)["macro_f1"] for at in measured]))
    recorded = run.metrics.get("macro_f1", run.metrics.get("macro_f1_mean", float("nan")))
    logger.info(
        "dev macro-F1 %.6f, in run %s it was %.6f: %s",
        found, run.run_id, recorded, "the same" if found == recorded else "not the same",
    )  # fmt: skip
    return models


def _run_seeds(recipe: Recipe, data: ExperimentData, folder: Path, *, fresh: bool) -> dict[str, Path]:
    disable_progress_bar()  # of loading weights: the bar that matters is that of training
    if fresh and folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    store = open_store()
    logger.info("tracking store %s, working folder %s", store, folder)
    # Other seeds of the recipe share the folder, so that none is trained twice, but what they come to is another run.
    state = folder / f"run-{'-'.join(map(str, recipe.seeds))}.json"
    known = _known_run(state)
    with tracked_run(recipe.name, run_id=known) as parent:
        if known is None:
            parent.params(
                {"recipe": recipe.name, "system": recipe.system, "seeds": recipe.seeds, "git_commit": git_commit()}
                | data.facts
            )
            parent.text(recipe.model_dump_json(indent=2), RECIPE_FILE)
            _tell_how(parent, recipe)
            _remember(state, parent)
        beside = measure_beside(recipe, data) if recipe.system == "encoder" else {}
        folders = {f"seed-{seed}": folder / f"seed-{seed}" for seed in recipe.seeds}
        scores = [
            _run_seed(recipe, seed, data, at, parent) for seed, at in zip(recipe.seeds, folders.values(), strict=True)
        ]
        _log_summary(parent, scores, beside)
        if recipe.average_seeds and len(recipe.seeds) > 1:
            mean = folder / f"mean-{'-'.join(map(str, recipe.seeds))}"
            _run_average(recipe, data, list(folders.values()), mean, parent)
            folders[mean.name] = mean
    return folders


def _tell_how(log: RunLog, recipe: Recipe) -> None:
    """What a run was made with, and how to make it again."""
    log.text("\n".join(environment()), ENVIRONMENT_FILE)
    log.note(render_note(recipe, log.run_id))


def _run_seed(recipe: Recipe, seed: int, data: ExperimentData, folder: Path, parent: RunLog) -> dict[str, float]:
    """Trains one seed unless it is done; returns the scores of its model on dev."""
    if (folder / SCORES_FILE).exists():
        logger.info("seed %d is done already; --fresh trains it again", seed)
        return _read_scores(folder)
    folder.mkdir(parents=True, exist_ok=True)
    known = _known_run(folder / STATE_FILE)
    with tracked_run(f"{recipe.name}-seed-{seed}", run_id=known, parent_id=parent.run_id) as log:
        if known is None:
            log.params(describe_run(recipe, seed, data))
            _tell_how(log, recipe)
            _remember(folder / STATE_FILE, log)  # last: a run that was killed before it told all this is begun anew
        if recipe.system == "encoder":
            scores = _train_encoder(recipe, seed, data, folder, log)
        else:
            scores = measure_simple(fit_simple(recipe.system, recipe, data), data.dev, data.codebook, log)
        (folder / SCORES_FILE).write_text(json.dumps(scores), encoding="utf-8")
    return scores


def _run_average(recipe: Recipe, data: ExperimentData, seeds: Sequence[Path], folder: Path, parent: RunLog) -> None:
    """Packages the mean of the seeds' weights unless it is done, as a run of its own."""
    if (folder / SCORES_FILE).exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    with tracked_run(f"{recipe.name}-{folder.name}", run_id=None, parent_id=parent.run_id) as log:
        log.params(_flatten(recipe.model_dump()) | {"git_commit": git_commit()} | data.facts)
        log.text(recipe.model_dump_json(indent=2), RECIPE_FILE)
        _tell_how(log, recipe)
        result = average_seeds(recipe, data.codebook, seeds)
        scores = package_model(
            recipe, recipe.seeds, result, data.dev, data.codebook, folder / "model", log, facts=data.facts
        )
        log.folder(folder / "model", "model")
        logger.info("dev macro-F1 of the mean of their weights: %.3f", scores["macro_f1"])
    (folder / SCORES_FILE).write_text(json.dumps(scores), encoding="utf-8")


def _train_encoder(recipe: Recipe, seed: int, data: ExperimentData, folder: Path, log: RunLog) -> dict[str, float]:
    result = fit(recipe, seed, data, log, folder / "checkpoints")
    save_weights(result.model, folder)
    scores = package_model(recipe, [seed], result, data.dev, data.codebook, folder / "model", log, facts=data.facts)
    log.folder(folder / "model", "model")
    shutil.rmtree(folder / "checkpoints")  # optimiser states, of no use to a finished run
    return scores


def _read_scores(folder: Path) -> dict[str, float]:
    return dict(json.loads((folder / SCORES_FILE).read_text(encoding="utf-8")))


def _log_summary(parent: RunLog, scores: Sequence[dict[str, float]], beside: Mapping[Simple, dict[str, float]]) -> None:
    for name in scores[0]:
        values = [s[name] for s in scores]
        parent.metric(f"{name}_mean", float(np.mean(values)))
        if len(values) > 1:
            parent.metric(f"{name}_sd", float(np.std(values, ddof=1)))
    macro = [s["macro_f1"] for s in scores]
    logger.info(
        "dev macro-F1 over %d seeds: mean %.3f, from %.3f to %.3f", len(macro), np.mean(macro), min(macro), max(macro)
    )
    for kind, numbers in beside.items():
        for name, value in numbers.items():
            parent.metric(f"baseline_{kind}_{name}", value)
        gain = float(np.mean(macro)) - numbers["macro_f1"]
        parent.metric(f"gain_over_{kind}", gain)
        logger.info("%+.3f over %s (%.3f)", gain, SIMPLE_NAMES[kind], numbers["macro_f1"])


def _known_run(state: Path) -> str | None:
    """The run that an earlier start began here, if the store still knows it."""
    if not state.exists():
        return None
    run_id = str(json.loads(state.read_text(encoding="utf-8"))["run_id"])
    return run_id if has_run(run_id) else None


def _remember(state: Path, log: RunLog) -> None:
    state.write_text(json.dumps({"run_id": log.run_id}), encoding="utf-8")


def describe_run(recipe: Recipe, seed: int, data: ExperimentData) -> dict[str, Any]:
    """All that decides the training of one seed, by name, for the log."""
    return _flatten(recipe.model_dump(exclude={"seeds"})) | {"seed": seed, "git_commit": git_commit()} | data.facts


def _flatten(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _flatten(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return flat
