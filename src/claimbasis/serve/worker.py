"""The threads that read requests, the bounded queue in front of them, and whose turn it is."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from claimbasis.serve.limits import Limits
from claimbasis.serve.refusals import refuse_busy, refuse_late

T = TypeVar("T")
# Lets shorter jobs go first for a while; raises TimeoutError when nobody waits for the answer any more.
CheckTime = Callable[[], None]
# A job gives way to those of at most a quarter of its size: so jobs within jobs are few, whatever the queue holds.
_MUCH_SHORTER = 4
# It gives way for at most this share of its time: the largest request, 2,000 statements, takes 23 of its 30 seconds alone.
_GIVEN_SHARE = 0.2


@dataclass(slots=True, eq=False)
class _Job:
    act: Callable[[CheckTime], Any]
    n_bytes: int  # of what is to be read: how long it will take, more or less
    arrived: float  # on the monotonic clock, in seconds, like all times here
    deadline: float
    future: Future[Any]
    begun: float = 0.0
    given_seconds: float = 0.0  # to jobs that went first after this one had begun

    def rank(self, now: float) -> float:
        """Whose turn it is, the highest first: seconds of waiting a byte."""
        return (now - self.arrived) / self.n_bytes

    def gives_way(self, now: float) -> bool:
        """Whether it has not yet given too much of its time away."""
        return self.given_seconds <= _GIVEN_SHARE * (now - self.begun)

    def check_time(self) -> None:
        if time.monotonic() > self.deadline:
            raise TimeoutError

    def run(self, check_time: CheckTime) -> None:
        """Leaves the result, or the exception, in the future, unless the one who waited has gone."""
        if not self.future.set_running_or_notify_cancel():
            return
        self.begun = time.monotonic()
        try:
            result = self.act(check_time)
        except BaseException as error:  # noqa: BLE001  # it is raised where the result is awaited
            self.future.set_exception(error)
        else:
            self.future.set_result(result)


class Worker:
    """Does jobs in threads of its own, a few at once: short ones first, but none waits for ever.

    Jobs at once share the model's threads batch by batch: no core is idle while the last batch of one article runs. Batches
    never mix articles, so what a job finds does not depend on its company. Jobs that are together larger than the longest
    article are never read at once: each would take so long that both were too late.

    Whose waiting time is the longest for its size is next, so that jobs of one size keep their order. A long job that has
    begun is not in the way of short ones: whenever it looks at the time it lets some go first.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._jobs: list[_Job] = []  # in the order in which they came
        self._n_bytes_reading = 0  # of the jobs that the threads have begun
        self._stopping = False
        self._changed = threading.Condition()  # of the three above
        # Daemons, so that a job that hangs in a library cannot keep the process from ending.
        self._threads = [
            threading.Thread(target=self._work, name=f"claimbasis-reader-{n}", daemon=True)
            for n in range(limits.max_at_once)
        ]

    @property
    def n_waiting(self) -> int:
        """Jobs that have not begun and that somebody waits for."""
        return len(self._jobs)

    def start(self) -> None:
        """Starts the threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ends the threads after what they are doing, without waiting for them; jobs still in the queue are cancelled."""
        with self._changed:
            self._stopping = True
            for job in self._jobs:
                job.future.cancel()
            self._jobs.clear()
            self._changed.notify_all()

    async def run(self, act: Callable[[CheckTime], T], *, n_bytes: int) -> T:
        """The result of `act`, which runs in one of the threads and now and then calls what it is given.

        Args:
            act: What is to be done.
            n_bytes: How much is to be read.

        Raises:
            Refusal: The queue is full, or the time limit is reached.
        """
        timeout = self._limits.timeout_seconds
        now = time.monotonic()
        job = _Job(act, max(1, n_bytes), now, now + timeout, Future[T]())
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
                self._changed.notify()

    def _work(self) -> None:
        while job := self._next():
            self._do(job)
            with self._changed:
                self._n_bytes_reading -= job.n_bytes
                self._changed.notify_all()

    def _do(self, job: _Job) -> None:
        job.run(lambda: self._check_time(job))

    def _check_time(self, job: _Job) -> None:
        while shorter := self._next_shorter(job):
            started = time.monotonic()
            self._do(shorter)
            job.given_seconds += time.monotonic() - started
        job.check_time()

    def _next(self) -> _Job | None:
        with self._changed:
            while not self._stopping:
                job = self._first(self._jobs)
                if job and self._has_room(job):
                    self._jobs.remove(job)
                    self._n_bytes_reading += job.n_bytes
                    return job
                self._changed.wait()
            return None

    def _has_room(self, job: _Job) -> bool:
        most = self._limits.max_article_chars
        return not self._n_bytes_reading or self._n_bytes_reading + job.n_bytes <= most

    def _next_shorter(self, job: _Job) -> _Job | None:
        if not self._jobs or not job.gives_way(time.monotonic()):
            return None
        with self._changed:
            shorter = self._first([other for other in self._jobs if other.n_bytes * _MUCH_SHORTER <= job.n_bytes])
            if shorter:
                self._jobs.remove(shorter)
            return shorter

    def _first(self, jobs: Sequence[_Job]) -> _Job | None:
        """The one of these whose turn it is; the caller holds the lock."""
        now = time.monotonic()
        return max(jobs, key=lambda job: job.rank(now), default=None)
