"""Runs a recipe from data to model folders: one parent run, under it one run a seed, each resumable."""

from __future__ import annotations

import importlib.metadata
import json
import logging
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from transformers.utils.logging import disable_progress_bar

from claimbasis.codebook import Codebook, shipped_codebook
from claimbasis.corpus.annotated import AnnotatedArticle, data_hash, read_corpus, require_separate
from claimbasis.corpus.splits import split_by_article
from claimbasis.training.fit import fit
from claimbasis.training.packaging import package_model
from claimbasis.training.recipe import Recipe
from claimbasis.training.tracking import RunLog, find_run, open_store, tracked_run

logger = logging.getLogger(__name__)
STATE_FILE = "run.json"


@dataclass(frozen=True, slots=True)
class ExperimentData:
    """What a recipe trains on and chooses by."""

    train: list[AnnotatedArticle]
    dev: list[AnnotatedArticle]

    @property
    def facts(self) -> dict[str, Any]:
        """Sizes and fingerprints, for the log."""
        sides = {"train": self.train, "dev": self.dev}
        return {f"{name}_hash": data_hash(side) for name, side in sides.items()} | {
            f"{name}_{unit}": count
            for name, side in sides.items()
            for unit, count in (("articles", len(side)), ("statements", sum(len(a.statements) for a in side)))
        }


def load_data(recipe: Recipe) -> ExperimentData:
    """Reads, checks and splits the recipe's data.

    Raises:
        CorpusError: A file breaks a rule, or an article stands on both sides.
    """
    train = read_corpus(recipe.data.train)
    # The split and the choice of articles belong to the recipe, not to the seed: all seeds see the same data.
    rng = np.random.default_rng(0)
    if recipe.data.dev:
        dev = read_corpus(recipe.data.dev)
        require_separate(train, dev)
    else:
        train, dev = split_by_article(train, dev_share=recipe.data.dev_share, rng=rng)
    return ExperimentData(
        _choose(train, recipe.data.max_articles, rng), _choose(dev, recipe.data.max_dev_articles, rng)
    )


def _choose(articles: list[AnnotatedArticle], n: int | None, rng: np.random.Generator) -> list[AnnotatedArticle]:
    return articles if n is None else [articles[i] for i in sorted(rng.permutation(len(articles))[:n].tolist())]


def run_experiment(recipe: Recipe, runs: Path, *, fresh: bool = False) -> dict[int, Path]:
    """Trains all seeds of a recipe, or what is left of them after an interruption.

    Args:
        recipe: All settings.
        runs: Folder for checkpoints and results; the same recipe and data always use the same folder below it.
        fresh: Whether to forget what an earlier start of the same recipe left there.

    Returns:
        The model folder of each seed.
    """
    disable_progress_bar()  # of loading weights: the bar that matters is that of training
    codebook = shipped_codebook()
    data = load_data(recipe)
    folder = runs / f"{recipe.name}-{recipe.fingerprint}-{data_hash([*data.train, *data.dev])[:8]}"
    if fresh and folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    store = open_store()
    logger.info("tracking store %s, working folder %s", store, folder)
    known = _known_run(folder)
    with tracked_run(recipe.name, run_id=known) as parent:
        _remember(folder, parent)
        if known is None:
            parent.params({"recipe": recipe.name, "seeds": recipe.seeds} | data.facts)
            parent.text(recipe.model_dump_json(indent=2), "recipe.json")
        scores = {
            seed: _run_seed(recipe, seed, data, codebook, folder / f"seed-{seed}", parent) for seed in recipe.seeds
        }
        _log_summary(parent, list(scores.values()))
    return {seed: folder / f"seed-{seed}" / "model" for seed in recipe.seeds}


def _run_seed(
    recipe: Recipe, seed: int, data: ExperimentData, codebook: Codebook, folder: Path, parent: RunLog
) -> dict[str, float]:
    """Trains one seed unless it is done; returns the scores of its model on dev."""
    done = folder / "scores.json"
    if done.exists():
        logger.info("seed %d is done already; --fresh trains it again", seed)
        return dict(json.loads(done.read_text(encoding="utf-8")))
    folder.mkdir(parents=True, exist_ok=True)
    known = _known_run(folder)
    with tracked_run(f"{recipe.name}-seed-{seed}", run_id=known, parent_id=parent.run_id) as log:
        _remember(folder, log)
        if known is None:
            log.params(describe_run(recipe, seed, data))
            log.text("\n".join(_environment()), "environment.txt")
        result = fit(recipe, seed, data.train, data.dev, codebook, log, folder / "checkpoints")
        scores = package_model(recipe, seed, result, data.dev, codebook, folder / "model", log, facts=data.facts)
        log.folder(folder / "model", "model")
        done.write_text(json.dumps(scores), encoding="utf-8")
        shutil.rmtree(folder / "checkpoints")  # optimiser states, of no use to a finished run
    return scores


def _log_summary(parent: RunLog, scores: Sequence[dict[str, float]]) -> None:
    for name in scores[0]:
        values = [s[name] for s in scores]
        parent.metric(f"{name}_mean", float(np.mean(values)))
        if len(values) > 1:
            parent.metric(f"{name}_sd", float(np.std(values, ddof=1)))
    macro = [s["macro_f1"] for s in scores]
    logger.info(
        "dev macro-F1 over %d seeds: mean %.3f, from %.3f to %.3f", len(macro), np.mean(macro), min(macro), max(macro)
    )


def _known_run(folder: Path) -> str | None:
    """The run that an earlier start began here, if the store still knows it."""
    state = folder / STATE_FILE
    if not state.exists():
        return None
    run_id = str(json.loads(state.read_text(encoding="utf-8"))["run_id"])
    return run_id if find_run(run_id) else None


def _remember(folder: Path, log: RunLog) -> None:
    (folder / STATE_FILE).write_text(json.dumps({"run_id": log.run_id}), encoding="utf-8")


def describe_run(recipe: Recipe, seed: int, data: ExperimentData) -> dict[str, Any]:
    """All that decides the training of one seed, by name, for the log."""
    return _flatten(recipe.model_dump(exclude={"seeds"})) | {"seed": seed, "git_commit": git_commit()} | data.facts


def git_commit() -> str:
    """The commit of the working directory, with a mark when files have changed; "unknown" outside a repository."""
    try:
        commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit.stdout.strip()


def _environment() -> list[str]:
    return sorted({f"{d.metadata['Name']}=={d.version}" for d in importlib.metadata.distributions()})


def _flatten(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _flatten(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return flat
