"""Sweeps on a small random encoder: what they leave behind, and that kills change nothing of it."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import mlflow
import pytest
from transformers import Trainer

from claimbasis import RecipeError
from claimbasis.cli import main
from claimbasis.training.recipe import Recipe, read_recipe
from claimbasis.training.search_space import require_space, vary
from claimbasis.training.sweep_plots import plot_history, plot_importance
from claimbasis.training.tracking import open_store
from claimbasis.training.trials import Trial, Trials

SWEEP = """
[sweep]
n_trials = 3
round_size = 2
startup_trials = 2
[sweep.space]
"optimisation.learning_rate" = { low = 1e-4, high = 1e-2, log = true }
"encoder.pooling" = { choices = ["both", "mean"] }
"""


@pytest.fixture
def sweep_file(workplace: Path) -> Path:
    """A sweep of three trials of two epochs, with chance in the network."""
    recipe = (workplace / "recipe.toml").read_text(encoding="utf-8")
    recipe = recipe.replace("epochs = 12", "epochs = 2").replace("dropout = 0.0", "dropout = 0.1")
    path = workplace / "sweep.toml"
    path.write_text(recipe.replace('[spans]\npolnear = ["polnear.jsonl"]', "") + SWEEP, encoding="utf-8")
    return path


def read_trials(recipe: Path, runs: str = "runs") -> list[Trial]:
    (folder,) = Path(runs).glob("tiny-sweep-*")
    with Trials(folder, read_recipe(recipe)) as trials:
        return trials.read()


def outcomes(trials: list[Trial]) -> list[tuple[object, ...]]:
    """All of it but the tracking runs."""
    return [(t.number, t.state, t.settings, t.scores) for t in trials]


def test_a_sweep_leaves_nested_runs_pictures_and_a_recipe_that_can_be_trained(
    sweep_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert main(["sweep", "sweep.toml"]) == 0
    trials = read_trials(sweep_file)
    assert [t.state for t in trials[:2]] == ["complete", "complete"]
    assert all(t.is_over for t in trials)
    best = max(trials[:2] + [t for t in trials[2:] if t.state == "complete"], key=lambda t: t.score)

    open_store()
    runs = {run.info.run_id: run for run in mlflow.search_runs(experiment_names=["claimbasis"], output_format="list")}
    children = [runs[t.run_id] for t in trials if t.run_id]
    (parent,) = {child.data.tags["mlflow.parentRunId"] for child in children}
    # MLflow keeps one relative store for all tests of a process.
    family = [r for r in runs.values() if parent in (r.info.run_id, r.data.tags.get("mlflow.parentRunId"))]
    assert [run.info.status for run in family] == ["FINISHED"] * 4
    assert [child.data.params["trial_state"] for child in children] == [t.state for t in trials]
    assert [child.data.metrics["best_dev_macro_f1"] for child in children] == [t.score for t in trials]
    assert runs[parent].data.metrics["best_dev_macro_f1"] == best.score
    artifacts = {a.path for a in mlflow.MlflowClient().list_artifacts(parent)}
    assert {"history.svg", "best.toml", "recipe.toml"} <= artifacts
    assert not mlflow.MlflowClient().list_artifacts(str(children[0].info.run_id))

    (file,) = Path("runs").glob("tiny-sweep-*/best.toml")
    assert f"claimbasis train {file}" in caplog.text
    expected = vary(read_recipe(sweep_file), {**best.settings, "name": "tiny-best"})
    assert read_recipe(file) == expected
    assert main(["train", str(file), "--set", "seeds=[1]", "--set", "optimisation.epochs=1"]) == 0
    assert len(list(Path("runs").glob("tiny-best-*/seed-1/model"))) == 1

    # No checkpoints are left. A second start has nothing to do; more trials are added to those that are there.
    assert {path.name for path in file.parent.iterdir()} == {"best.toml", "trials.sqlite", "lock.sqlite"}
    assert main(["sweep", "sweep.toml", "--trials", "4"]) == 0
    more = read_trials(sweep_file)
    assert more[:3] == trials
    assert len(more) == 4
    with closing(sqlite3.connect(file.parent / "lock.sqlite", isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        assert main(["sweep", "sweep.toml", "--fresh"]) == 2
    assert "is running already" in caplog.text
    assert read_trials(sweep_file) == more
    # The recipe itself can be trained as well, without its sweep.
    assert read_recipe(sweep_file).fingerprint == read_recipe(sweep_file, ["sweep.n_trials=9"]).fingerprint


@pytest.mark.slow
def test_a_sweep_killed_or_stopped_at_any_moment_ends_like_an_undisturbed_one(
    sweep_file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert main(["sweep", "sweep.toml", "--runs", "whole"]) == 0
    whole = outcomes(read_trials(sweep_file, "whole"))

    command = [sys.executable, "-m", "claimbasis.cli", "sweep", "sweep.toml"]
    with subprocess.Popen(command, env=os.environ | {"OMP_NUM_THREADS": "1"}, stderr=subprocess.PIPE) as process:
        wait_for(lambda: count_scores() >= 3, process)  # of the second trial
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert [t.state for t in read_trials(sweep_file)] == ["complete", "running"]
    assert main(["sweep", "sweep.toml"]) == 0
    assert outcomes(read_trials(sweep_file)) == whole
    best = [next(Path(runs).glob("*/best.toml")).read_text() for runs in ("runs", "whole")]
    assert best[0] == best[1]

    # After what is written down, and between that and what follows.
    chance = random.Random(1)  # noqa: S311  # nothing secret
    for owner, name in ((Trials, "begin"), (Trials, "report"), (Trainer, "_save_checkpoint"), (Trials, "end")):
        monkeypatch.setattr(owner, name, stop_by_chance(getattr(owner, name), chance))
    codes = []
    while not codes or codes[-1] == 130:
        codes.append(main(["sweep", "sweep.toml", "--runs", "stopped"]))
    assert codes[-1] == 0
    assert len(codes) > 2
    assert "The same command goes on" in caplog.text
    assert outcomes(read_trials(sweep_file, "stopped")) == whole


def stop_by_chance(method: Callable[..., None], chance: random.Random) -> Callable[..., None]:
    """The method, and after one call in five a Ctrl-C."""

    def stop(*arguments: object) -> None:
        method(*arguments)
        if chance.random() < 0.2:
            raise KeyboardInterrupt

    return stop


def count_scores() -> int:
    """Epochs that the sweep of another process has written down."""
    for file in Path("runs").glob("*/trials.sqlite"):
        with closing(sqlite3.connect(file, timeout=10)) as connection:
            try:
                return int(connection.execute("SELECT count(*) FROM trial_intermediate_values").fetchone()[0])
            except sqlite3.OperationalError:  # not there yet
                return 0
    return 0


def wait_for(is_true: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 100
    while not is_true():
        assert process.poll() is None, ((process.stderr and process.stderr.read()) or b"").decode()
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.slow
def test_a_trial_that_fails_does_not_stop_the_others(
    sweep_file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    n_calls = 0

    def fail_first(*_: object) -> None:
        nonlocal n_calls
        n_calls += 1
        if n_calls == 1:
            raise RuntimeError("out of memory")
        watch = _[-1]
        for epoch in (1, 2):
            watch.goes_on(epoch, 0.1 * epoch)  # type: ignore[attr-defined]

    monkeypatch.setattr("claimbasis.training.trial.fit", fail_first)
    assert main(["sweep", "sweep.toml"]) == 1
    assert [t.state for t in read_trials(sweep_file)] == ["failed", "complete", "complete"]
    assert "out of memory" in caplog.text
    monkeypatch.setattr("claimbasis.training.trial.fit", lambda *_: (_ for _ in ()).throw(RuntimeError("broken")))
    assert main(["sweep", "sweep.toml", "--fresh"]) == 2
    assert "none of 3 trials was completed" in caplog.text


def finish(trials: Trials, number: int) -> None:
    """Ends a trial without training: the larger its learning rate, the better."""
    settings = trials.read()[number].settings
    trials.begin(number, f"run-{number}")
    scores: tuple[float, ...] = ()
    for epoch in (1, 2, 3):
        scores = (*scores, 20 * epoch * float(settings["optimisation.learning_rate"]))
        trials.report(number, epoch, scores[-1])
        if epoch < 3 and trials.is_hopeless(number, scores):
            return trials.end(number, "pruned")
    return trials.end(number, "complete")


def run_without_training(folder: Path, recipe: Recipe, *, last_first: bool) -> list[tuple[object, ...]]:
    folder.mkdir()
    trials = Trials(folder, recipe)
    for first in range(0, 12, 4):
        planned = [trial.number for trial in trials.plan_round(first, 12)]
        for number in sorted(planned, reverse=last_first):
            finish(Trials(folder, recipe) if last_first else trials, number)
    return outcomes(trials.read())


@pytest.mark.slow
def test_trials_do_not_depend_on_which_of_a_round_ends_first(sweep_file: Path, tmp_path: Path) -> None:
    recipe = read_recipe(sweep_file, ["sweep.round_size=4", "sweep.startup_trials=4"])
    found = run_without_training(tmp_path / "a", recipe, last_first=False)
    assert found == run_without_training(tmp_path / "b", recipe, last_first=True)
    other = read_recipe(sweep_file, ["sweep.round_size=4", "sweep.startup_trials=4", "sweep.seed=2"])
    assert found != run_without_training(tmp_path / "c", other, last_first=False)
    # Later trials look where earlier ones were good, and bad ones end early.
    states = [state for _, state, _, _ in found]
    assert states[:4] == ["complete"] * 4
    assert 2 <= states.count("pruned") <= 7
    trials = Trials(tmp_path / "a", recipe)
    importance = trials.importance()
    assert sum(importance.values()) == pytest.approx(1)
    assert next(iter(importance)) == "optimisation.learning_rate"
    assert plot_importance(importance).axes[0].patches
    assert plot_history(trials.read()).axes[0].collections


def test_before_anything_is_known_nothing_is_pruned(sweep_file: Path, tmp_path: Path) -> None:
    trials = Trials(tmp_path, read_recipe(sweep_file))
    assert [t.number for t in trials.plan_round(0, 4)] == [0, 1]
    assert not trials.is_hopeless(1, (0.0, 0.0))
    assert trials.best() is None
    assert trials.importance() == {}
    for number, score in enumerate((0.5, 0.7)):
        trials.begin(number, "run")
        trials.report(number, 1, score)
        trials.report(number, 2, score)
        trials.end(number, "complete")
    trials.plan_round(2, 4)
    assert not trials.is_hopeless(2, (0.1,))  # the first epoch is everybody's
    assert trials.is_hopeless(2, (0.1, 0.59))
    assert not trials.is_hopeless(2, (0.61, 0.1))  # the best epoch counts


@pytest.mark.parametrize(
    ("space", "reason"),
    [
        ('"optimisation.learning_rat" = {low = 1e-4, high = 1e-3}', r"learning_rat: is no setting"),
        ('"optimisation" = {low = 1e-4, high = 1e-3}', "optimisation: is no setting"),
        ('"optimisation.learning_rate" = {low = 1e-4, high = 2}', r"learning_rate: 2: Input should be less than 1"),
        ('"optimisation.epochs" = {low = 1, high = 2.5}', r"epochs: 2.5: .*integer"),
        ('"optimisation.epochs" = {low = 1, high = 3, step = 0.5}', "step 0.5 must be a whole"),
        ('"windows.reading" = {low = 1, high = 2}', "windows.reading: 1: "),
        ('"windows.reading" = {choices = ["alone", "backwards"]}', "'backwards'"),
        ('"data.max_articles" = {low = 1, high = 2}', "stay the same in all trials"),
        ('"seeds" = {choices = [1, 2]}', "stay the same in all trials"),
        ('"optimisation.epochs" = {low = 3, high = 2}', "low 3 is not below high 2"),
        ('"optimisation.epochs" = {low = 3}', "needs low and high, or choices"),
        ('"optimisation.epochs" = {choices = [1], low = 3}', "has choices"),
        ('"optimisation.epochs" = {choices = [1, 1]}', "repeat"),
        ('"optimisation.layer_decay" = {low = 0.0, high = 1.0, log = true}', "log needs low above 0"),
        ('"optimisation.epochs" = {lwo = 3, high = 2}', "lwo: Extra"),
        ("", "space: Dictionary should have at least 1"),
    ],
)
def test_mistakes_in_a_sweep_are_named_before_it_starts(tmp_path: Path, space: str, reason: str) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(
        'name = "try"\nquestion = "?"\nseeds = [1]\n[data]\ntrain = ["a.jsonl"]\n'
        f"[sweep]\nn_trials = 2\n[sweep.space]\n{space}\n",
        encoding="utf-8",
    )
    with pytest.raises(RecipeError, match=reason):
        require_space(read_recipe(path))


def test_a_recipe_without_a_sweep_says_so(workplace: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert main(["sweep", "recipe.toml"]) == 2
    assert "has no [sweep] section" in caplog.text
