"""One trial of a sweep: a training that is scored and not packaged, in a tracking run of its own."""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass
from pathlib import Path

from claimbasis.registry.store import has_run
from claimbasis.training.data import load_data
from claimbasis.training.experiment import describe_run
from claimbasis.training.fit import fit
from claimbasis.training.recipe import Recipe
from claimbasis.training.search_space import vary
from claimbasis.training.tracking import open_store, tracked_run
from claimbasis.training.trials import State, Trials

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TrialJob:
    """Which trial of which sweep; all that a worker process needs."""

    recipe: Recipe  # of the sweep
    folder: Path  # of the sweep
    number: int
    parent_id: str  # the sweep's run


def run_trial(job: TrialJob) -> None:
    """Trains a trial from where it was left, and writes its end down.

    A trial that fails for what its settings do (such as too large batches for the memory) is marked so, and does not stop
    the sweep.
    """
    with Trials(job.folder, job.recipe) as trials:
        checkpoints = job.folder / f"trial-{job.number}"
        try:
            state = _run(job, trials, checkpoints)
        except RuntimeError as error:  # torch's, out of memory among them
            logger.error("failed: %s", error)
            state = "failed"
        # In this order: a kill in between leaves a trial that has only to be marked, never checkpoints that nobody removes.
        shutil.rmtree(checkpoints, ignore_errors=True)
        trials.end(job.number, state)


def _run(job: TrialJob, trials: Trials, checkpoints: Path) -> State:
    trial = trials.read()[job.number]
    logger.info(", ".join(f"{key}={_short(value)}" for key, value in trial.settings.items()))
    recipe = vary(job.recipe, trial.settings)
    data = load_data(recipe)
    open_store()
    known = trial.run_id if trial.run_id and has_run(trial.run_id) else None
    with tracked_run(f"trial-{job.number}", run_id=known, parent_id=job.parent_id) as log:
        if known is None:
            log.params({"trial": job.number} | describe_run(recipe, recipe.seeds[0], data))
        trials.begin(job.number, log.run_id)
        watch = _Watch(trials, job.number, recipe)
        # It may have been killed between the score that ended it and the mark that says so.
        if watch.state == "running":
            fit(recipe, recipe.seeds[0], data, log, checkpoints, watch)
        log.params({"trial_state": watch.state})
        log.metric("best_dev_macro_f1", trials.read()[job.number].score)
        return watch.state


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


class _Watch:
    """Writes down the score of each epoch, and judges the trial by its scores alone."""

    def __init__(self, trials: Trials, number: int, recipe: Recipe) -> None:
        self._trials, self._number, self._settings = trials, number, recipe.optimisation
        self._scores = trials.read()[number].scores

    def goes_on(self, epoch: int, dev_macro_f1: float) -> bool:
        """See `claimbasis.training.callbacks.Watch`."""
        self._trials.report(self._number, epoch, dev_macro_f1)
        self._scores = (*self._scores[: epoch - 1], dev_macro_f1)
        return self.state == "running"

    @property
    def state(self) -> State:
        """What the scores so far make of the trial."""
        scores = self._scores
        if not scores:
            return "running"
        # The Trainer counts its patience anew after a kill.
        without_gain = len(scores) - 1 - scores.index(max(scores))
        if len(scores) >= self._settings.epochs or without_gain >= self._settings.patience:
            return "complete"
        return "pruned" if self._trials.is_hopeless(self._number, scores) else "running"
