"""One thread that owns the model, and the bounded queue in front of it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from claimbasis.serve.limits import Limits
from claimbasis.serve.refusals import refuse_busy, refuse_late

T = TypeVar("T")
CheckTime = Callable[[], None]  # raises TimeoutError when nobody waits for the answer any more


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    act: Callable[[CheckTime], Any]
    deadline: float  # on the monotonic clock, in seconds
    future: Future[Any]

    def check_time(self) -> None:
        if time.monotonic() > self.deadline:
            raise TimeoutError

    def run(self) -> None:
        """Leaves the result, or the exception, in the future, unless the one who waited has gone."""
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            result = self.act(self.check_time)
        except BaseException as error:  # noqa: BLE001  # it is raised where the result is awaited
            self.future.set_exception(error)
        else:
            self.future.set_result(result)


class Worker:
    """Does one job after the other in its own thread, in the order in which they came.

    Articles are read one after the other because no batch may hold statements of two: a second thread would share the
    same cores, which one forward pass already fills.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._jobs: deque[_Job] = deque()
        self._stopping = False
        self._changed = threading.Condition()  # of the two above
        # A daemon, so that a job that hangs in a library cannot keep the process from ending.
        self._thread = threading.Thread(target=self._work, name="claimbasis-model", daemon=True)

    @property
    def n_waiting(self) -> int:
        """Jobs that have not begun and that somebody waits for."""
        return len(self._jobs)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread after what it is doing, without waiting for it; jobs still in the queue are cancelled."""
        with self._changed:
            self._stopping = True
            for job in self._jobs:
                job.future.cancel()
            self._jobs.clear()
            self._changed.notify()

    async def run(self, act: Callable[[CheckTime], T]) -> T:
        """The result of `act`, which runs in the thread and now and then calls what it is given.

        Raises:
            Refusal: The queue is full, or the time limit is reached.
        """
        timeout = self._limits.timeout_seconds
        job = _Job(act, time.monotonic() + timeout, Future[T]())
        self._add(job)
        try:
            async with asyncio.timeout(timeout):
                result: T = await asyncio.wrap_future(job.future)
        except TimeoutError:
            raise refuse_late(f"no answer after {timeout:g} seconds", timeout) from None
        finally:
            self._remove(job)
        return result

    def _add(self, job: _Job) -> None:
        most = self._limits.max_waiting
        with self._changed:
            if len(self._jobs) >= most:
                raise refuse_busy(f"{most} waiting requests", f"at most {most} waiting requests")
            self._jobs.append(job)
            self._changed.notify()

    def _remove(self, job: _Job) -> None:
        """Frees the place of a job that has not begun and that nobody waits for any more."""
        with self._changed:
            if job in self._jobs:
                self._jobs.remove(job)

    def _work(self) -> None:
        while job := self._next():
            job.run()

    def _next(self) -> _Job | None:
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self._stopping)
            return self._jobs.popleft() if self._jobs else None
