"""Where parts are labelled: in this process, or in worker processes beside it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any, Protocol, Self

from claimbasis.archive.labelling import Labelled, ModelChoice, Work, label_texts, load_classifier, load_in_worker
from claimbasis.errors import ArchiveError

MAX_TRIES = 3  # a worker that dies while it labels a part may have been killed for want of memory


class Engine(Protocol):
    """Labels pieces of parts, several at a time, and gives them back in any order."""

    @property
    def n_slots(self) -> int:
        """How many pieces are labelled at a time."""

    @property
    def n_labelled(self) -> int:
        """Articles labelled so far, those of unfinished pieces included where that is known."""

    def submit(self, work: Work) -> None:
        """Takes a piece on."""

    def next_done(self) -> Labelled:
        """Waits for one of the pieces that were taken on.

        Raises:
            ArchiveError: It could not be labelled, however often it was tried.
        """

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class InlineEngine:
    """Labels in this process, one piece after the other."""

    n_slots = 1

    def __init__(self, choice: ModelChoice) -> None:
        self._classifier = load_classifier(choice)
        self._todo: list[Work] = []
        self.n_labelled = 0

    def submit(self, work: Work) -> None:
        """Takes a piece on."""
        self._todo.append(work)

    def next_done(self) -> Labelled:
        """Labels the oldest piece."""
        return label_texts(self._classifier, self._todo.pop(0), self._count)

    def _count(self) -> None:
        self.n_labelled += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to end."""


class ProcessEngine:
    """Labels in worker processes of this machine, each with its own model and its share of the cores."""

    def __init__(self, choice: ModelChoice, n_workers: int) -> None:
        self.n_slots = n_workers
        self._choice = choice
        self._counter: Any = _CONTEXT.Value("q", 0)
        self._pool = self._start()
        self._tasks: dict[Future[Labelled], tuple[Work, int]] = {}  # and how often it has been tried

    @property
    def n_labelled(self) -> int:
        """Articles labelled so far, those of unfinished pieces included."""
        return int(self._counter.value)

    def _start(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self.n_slots, mp_context=_CONTEXT, initializer=_begin_worker, initargs=(self._choice, self._counter)
        )

    def submit(self, work: Work) -> None:
        """Takes a piece on."""
        try:
            self._try(work, 1)
        except BrokenProcessPool:
            self._restart([(work, 1)])

    def _try(self, work: Work, n_tries: int) -> None:
        self._tasks[self._pool.submit(_work, work)] = (work, n_tries)

    def next_done(self) -> Labelled:
        """Waits for a piece; those that a dead worker had in hand are labelled anew.

        Raises:
            ArchiveError: Workers died again and again.
            ModelError: The model cannot be loaded.
        """
        while True:
            done, _ = wait(self._tasks, return_when=FIRST_COMPLETED)
            future = done.pop()
            task = self._tasks.pop(future)
            try:
                return future.result()
            except BrokenProcessPool:
                self._restart([task])

    def _restart(self, broken: list[tuple[Work, int]]) -> None:
        """A dead worker takes the whole pool with it: all that is in hand begins again."""
        tasks = [*broken, *self._tasks.values()]
        for work, n_tries in tasks:
            if n_tries >= MAX_TRIES:
                raise ArchiveError(
                    f"part {work.part}: a worker process died {n_tries} times; if memory is short, take fewer --workers"
                )
        self._pool.shutdown()
        self._pool, self._tasks = self._start(), {}
        for work, n_tries in tasks:
            self._try(work, n_tries + 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Ends the workers, at once when something went wrong."""
        if kind is not None:
            for process in multiprocessing.active_children():
                process.terminate()
        self._pool.shutdown(cancel_futures=True)


# A forked copy of a process with threads may hang; spawned ones begin anew.
_CONTEXT = multiprocessing.get_context("spawn")
_worker: dict[str, Any] = {}  # what this worker process works with


def _begin_worker(choice: ModelChoice, counter: Any) -> None:  # noqa: ANN401  # a value in shared memory
    # Ctrl-C reaches all processes of a terminal: only the first one decides what becomes of the parts in hand.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _worker["choice"], _worker["counter"] = choice, counter


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(work: Work) -> Labelled:
    # Not loaded by the initializer, whose errors would reach nobody but the log.
    return label_texts(load_in_worker(_worker["choice"]), work, _count)


def _count() -> None:
    with _worker["counter"].get_lock():
        _worker["counter"].value += 1
