"""`claimbasis corpus agreement`."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from claimbasis.cli.arguments import add_codebook, choose_codebook
from claimbasis.cli.corpus.files import add_table, write_table
from claimbasis.cli.output import make_console
from claimbasis.errors import InputError

if TYPE_CHECKING:
    from claimbasis.codebook import Codebook
    from claimbasis.evaluation.agreement import Reading

logger = logging.getLogger("claimbasis")


def add_agreement(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.description = (
        "Cohen's kappa of each pair and Krippendorff's alpha of all, code by code, with 95 % bootstrap intervals over "
        "articles. A statement is the same in two files when article id, start and end are."
    )
    parser.add_argument("data", nargs="+", metavar="FILE", help="one reader's annotated articles (JSONL, also .gz)")
    parser.add_argument(
        "--within", action="store_true",
        help="compare the readings that the files keep of each statement (`annotators`) instead of the files",
    )  # fmt: skip
    add_codebook(parser)
    add_table(parser, "write the statements that readers differ on here")
    parser.set_defaults(command=_agreement, extra="quality")


def _agreement(options: argparse.Namespace) -> int:
    import numpy as np

    from claimbasis.evaluation.agreement import measure_agreement
    from claimbasis.evaluation.corpus_tables import render_agreement

    codebook = choose_codebook(options.codebook)
    # One fixed generator: the same files always get the same intervals.
    agreement = measure_agreement(_read(options, codebook), codebook, rng=np.random.default_rng(0))
    console = make_console()
    console.print(*render_agreement(agreement))
    if options.output:
        write_table(options.output, agreement.disputes)
        logger.info("%s: %d statements that readers differ on", options.output, len(agreement.disputes))
    return 0


def _read(options: argparse.Namespace, codebook: Codebook) -> list[Reading]:
    from claimbasis.corpus.annotated import read_corpus
    from claimbasis.evaluation.agreement import read_by, readings_within

    if options.within:
        return readings_within(read_corpus(options.data, codebook=codebook))
    if len({Path(path).resolve() for path in options.data}) < max(2, len(options.data)):
        raise InputError(
            "agreement needs two different files, one a reader; for the readings within files add --within"
        )
    return [read_by(path, read_corpus([path], codebook=codebook)) for path in options.data]
