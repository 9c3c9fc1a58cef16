"""`claimbasis train`."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

logger = logging.getLogger("claimbasis")


def add_train(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    add_recipe(parser)
    parser.set_defaults(command=_train, resume_hint="The same command goes on from the last whole epoch.")


def add_recipe(parser: argparse.ArgumentParser) -> None:
    """Which recipe, with what replaced, and where its results go."""
    parser.add_argument("recipe", metavar="RECIPE", help="TOML file, see experiments/")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="replace a value, such as optimisation.epochs=3"
    )
    parser.add_argument(
        "--smoke", action="store_true", help="a few articles, one short epoch, one seed: does all of it run?"
    )
    parser.add_argument(
        "--runs", type=Path, default=Path("runs"), metavar="FOLDER", help="for checkpoints and results (default: runs)"
    )
    parser.add_argument("--fresh", action="store_true", help="forget what an earlier start of this recipe left")


def _train(options: argparse.Namespace) -> int:
    from claimbasis.training.recipe import SMOKE, read_recipe

    recipe = read_recipe(options.recipe, [*options.set, *(SMOKE if options.smoke else ())])

    from claimbasis.training.experiment import run_experiment

    for seed, folder in run_experiment(recipe, options.runs, fresh=options.fresh or options.smoke).items():
        logger.info("seed %d: %s", seed, folder)
    return 0
