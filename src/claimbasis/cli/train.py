"""`claimbasis train`."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from claimbasis.errors import RecipeError

logger = logging.getLogger("claimbasis")


def add_train(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("recipe", nargs="?", metavar="RECIPE", help="TOML file, see experiments/")
    what.add_argument(
        "--run", metavar="RUN", help="repeat this run of the tracking store, from its recipe, seed and data as recorded"
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FOLDER",
        help="also write the model that is best on dev here, a new folder",
    )
    add_settings(parser)
    parser.set_defaults(command=_train, resume_hint="The same command goes on from the last whole epoch.")


def add_settings(parser: argparse.ArgumentParser) -> None:
    """What is replaced in a recipe, and where its results go."""
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
    from claimbasis.model import copy_model, read_settings, require_free

    if options.output:
        require_free(options.output)
    folders = _repeat(options) if options.run else _run(options)
    for name, folder in folders.items():
        # A simple system leaves no model folder: it is learned again in seconds where it is needed.
        logger.info("%s: %s", name, folder / "model" if (folder / "model").exists() else folder)
    if options.output:
        models = [folder / "model" for folder in folders.values()]
        best = max(models, key=lambda folder: read_settings(folder).scores["macro_f1"])
        copy_model(best, options.output, ("int8", "fp32"))
        logger.info("%s: the model; use it with claimbasis label --model %s", options.output, options.output)
    return 0


def _run(options: argparse.Namespace) -> dict[str, Path]:
    from claimbasis.training.recipe import SMOKE, read_recipe

    recipe = read_recipe(options.recipe, [*options.set, *(SMOKE if options.smoke else ())])
    if options.output and recipe.system != "encoder":
        raise RecipeError(f"--output: system {recipe.system!r} leaves no model folder; train it without --output")

    from claimbasis.training.experiment import run_experiment

    return run_experiment(recipe, options.runs, fresh=options.fresh or options.smoke)


def _repeat(options: argparse.Namespace) -> dict[str, Path]:
    if options.set or options.smoke:
        raise RecipeError("--run repeats a run as it was, without --set and --smoke; change a recipe file instead")

    from claimbasis.training.experiment import repeat_run

    return repeat_run(options.run, options.runs, fresh=options.fresh)
