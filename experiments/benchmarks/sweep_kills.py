# ruff: noqa: T201  # what it prints is what it is for
"""Does a sweep that is killed again and again end like one that nobody disturbs? Eight short trials of the tests' tiny encoder.

    python experiments/benchmarks/sweep_kills.py --kills 5 --workers 2

The first process of the sweep gets SIGKILL at a random moment after one to eight epochs
more; its workers have to end by themselves. Compared are settings, fate and scores of all trials, to the last digit.
Exit code 1 tells of a difference. Works in a temporary folder.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from claimbasis.training.recipe import read_recipe
from claimbasis.training.trials import Trials

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "training"))
from tiny_encoder import write_encoder, write_workplace

SWEEP = """
[sweep]
n_trials = 8
round_size = 2
startup_trials = 4
[sweep.space]
"optimisation.learning_rate" = { low = 1e-4, high = 5e-3, log = true }
"optimisation.positive_weight" = { low = 0.0, high = 1.0 }
"encoder.pooling" = { choices = ["both", "mean"] }
"""


def write_recipe(folder: Path) -> Path:
    """A sweep of eight trials of six epochs."""
    write_workplace(folder, write_encoder(folder / "encoder"))
    settings = (folder / "recipe.toml").read_text(encoding="utf-8")
    settings = settings.replace("epochs = 12", "epochs = 6").replace("dropout = 0.0", "dropout = 0.1")
    (folder / "sweep.toml").write_text(settings + SWEEP, encoding="utf-8")
    return folder / "sweep.toml"


def start(runs: Path, workers: int) -> subprocess.Popen[bytes]:
    """Starts the sweep, or goes on with it."""
    command = [sys.executable, "-m", "claimbasis.cli", "sweep", "sweep.toml", "--runs", str(runs)]
    # Sums depend on the number of threads.
    environment = os.environ | {"MLFLOW_TRACKING_URI": f"sqlite:///{runs}.db", "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [*command, "--workers", str(workers)], env=environment, stderr=subprocess.DEVNULL, cwd=runs.parent
    )


def outcomes(runs: Path) -> list[tuple[object, ...]]:
    """All of it but the tracking runs; nothing before the sweep began."""
    folder = next(runs.glob("*-sweep-*"), None)
    if folder is None:
        return []
    with Trials(folder, read_recipe(runs.parent / "sweep.toml")) as trials:
        return [(t.number, t.state, t.settings, t.scores) for t in trials.read()]


def count_scores(runs: Path) -> int:
    """Epochs that have been written down, by a sweep that may be running."""
    for file in runs.glob("*-sweep-*/trials.sqlite"):
        with closing(sqlite3.connect(file, timeout=10)) as connection:
            try:
                return int(connection.execute("SELECT count(*) FROM trial_intermediate_values").fetchone()[0])
            except sqlite3.OperationalError:  # the sweep is about to make its tables
                return 0
    return 0


def kill_in_mid_trial(runs: Path, workers: int, chance: random.Random) -> bool:
    """Goes on for one to eight epochs more; whether the kill came before the end."""
    n_enough = count_scores(runs) + chance.randint(1, 8)
    with start(runs, workers) as process:
        while process.poll() is None and count_scores(runs) < n_enough:
            time.sleep(0.2)
        time.sleep(chance.uniform(0, 0.5))
        process.kill()
    return process.returncode == -signal.SIGKILL


def main() -> int:
    """Kills and compares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)  # noqa: S311  # nothing secret
    with tempfile.TemporaryDirectory() as scratch:
        write_recipe(Path(scratch))
        whole, killed = Path(scratch) / "whole", Path(scratch) / "killed"
        started = time.monotonic()
        if start(whole, options.workers).wait():
            raise SystemExit("the undisturbed sweep failed")
        seconds = time.monotonic() - started
        print(f"undisturbed: {seconds:.0f} s, {[state for _, state, _, _ in outcomes(whole)]}")
        n_killed = 0
        while n_killed < options.kills and kill_in_mid_trial(killed, options.workers, chance):
            n_killed += 1
            states = [state for _, state, _, _ in outcomes(killed)]
            print(f"kill {n_killed}: {states}, {count_scores(killed)} epochs", flush=True)
        if start(killed, options.workers).wait():
            raise SystemExit("the sweep failed after a kill")
        same = outcomes(whole) == outcomes(killed)
        best = [next(runs.glob("*/best.toml")).read_text(encoding="utf-8") for runs in (whole, killed)]
    print(f"{n_killed} kills, {options.workers} workers: trials {'equal' if same else 'DIFFERENT'}, "
          f"best {'equal' if best[0] == best[1] else 'DIFFERENT'}: {best[0].splitlines()[0]}")  # fmt: skip
    return 0 if same and best[0] == best[1] else 1


if __name__ == "__main__":
    sys.exit(main())
