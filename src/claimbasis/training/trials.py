"""The trials of a sweep: what was tried, what came of it, and what to try next. The only door to Optuna.

A sweep that is killed and started again must end where an undisturbed one ends. Samplers and pruners usually look at
whatever has been finished by the moment they are asked, and so depend on timing. Here trials go in rounds of a size that the recipe fixes. What trial k tries, and whether it is pruned, depends on the recipe, on k, and on the
trials of *earlier rounds*, all of which are finished before its own round begins:

- The settings of a round are drawn and written down before any of its trials starts, each by a sampler of its own whose
  seed comes from the sweep's seed and k. A trial that ran when the sweep was killed stands there with its settings, and is
  trained with them again, from its last whole epoch.
- Each epoch's score is written down before its checkpoint, and the verdict on a trial (goes on, complete, pruned) is
  computed from the written scores; a start after a kill repeats the last verdict before it trains.

The price is that workers wait for the last trial of a round. What is left to chance is the processor: other numbers of threads
add in another order, so go on with as many workers as before if the last digit matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import TrialState, create_trial

from claimbasis.training.recipe import Range, Recipe
from claimbasis.training.search_space import is_whole, require_space

STORAGE_FILE = "trials.sqlite"
_STUDY = "sweep"
_MIN_FOR_IMPORTANCE = 4  # complete trials; with fewer the shares would be noise
State = Literal["waiting", "running", "complete", "pruned", "failed"]
_STATES: dict[TrialState, State] = {
    TrialState.WAITING: "waiting",
    TrialState.RUNNING: "running",
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
}


@dataclass(frozen=True, slots=True)
class Trial:
    """One training of a sweep."""

    number: int  # from 0
    state: State
    settings: dict[str, Any]  # what it changes in the recipe, by dotted key
    scores: tuple[float, ...]  # dev macro-F1 by epoch, so far
    run_id: str | None  # None before it began

    @property
    def score(self) -> float:
        """Dev macro-F1 of the best epoch so far, in [0, 1]."""
        return max(self.scores, default=0.0)

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to be done for it."""
        return self.state in ("complete", "pruned", "failed")


