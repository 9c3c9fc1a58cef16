"""`claimbasis runs`."""

from __future__ import annotations

import argparse
import logging

from claimbasis.cli.output import make_console

logger = logging.getLogger("claimbasis")


def add_runs(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument(
        "--format", choices=("table", "json"), default="table", help="for people or for programs (default: table)"
    )
    parser.set_defaults(command=_list_runs)


def _list_runs(options: argparse.Namespace) -> int:
    import datetime
    import json

    from claimbasis.registry.store import name_store
    from claimbasis.training.run_table import order_runs, render_runs, summarise
    from claimbasis.training.store import list_trainings

    runs = list_trainings()
    if options.format == "json":
        print(json.dumps([summarise(run).to_dict() for _, run in order_runs(runs)], indent=2))
    elif runs:
        console = make_console()
        console.print(render_runs(runs, datetime.datetime.now(datetime.UTC)))
    if not runs:
        logger.info(
            "no runs in %s yet: train one with `claimbasis train experiments/00-own-corpus.toml` (--smoke tries it in "
            "under a minute), go to the folder where you trained, or name another store in MLFLOW_TRACKING_URI",
            name_store(),
        )
    return 0
