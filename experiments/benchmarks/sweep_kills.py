# ruff: noqa: T201  # what it prints is what it is for
"""Does a sweep that is killed again and again end like one that nobody disturbs? Eight short trials of the real encoder.

    python experiments/benchmarks/sweep_kills.py --kills 5 --workers 2

Run it from the repository's root. The first process of the sweep gets SIGKILL at random moments of what an undisturbed
sweep takes; its workers have to end by themselves. Compared are settings, fate and scores of all trials, to the last digit.
Exit code 1 tells of a difference. Works in a temporary folder.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from claimbasis.training.recipe import read_recipe
from claimbasis.training.trials import Trial, Trials

RECIPE = "experiments/06-sweep-own-corpus.toml"
SHORT = (
    *("data.max_articles=5", "data.max_dev_articles=3", "optimisation.epochs=3", "windows.max_tokens=64"),
    *("sweep.n_trials=8", "sweep.round_size=2", "sweep.startup_trials=4", "windows.overlap_tokens=16"),
)


def start(runs: Path, workers: int) -> subprocess.Popen[bytes]:
    """Starts the sweep, or goes on with it."""
    settings = [argument for setting in SHORT for argument in ("--set", setting)]
    command = [sys.executable, "-m", "claimbasis.cli", "sweep", RECIPE, *settings, "--runs", str(runs)]
    # Sums depend on the number of threads.
    environment = os.environ | {"MLFLOW_TRACKING_URI": f"sqlite:///{runs}.db", "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([*command, "--workers", str(workers)], env=environment, stderr=subprocess.DEVNULL)


def outcomes(runs: Path) -> list[tuple[object, ...]]:
    """All of it but the tracking runs."""
    (folder,) = runs.glob("*-sweep-*")
    trials: list[Trial] = Trials(folder, read_recipe(RECIPE, SHORT)).read()
    return [(t.number, t.state, t.settings, t.scores) for t in trials]


def main() -> int:
    """Kills and compares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)  # noqa: S311  # nothing secret
    with tempfile.TemporaryDirectory() as scratch:
        whole, killed = Path(scratch) / "whole", Path(scratch) / "killed"
        started = time.monotonic()
        if start(whole, options.workers).wait():
            raise SystemExit("the undisturbed sweep failed")
        seconds = time.monotonic() - started
        print(f"undisturbed: {seconds:.0f} s, {[state for _, state, _, _ in outcomes(whole)]}")
        n_killed = 0
        while n_killed < options.kills:
            process = start(killed, options.workers)
            try:
                process.wait(timeout=chance.uniform(0.2, 0.6) * seconds)
                break  # it was faster
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                n_killed += 1
                n_over = sum(state in ("complete", "pruned") for _, state, _, _ in outcomes(killed))
                print(f"kill {n_killed}: {n_over} of 8 trials over")
        if start(killed, options.workers).wait():
            raise SystemExit("the sweep failed after a kill")
        same = outcomes(whole) == outcomes(killed)
        best = [next(runs.glob("*/best.toml")).read_text(encoding="utf-8") for runs in (whole, killed)]
    print(f"{n_killed} kills, {options.workers} workers: trials {'equal' if same else 'DIFFERENT'}, "
          f"best {'equal' if best[0] == best[1] else 'DIFFERENT'}: {best[0].splitlines()[0]}")  # fmt: skip
    return 0 if same and best[0] == best[1] else 1


if __name__ == "__main__":
    sys.exit(main())
