"""How far a job is: a bar for who watches, a line a minute for a log."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

logger = logging.getLogger("claimbasis")
LOG_SECONDS, _BAR_SECONDS = 60.0, 0.5


class JobProgress:
    """Counts articles, and tells the pace and the time left."""

    def __init__(self, n_bytes: int, count_done: Callable[[], int], *, log_seconds: float = LOG_SECONDS) -> None:
        """Begins to count.

        Args:
            n_bytes: Size of all inputs, from which the number of articles is estimated until all are read.
            count_done: How many articles are finished, whenever it is asked.
            log_seconds: How often a line is logged where nobody watches.
        """
        self._n_bytes, self._count_done, self._log_seconds = n_bytes, count_done, log_seconds
        self._n_read = self._n_bytes_read = self._n_skipped = 0
        self._started = time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._tell, daemon=True)
        columns = (SpinnerColumn(), BarColumn(), TextColumn("{task.description}"))
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False)

    def add(self, n_articles: int, n_bytes: int) -> None:
        """Articles were read that must be labelled."""
        self._n_read += n_articles
        self._n_bytes_read += n_bytes

    def skip(self, n_articles: int, n_bytes: int) -> None:
        """Articles are finished already."""
        self.add(n_articles, n_bytes)
        self._n_skipped += n_articles

    def describe(self) -> tuple[int, int, str]:
        """Articles that are finished, how many there may be, and both in words with pace and time left."""
        n_done = self._count_done()
        n_all = round(self._n_read * max(1.0, self._n_bytes / self._n_bytes_read)) if self._n_bytes_read else 0
        a_second = (n_done - self._n_skipped) / max(time.monotonic() - self._started, 1e-9)
        left = f", {_name_duration((n_all - n_done) / a_second)} left" if a_second > 0 and n_all > n_done else ""
        # Estimated until everything is read.
        mark = "" if self._n_bytes_read >= self._n_bytes else "about "
        return n_done, max(n_all, n_done), f"{n_done:,} of {mark}{n_all:,} articles, {a_second:.1f}/s{left}"

    def _tell(self) -> None:
        if not sys.stderr.isatty():
            while not self._ended.wait(self._log_seconds):
                logger.info("%s", self.describe()[2])
            return
        task = self._bar.add_task("", total=None)
        with self._bar:
            while not self._ended.wait(_BAR_SECONDS):
                n_done, n_all, words = self.describe()
                self._bar.update(task, completed=n_done, total=n_all or None, description=words, refresh=True)

    def __enter__(self) -> JobProgress:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()


def _name_duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"
