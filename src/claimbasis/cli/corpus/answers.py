"""`claimbasis corpus answers`."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from claimbasis.cli.arguments import add_codebook, choose_codebook
from claimbasis.cli.corpus.files import add_output
from claimbasis.cli.output import write_rows
from claimbasis.errors import CorpusError

logger = logging.getLogger("claimbasis")


def add_answers(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.description = (
        "Reads what people filled into files of `claimbasis corpus ask`. Each marked statement becomes an annotated article "
        "of its own, whose text is the statement with those around it; rows that nobody filled in are left out."
    )
    parser.add_argument(
        "marked",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="filled-in .jsonl or .csv, or a .json export of Label Studio",
    )
    add_codebook(parser)
    add_output(parser)
    parser.set_defaults(command=_answers, extra="quality")


def _answers(options: argparse.Namespace) -> int:
    from claimbasis.corpus.answers import read_answers

    answers = read_answers(options.marked, choose_codebook(options.codebook))
    if not answers.codes:
        raise CorpusError(
            f"{', '.join(map(str, options.marked))}: nobody has filled in labels ({answers.n_empty} rows); write the names of "
            "labels there, or none"
        )
    write_rows(options.output, answers.to_rows())
    logger.info(
        "%s: %d statements, %d left out without an answer, %d answered twice alike",
        options.output, len(answers.codes), answers.n_empty, answers.n_repeated,
    )  # fmt: skip
    return 0
