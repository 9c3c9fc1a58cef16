"""Worker processes for the trials of a sweep.

Nothing heavy is imported here: a worker must know how to end before it spends seconds on loading torch.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import TYPE_CHECKING, Self

from claimbasis.errors import SweepError

if TYPE_CHECKING:
    from claimbasis.training.trial import TrialJob


class Workers:
    """Runs trials, each in the next free process of this machine."""

    def __init__(self, n_workers: int, n_threads: int) -> None:
        # A forked copy of a process with threads may hang; spawned ones begin anew.
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(
            n_workers, mp_context=context, initializer=_begin_worker, initargs=(n_threads,)
        )

    def run(self, jobs: Sequence[TrialJob]) -> Iterator[int]:
        """Runs all of them; gives the number of each as it ends.

        Raises:
            SweepError: A worker died.
        """
        futures = {self._pool.submit(_work, job): job.number for job in jobs}
        try:
            for future in as_completed(futures):
                future.result()
                yield futures[future]
        except BrokenProcessPool as error:
            raise SweepError(
                "a worker process died; if memory is short, take fewer --workers. What it had in hand begins again from its "
                "last whole epoch when the same command is given again"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Ends the workers, at once when something went wrong."""
        if kind is not None:
            for process in multiprocessing.active_children():
                process.terminate()
        self._pool.shutdown(cancel_futures=True)


def _begin_worker(n_threads: int) -> None:
    # Ctrl-C reaches all processes of a terminal: only the first one decides, and tells the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # At once, as a kill does: an exception in the middle of a transaction would leave the tracking store locked.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # Both are read when the libraries are loaded. The bars of several workers would overwrite each other.
    os.environ |= {"OMP_NUM_THREADS": str(n_threads), "TQDM_DISABLE": "1"}


def _end_with_parent() -> None:
    """A worker whose parent was killed would go on with its trial, and disturb the next start."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(job: TrialJob) -> None:
    from tqdm import tqdm  # noqa: PLC0415  # see above

    # Its own lock is shared between processes, and a worker that is ended would leave it behind.
    tqdm.set_lock(threading.RLock())
    from claimbasis.training.trial import run_trial  # noqa: PLC0415

    logging.basicConfig(level=logging.WARNING, format=f"trial {job.number}: %(message)s", stream=sys.stderr, force=True)
    logging.getLogger("claimbasis").setLevel(logging.INFO)
    run_trial(job)
