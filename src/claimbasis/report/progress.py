"""How far a long labelling is, for the person who waits for it."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


class StatementProgress:
    """Counts statements on standard error while a person watches it; steps aside while results are written."""

    def __init__(self) -> None:
        columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} statements"), TimeElapsedColumn())
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
        self._task = self._bar.add_task("", total=None)

    def add(self, n_statements: int) -> None:
        """Counts statements, and shows the count."""
        self._bar.start()
        self._bar.advance(self._task, n_statements)

    def hide(self) -> None:
        """Clears the line until the next count."""
        self._bar.stop()

    def __enter__(self) -> StatementProgress:
        return self

    def __exit__(self, *_: object) -> None:
        self.hide()