class Trials:
    """All trials of a sweep, kept in a SQLite file that several processes may have open."""

    def __init__(self, folder: Path, recipe: Recipe) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._sweep = require_space(recipe)
        self._distributions = {
            key: _distribution(found, whole=is_whole(recipe, key)) for key, found in self._sweep.space.items()
        }
        self._storage = optuna.storages.RDBStorage(
            f"sqlite:///{folder / STORAGE_FILE}", engine_kwargs={"connect_args": {"timeout": 60}}
        )
        self._study = optuna.create_study(
            storage=self._storage, study_name=_STUDY, direction="maximize", load_if_exists=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the file."""
        self._storage.remove_session()
        self._storage.engine.dispose()

    @property
    def run_id(self) -> str | None:
        """The tracking run of the whole sweep, None before it began."""
        return self._study.user_attrs.get("run_id")

    @run_id.setter
    def run_id(self, run_id: str) -> None:
        self._study.set_user_attr("run_id", run_id)

    def read(self) -> list[Trial]:
        """All trials so far, by number."""
        return [
            Trial(
                number=found.number,
                state=_STATES[found.state],
                settings=found.params,
                scores=tuple(score for _, score in sorted(found.intermediate_values.items())),
                run_id=found.user_attrs.get("run_id"),
            )
            for found in self._study.get_trials(deepcopy=False)
        ]

    def best(self) -> Trial | None:
        """The complete trial with the best score, of equals the first; None before any is complete."""
        complete = [trial for trial in self.read() if trial.state == "complete"]
        return max(complete, key=lambda trial: (trial.score, -trial.number), default=None)

    def plan_round(self, number: int, stop: int) -> list[Trial]:
        """The trials of the round of trial `number` that come before trial `stop`; draws those that are missing.

        All earlier rounds must be over.
        """
        first = self._round_start(number)
        stop = min(first + self._sweep.round_size, stop)
        for missing in range(len(self._study.get_trials(deepcopy=False)), stop):
            # One transaction: a kill leaves a trial with all its settings, or none.
            settings = self._draw(missing)
            self._study.add_trial(
                create_trial(state=TrialState.WAITING, params=settings, distributions=self._distributions)
            )
        return self.read()[first:stop]

    def begin(self, number: int, run_id: str) -> None:
        """Marks a trial as running, in some tracking run."""
        self._storage.set_trial_user_attr(self._id(number), "run_id", run_id)
        self._storage.set_trial_state_values(self._id(number), TrialState.RUNNING)

    def report(self, number: int, epoch: int, score: float) -> None:
        """Writes down the dev macro-F1 of an epoch, the first being 1."""
        self._storage.set_trial_intermediate_value(self._id(number), epoch, score)

    def is_hopeless(self, number: int, scores: tuple[float, ...]) -> bool:
        """Whether a trial with these scores so far should be pruned."""
        pruner = optuna.pruners.PercentilePruner(
            self._sweep.keep_percent,
            n_startup_trials=self._sweep.startup_trials,
            n_warmup_steps=self._sweep.warmup_epochs + 1,  # the first step that may be the last
        )
        own = create_trial(state=TrialState.RUNNING, intermediate_values=dict(enumerate(scores, start=1)))
        return pruner.prune(self._earlier_rounds(number), own)

    def end(self, number: int, state: State) -> None:
        """Marks a trial as over."""
        (ended,) = (ours for ours, name in _STATES.items() if name == state)
        trial = self.read()[number]
        self._storage.set_trial_state_values(self._id(number), ended, [trial.score] if trial.scores else None)

    def importance(self) -> dict[str, float]:
        """What share of the differences between complete trials each setting explains, largest first; {} if unknown."""
        complete = [trial for trial in self.read() if trial.state == "complete"]
        if len(complete) < _MIN_FOR_IMPORTANCE or len({trial.score for trial in complete}) == 1:
            return {}
        return optuna.importance.get_param_importances(self._study)

    def _id(self, number: int) -> int:
        return self._storage.get_trial_id_from_study_id_trial_number(
            self._storage.get_study_id_from_name(_STUDY), number
        )

    def _round_start(self, number: int) -> int:
        return number - number % self._sweep.round_size

    def _earlier_rounds(self, number: int, sampler: BaseSampler | None = None) -> optuna.Study:
        """A study in memory that knows what trial `number` may know."""
        known = optuna.create_study(direction="maximize", sampler=sampler or RandomSampler(seed=0))
        known.add_trials(self._study.get_trials(deepcopy=False)[: self._round_start(number)])
        return known

    def _draw(self, number: int) -> dict[str, Any]:
        seed = int(np.random.SeedSequence((self._sweep.seed, number)).generate_state(1)[0])
        first = self._round_start(number)
        informed = first >= self._sweep.startup_trials
        known = self._earlier_rounds(
            number, TPESampler(n_startup_trials=1, seed=seed) if informed else RandomSampler(seed)
        )
        # Without their scores: the sampler then looks elsewhere than where its neighbours do.
        for found in self._study.get_trials(deepcopy=False)[first:number]:
            known.add_trial(
                create_trial(state=TrialState.RUNNING, params=found.params, distributions=found.distributions)
            )
        return dict(known.ask(self._distributions).params)


def _distribution(found: Range, *, whole: bool) -> BaseDistribution:
    if found.choices is not None:
        return CategoricalDistribution(found.choices)
    low, high = found.low, found.high
    assert low is not None and high is not None  # noqa: S101  # the recipe was checked
    if whole:
        return IntDistribution(int(low), int(high), log=found.log, step=int(found.step or 1))
    return FloatDistribution(float(low), float(high), log=found.log, step=found.step)
