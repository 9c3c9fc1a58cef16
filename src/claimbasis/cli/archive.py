"""The `claimbasis archive` command: labels many articles, and can be killed at any moment."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from claimbasis.cli.arguments import READINGS, add_model, positive
from claimbasis.errors import ArchiveError, InputError

if TYPE_CHECKING:
    from claimbasis.archive.engines import Engine
    from claimbasis.archive.job import Summary
    from claimbasis.archive.labelling import ModelChoice

logger = logging.getLogger("claimbasis")
_GO_ON = "the same command goes on from there"


def add_archive(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="INPUT",
        help="Parquet, JSONL (.jsonl, also .gz, .zst), CSV (also .gz, .zst), zip files of text or HTML, text, HTML, PDF "
        "and .docx files, folders of all these, or patterns such as 'news/**/*.jsonl.gz'",
    )
    parser.add_argument(
        "-o", "--output", required=True, type=Path, metavar="FOLDER", help="for statements/, articles/, rejects.jsonl"
    )
    parser.add_argument("--text-column", metavar="NAME", help="column of the text (default: text, body, content …)")
    parser.add_argument("--id-column", metavar="NAME", help="column of the id (default: id …; else a hash is made)")
    parser.add_argument(
        "--workers", type=positive, metavar="N", help="worker processes of this machine (default: one a core)"
    )
    parser.add_argument(
        "--engine",
        choices=("processes", "ray"),
        default="processes",
        help="processes of this machine, or a Ray cluster",
    )
    parser.add_argument("--ray-address", metavar="HOST:PORT", help="of a running cluster (default: begin one here)")
    parser.add_argument(
        "--gpus-per-worker", type=float, default=0.0, metavar="X", help="GPUs that a Ray worker takes (default: 0)"
    )
    parser.add_argument(
        "--part-rows",
        type=positive,
        default=200,
        metavar="N",
        help="rows of a part, which is two files; more for large archives (default: 200)",
    )
    parser.add_argument(
        "--max-rejects", type=_count, metavar="N", help="stop when more rows than this were rejected (default: never)"
    )
    parser.add_argument("--prune", action="store_true", help="remove rows of inputs that are no longer given")
    parser.add_argument(
        "--reading",
        choices=READINGS,
        help="read statements with those around them, alone, both ways, or again where the first leaves doubt (default: the model's)",
    )
    add_model(parser, default_threads="of each worker its share of the cores; 1 with Ray")
    parser.set_defaults(command=_archive, resume_hint=f"{_GO_ON[0].upper()}{_GO_ON[1:]}.")


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 on")
    return int(text)


def _archive(options: argparse.Namespace) -> int:
    try:
        from claimbasis.archive.job import JobOptions, run_job
        from claimbasis.archive.labelling import ModelChoice
        from claimbasis.archive.reading import Columns
    except ModuleNotFoundError as error:
        raise InputError(f"{error.name} is not installed; archives need: pip install 'claimbasis[archive]'") from error
    n_workers = options.workers or _available_cores()
    # Elsewhere there may be more cores or fewer: a Ray worker takes one unless told otherwise.
    n_threads = options.threads or (1 if options.engine == "ray" else max(1, _available_cores() // n_workers))
    job = JobOptions(
        paths=tuple(options.paths),
        output=options.output,
        model=ModelChoice(options.model, options.precision, options.reading, n_threads, options.device),
        columns=Columns(options.text_column, options.id_column),
        n_rows=options.part_rows,
        max_rejects=options.max_rejects,
        prune=options.prune,
    )
    try:
        with _stop_politely() as is_stopped:
            summary = run_job(job, _engine_starter(options, n_workers), is_stopped=is_stopped)
    except (ArchiveError, OSError) as error:
        logger.error("error: %s; finished parts are valid, and %s", error, _GO_ON)
        return 2
    return _report(summary, options.output)


def _available_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _engine_starter(options: argparse.Namespace, n_workers: int) -> Callable[[ModelChoice], Engine]:
    if options.engine == "ray":
        from claimbasis.archive.ray_engine import RayEngine

        return lambda choice: RayEngine(choice, address=options.ray_address, n_gpus=options.gpus_per_worker)
    from claimbasis.archive.engines import InlineEngine, ProcessEngine

    return InlineEngine if n_workers == 1 else lambda choice: ProcessEngine(choice, n_workers)


@contextmanager
def _stop_politely() -> Iterator[Callable[[], bool]]:
    """The first Ctrl-C, or a batch system's polite kill, lets the parts in hand be finished; the second one does not."""
    asked = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        logger.warning("stopping when the parts in hand are finished; once more (Ctrl-C) stops at once and loses them")

    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return
    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _report(summary: Summary, output: Path) -> int:
    from claimbasis.archive.job import INTERRUPTED

    pace = f" ({summary.n_new:,} now, {summary.n_new / summary.seconds:.1f}/s)" if summary.n_new else " (none new)"
    logger.info(
        "%s: %s articles%s, %s of them repeat an earlier text, %s statements, %s rejected",
        output, f"{summary.n_articles:,}", pace, f"{summary.n_copied:,}", f"{summary.n_statements:,}",
        f"{summary.n_rejects:,}",
    )  # fmt: skip
    if summary.n_rejects:
        logger.warning("what was rejected, and why: %s", output / "rejects.jsonl")
    if summary.stopped == INTERRUPTED:
        logger.warning("interrupted; %s", _GO_ON)
        return 130
    if summary.stopped:
        logger.error("stopped: %s; correct the input or the options, and %s", summary.stopped, _GO_ON)
        return 2
    return 1 if summary.n_rejects else 0
