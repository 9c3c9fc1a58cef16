"""Runs `claimbasis archive` again and again and kills it each time, at random moments; a program of its own.

    python kill_jobs.py SEED N_KILLS ARGUMENTS…

The program is loaded once and each run is a fork of it, so that twenty take seconds. The output folder is the last
argument; `FOLDER-whole` gets the output of a run that nobody disturbs.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

from archive_rows import read_output

import claimbasis.archive.job  # noqa: F401  # so that forks need not load it
from claimbasis.cli import main

SHARE_OF_A_RUN = 0.12  # the longest that a run lives


def run(arguments: list[str], seconds: float | None = None) -> bool:
    """Whether it ended by itself."""
    child = os.fork()
    if child == 0:
        os._exit(main(arguments))
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) > 1:  # 1 tells of rejects
        raise SystemExit(f"a run ended with code {os.WEXITSTATUS(status)}")
    return os.WIFEXITED(status)


def check(output: Path) -> None:
    """Stops with an error unless the output is that of the undisturbed run."""
    if read_output(output) != read_output(Path(f"{output}-whole")):
        raise SystemExit(f"{output} differs from {output}-whole")


def kill_often(seed: int, n_kills: int, arguments: list[str]) -> None:
    """Kills and compares."""
    chance, output = random.Random(seed), Path(arguments[-1])  # noqa: S311  # nothing secret
    started = time.monotonic()
    run([*arguments[:-1], f"{output}-whole"])
    seconds = SHARE_OF_A_RUN * (time.monotonic() - started)
    n_killed = n_whole = 0
    while n_killed < n_kills:
        if run(arguments, chance.uniform(0, seconds)):
            check(output)
            shutil.rmtree(output)
            n_whole += 1
        else:
            n_killed += 1
    run(arguments)
    check(output)
    print(f"{n_killed} kills, finished {n_whole + 1} times")  # noqa: T201  # what it is for


if __name__ == "__main__":
    kill_often(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
