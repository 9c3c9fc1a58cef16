"""Runs a sweep: rounds of trials under one parent run, and the best recipe as a file that can be trained."""

from __future__ import annotations

import json
import logging
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import tomli_w
import torch
from transformers.utils.logging import disable_progress_bar

from claimbasis.corpus.annotated import text_hash
from claimbasis.errors import SweepError
from claimbasis.registry.store import has_run
from claimbasis.training.data import load_data
from claimbasis.training.recipe import Recipe
from claimbasis.training.repeat import git_commit
from claimbasis.training.search_space import require_space, vary
from claimbasis.training.sweep_plots import plot_history, plot_importance
from claimbasis.training.tracking import RunLog, mark_killed, open_store, tracked_run
from claimbasis.training.trial import TrialJob, run_trial
from claimbasis.training.trials import Trial, Trials
from claimbasis.training.workers import Workers

logger = logging.getLogger(__name__)
BEST_FILE = "best.toml"
_LOCK_FILE = "lock.sqlite"
Runner = Callable[[Sequence[TrialJob]], Iterator[int]]  # gives the number of each trial as it ends


@dataclass(frozen=True, slots=True)
class SweepResult:
    """What a sweep found."""

    best: Trial
    recipe_file: Path  # the recipe of the best trial, without the sweep
    n_failed: int


def run_sweep(recipe: Recipe, runs: Path, *, n_workers: int = 1, fresh: bool = False) -> SweepResult:
    """Trains all trials of a sweep, or what is left of them after an interruption.

    Args:
        recipe: Has a sweep. More trials than at an earlier start are added to those that are there.
        runs: Folder for checkpoints and results; the same recipe, sweep and data always use the same folder below it.
        n_workers: Trials that are trained at a time, each in a process of its own and with its share of the cores.
        fresh: Whether to forget what an earlier start left there.

    Raises:
        RecipeError: The recipe has no sweep, or one over settings or values that it does not allow.
        SweepError: The same sweep is running already, no trial was completed, or a worker died.
    """
    sweep = require_space(recipe)
    disable_progress_bar()  # of loading weights, as in a single training
    data = load_data(recipe)
    settings = [recipe.fingerprint, recipe.seeds[0], sweep.model_dump(exclude={"n_trials"})]
    folder = runs / f"{recipe.name}-sweep-{text_hash(json.dumps(settings))[:8]}-{data.hash}"
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        if fresh:
            _clear(folder)
        logger.info("tracking store %s, working folder %s", open_store(), folder)
        logger.info("%d trials, numbered from 0, in rounds of %d", sweep.n_trials, sweep.round_size)
        with Trials(folder, recipe) as trials:
            known = trials.run_id if trials.run_id and has_run(trials.run_id) else None
            with tracked_run(f"{recipe.name}-sweep", run_id=known) as parent:
                if known is None:
                    facts = {"recipe": recipe.name, "seed": recipe.seeds[0], "git_commit": git_commit()}
                    parent.params(facts | data.facts)
                trials.run_id = parent.run_id
                parent.text(_to_toml(recipe, {"sweep": sweep.model_dump(exclude_defaults=True)}), "recipe.toml")
                try:
                    _run_rounds(recipe, trials, folder, parent, n_workers)
                except (KeyboardInterrupt, SweepError):
                    for run_id in (trial.run_id for trial in trials.read() if trial.state == "running"):
                        mark_killed(str(run_id))
                    raise
                return _conclude(recipe, trials, folder, parent)


def _run_rounds(recipe: Recipe, trials: Trials, folder: Path, parent: RunLog, n_workers: int) -> None:
    sweep = require_space(recipe)
    with _runner(min(n_workers, sweep.round_size)) as run:
        for first in range(0, sweep.n_trials, sweep.round_size):
            todo = [trial for trial in trials.plan_round(first, sweep.n_trials) if not trial.is_over]
            for number in run([TrialJob(recipe, folder, trial.number, parent.run_id) for trial in todo]):
                _tell(trials, number)
            if todo:
                _show(trials, parent)


@contextmanager
def _runner(n_workers: int) -> Iterator[Runner]:
    """Runs trials here, or in processes beside this one."""
    if n_workers == 1:
        yield _run_here
        return
    with Workers(n_workers, n_threads=max(1, torch.get_num_threads() // n_workers)) as workers:
        yield workers.run


def _run_here(jobs: Sequence[TrialJob]) -> Iterator[int]:
    for job in jobs:
        logger.info("trial %d", job.number)
        run_trial(job)
        yield job.number


def _tell(trials: Trials, number: int) -> None:
    trial, best = trials.read()[number], trials.best()
    logger.info(
        "trial %d is over (%s, epochs: %d): dev macro-F1 %.3f; best so far: %s",
        number,
        trial.state,
        len(trial.scores),
        trial.score,
        f"trial {best.number} with {best.score:.3f}" if best else "none",
    )


def _show(trials: Trials, parent: RunLog) -> None:
    """Pictures and numbers that anybody who looks at the running sweep sees, too."""
    over = [trial for trial in trials.read() if trial.is_over]
    parent.figure(plot_history(over), "history.svg")
    if importance := trials.importance():
        parent.figure(plot_importance(importance), "importance.svg")
    for state in ("complete", "pruned", "failed"):
        parent.metric(f"n_{state}", sum(trial.state == state for trial in over))
    if best := trials.best():
        parent.metric("best_dev_macro_f1", best.score)
        parent.metric("best_trial", best.number)


def _conclude(recipe: Recipe, trials: Trials, folder: Path, parent: RunLog) -> SweepResult:
    best = trials.best()
    if best is None:
        raise SweepError(
            f"{folder}: none of {len(trials.read())} trials was completed; see above why they failed, change the recipe or its "
            "sweep, or begin anew with --fresh"
        )
    content = (
        f"# Trial {best.number} of the sweep over {recipe.name!r}, the best of {len(trials.read())}: dev macro-F1 "
        f"{best.score:.4f} with seed {recipe.seeds[0]}, before export.\n"
        + _to_toml(vary(recipe, best.settings | {"name": f"{recipe.name}-best"}), {})
    )
    (folder / BEST_FILE).write_text(content, encoding="utf-8")
    parent.text(content, BEST_FILE)
    return SweepResult(best, folder / BEST_FILE, sum(trial.state == "failed" for trial in trials.read()))


def _to_toml(recipe: Recipe, more: dict[str, object]) -> str:
    return tomli_w.dumps(recipe.model_dump(exclude_none=True) | more)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keeps a second start of the same sweep out; the lock ends with the process, however it ends."""
    with closing(sqlite3.connect(folder / _LOCK_FILE, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise SweepError(
                f"{folder}: this sweep is running already ({error}); wait for its end, or stop it"
            ) from error
        yield


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != _LOCK_FILE:
            path.unlink()
