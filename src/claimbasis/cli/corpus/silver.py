"""`claimbasis corpus silver`: labels by models."""

from __future__ import annotations

import argparse
import logging
from typing import NoReturn

from claimbasis.cli.arguments import positive
from claimbasis.cli.corpus.files import add_output
from claimbasis.cli.output import write_rows
from claimbasis.errors import InputError

logger = logging.getLogger("claimbasis")


def add_silver(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.description = (
        "Chooses articles at random and writes what models together say of their first statements, for a recipe's "
        "silver.files: the mean of the scores, and the spans on which all agree."
    )
    parser.add_argument("texts", nargs="+", metavar="TEXTS", help="articles, in any form that claimbasis label reads")
    parser.add_argument(
        "--model", dest="models", action="append", required=True, metavar="FOLDER", help="a teacher; may be given again"
    )
    parser.add_argument(
        "--apart", nargs="+", default=[], metavar="FILE",
        help="annotated articles (JSONL, also .gz): nothing that is near to one of them is chosen",
    )  # fmt: skip
    parser.add_argument("--n", type=positive, default=1000, metavar="N", help="most articles (default: 1000)")
    parser.add_argument("--seed", type=int, default=1, help="of the choice (default: 1)")
    parser.set_defaults(command=_silver)
    add_output(parser)


def _silver(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from claimbasis.inference.classifier import Classifier
    from claimbasis.text.articles import read_articles
    from claimbasis.training.silver import ask_models, choose_articles

    rejects: list[InputError] = []

    def refuse(error: InputError) -> NoReturn:
        raise error

    models = [Classifier.load(folder) for folder in options.models]
    if len({model.settings.labels for model in models}) > 1:
        raise InputError("the models know different labels; name models of one codebook")
    chosen = choose_articles(
        read_articles(options.texts, on_reject=rejects.append),
        read_articles(options.apart, on_reject=refuse),  # what cannot be read would not be kept apart
        n=options.n,
        seed=options.seed,
    )
    for error in rejects:
        logger.error("skipped: %s", error)
    if not chosen:
        raise InputError(f"{', '.join(options.texts)}: no article that is not near to one of --apart; name others")
    write_rows(options.output, ask_models(models, tqdm(chosen, unit="article", disable=None)))
    logger.info("%s: %d articles, as %d models see them", options.output, len(chosen), len(models))
    return 1 if rejects else 0
