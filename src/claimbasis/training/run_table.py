"""Runs side by side: what was trained on what, how good it is, what it costs."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table
from rich.text import Text

from claimbasis.training.store import RunRecord, children_of

N_ID_CHARS = 8  # of a run id or a data hash: enough to tell them apart, and accepted wherever an id is


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a list of runs says of each; None for what the run did not write down.

    The numbers of a run of several seeds are means over them. All are measured on dev.
    """

    run_id: str
    parent_id: str | None
    recipe: str
    system: str  # "encoder", or a simple one
    seeds: tuple[int, ...]
    train_hash: str | None
    dev_hash: str | None
    macro_f1: float | None
    macro_f1_low: float | None  # 95 % bootstrap interval over articles, of one model
    macro_f1_high: float | None
    macro_f1_sd: float | None  # over seeds
    calibration_error: float | None  # expected, mean over the labels
    model_bytes: int | None
    statements_per_second: float | None  # on the machine that trained it
    status: str
    started: datetime.datetime

    def to_dict(self) -> dict[str, Any]:
        """All of it, ready for JSON."""
        return asdict(self) | {"started": self.started.isoformat(timespec="seconds")}


def summarise(run: RunRecord) -> RunSummary:
    """The few facts of a run by which it is compared with others."""

    def number(name: str) -> float | None:
        return run.metrics.get(name, run.metrics.get(f"{name}_mean"))

    size = number("model_bytes")
    return RunSummary(
        run_id=run.run_id,
        parent_id=run.parent_id,
        recipe=run.params.get("recipe") or run.params.get("name") or run.name,
        system=run.params.get("system", "encoder"),
        seeds=_seeds(run),
        train_hash=run.params.get("train_hash"),
        dev_hash=run.params.get("dev_hash"),
        macro_f1=number("macro_f1"),
        macro_f1_low=run.metrics.get("macro_f1_low"),
        macro_f1_high=run.metrics.get("macro_f1_high"),
        macro_f1_sd=run.metrics.get("macro_f1_sd"),
        calibration_error=number("calibration_error"),
        model_bytes=None if size is None else round(size),
        statements_per_second=number("statements_per_second"),
        status=run.status,
        started=run.started,
    )


def _seeds(run: RunRecord) -> tuple[int, ...]:
    if "seed" in run.params:
        return (int(run.params["seed"]),)
    return tuple(json.loads(run.params.get("seeds", "[]")))


def order_runs(runs: Sequence[RunRecord]) -> list[tuple[int, RunRecord]]:
    """Runs with their depth: the newest first, each followed by its parts in the order in which they began."""
    known = {run.run_id for run in runs}
    tops = [run for run in runs if run.parent_id not in known]
    ordered: list[tuple[int, RunRecord]] = []
    pending = [(0, run) for run in sorted(tops, key=lambda run: run.started)]
    while pending:
        depth, run = pending.pop()
        ordered.append((depth, run))
        pending += [(depth + 1, child) for child in reversed(children_of(list(runs), run))]
    return ordered


def render_runs(runs: Sequence[RunRecord], now: datetime.datetime) -> Table:
    """A row a run, parts of a run indented below it."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("run", no_wrap=True)
    table.add_column("recipe", overflow="fold")
    table.add_column("train data", min_width=N_ID_CHARS)
    table.add_column("seeds")
    table.add_column("dev macro-F1", overflow="fold", min_width=8)
    for name in ("ECE", "size", "statements\na second", "status", "age"):
        table.add_column(name, no_wrap=True, justify="left" if name == "status" else "right")
    for depth, run in order_runs(runs):
        item = summarise(run)
        table.add_row(
            "  " * depth + item.run_id[:N_ID_CHARS],
            Text(item.recipe),
            (item.train_hash or "-")[:N_ID_CHARS],
            ", ".join(map(str, item.seeds)) or "-",
            _macro_cell(item),
            _number(item.calibration_error, ".3f"),
            "-" if item.model_bytes is None else f"{item.model_bytes / 1e6:.1f} MB",
            _number(item.statements_per_second, ".0f"),
            item.status.lower(),
            _age(now - item.started),
        )
    return table


def _macro_cell(item: RunSummary) -> str:
    if item.macro_f1 is None:
        return "-"
    if item.macro_f1_low is not None:
        return f"{item.macro_f1:.3f} [{item.macro_f1_low:.3f}, {item.macro_f1_high:.3f}]"
    return f"{item.macro_f1:.3f}" + ("" if item.macro_f1_sd is None else f" ± {item.macro_f1_sd:.3f}")


def _number(value: float | None, spec: str) -> str:
    return "-" if value is None else format(value, spec)


def _age(age: datetime.timedelta) -> str:
    seconds = max(age.total_seconds(), 0)
    for length, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
