"""`claimbasis compare`."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from claimbasis.cli.arguments import positive
from claimbasis.cli.output import make_console

logger = logging.getLogger("claimbasis")


def add_compare(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    for name in ("first", "second"):
        parser.add_argument(name, metavar="RUN", help="run id, the beginning of one, or a model folder")
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="annotated articles (JSONL, also .gz) to compare on (default: the dev articles of both runs)",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="a page (HTML) with all statements that changed sides"
    )
    parser.add_argument(
        "--show", type=positive, default=10, metavar="N", help="changed statements to print, each way (default: 10)"
    )
    parser.set_defaults(command=_compare)


def _compare(options: argparse.Namespace) -> int:
    from claimbasis.evaluation.paired_output import render_comparison, render_page
    from claimbasis.report.progress import StatementProgress
    from claimbasis.training.comparison import compare_runs

    with StatementProgress() as progress:
        comparison, run_id = compare_runs(
            (options.first, options.second), options.files, on_statements=progress.add
        )  # fmt: skip
    console = make_console()
    console.print(*render_comparison(comparison, n_shown=options.show))
    logger.info("pictures of the difference and of the changed statements: MLflow run %s, of its own", run_id)
    if options.output:
        options.output.write_text(render_page(comparison), encoding="utf-8", errors="backslashreplace")
        logger.info("%s: all statements that changed sides", options.output)
    return 0
