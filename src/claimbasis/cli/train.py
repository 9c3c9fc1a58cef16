"""`claimbasis train`."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

logger = logging.getLogger("claimbasis")


def add_train(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
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
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FOLDER",
        help="also write the model of the seed that is best on dev here, a new folder",
    )
    parser.add_argument("--fresh", action="store_true", help="forget what an earlier start of this recipe left")
    parser.set_defaults(command=_train, resume_hint="The same command goes on from the last whole epoch.")


def _train(options: argparse.Namespace) -> int:
    from claimbasis.training.recipe import SMOKE, read_recipe

    recipe = read_recipe(options.recipe, [*options.set, *(SMOKE if options.smoke else ())])

    from claimbasis.model import copy_model, read_settings, require_free
    from claimbasis.training.experiment import run_experiment

    if options.output:
        require_free(options.output)
    folders = run_experiment(recipe, options.runs, fresh=options.fresh or options.smoke)
    for seed, folder in folders.items():
        logger.info("seed %d: %s", seed, folder)
    if options.output:
        best = max(folders.values(), key=lambda folder: read_settings(folder, verify=False).scores["macro_f1"])
        copy_model(best, options.output, ("int8", "fp32"))
        logger.info("%s: the model; use it with claimbasis label --model %s", options.output, options.output)
    return 0
