"""`claimbasis sweep`."""

from __future__ import annotations

import argparse
import logging

from claimbasis.cli.arguments import positive
from claimbasis.cli.train import add_settings

logger = logging.getLogger("claimbasis")


def add_sweep(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("recipe", metavar="RECIPE", help="TOML file with a section [sweep], see experiments/")
    add_settings(parser)
    parser.add_argument("--trials", type=positive, metavar="N", help="trials in all (default: the recipe's n_trials)")
    parser.add_argument(
        "--workers",
        type=positive,
        default=1,
        metavar="N",
        help="trials at a time, at most the recipe's round_size (default: 1)",
    )
    parser.set_defaults(
        command=_sweep,
        resume_hint="The same command goes on: trials that are over stay, the others go on from their last whole epoch.",
    )


def _sweep(options: argparse.Namespace) -> int:
    from claimbasis.cli.commands import EXIT_DONE, EXIT_FAILURES
    from claimbasis.training.recipe import SMOKE, read_recipe

    trials = [f"sweep.n_trials={options.trials}"] if options.trials else []
    recipe = read_recipe(options.recipe, [*options.set, *(SMOKE if options.smoke else ()), *trials])

    from claimbasis.training.sweep import run_sweep

    result = run_sweep(recipe, options.runs, n_workers=options.workers, fresh=options.fresh or options.smoke)
    logger.info("best: trial %d, dev macro-F1 %.3f", result.best.number, result.best.score)
    logger.info("train it: claimbasis train %s", result.recipe_file)
    if result.n_failed:
        logger.warning("%d trials failed, see above; --fresh would try them again", result.n_failed)
    return EXIT_FAILURES if result.n_failed else EXIT_DONE
