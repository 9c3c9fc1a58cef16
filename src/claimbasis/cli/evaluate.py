"""The `claimbasis evaluate` command: how good a model is, where, and what it gets wrong."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from claimbasis.cli.arguments import READINGS
from claimbasis.cli.output import make_console, make_folder

logger = logging.getLogger("claimbasis")


def add_evaluate(parser: argparse.ArgumentParser) -> None:
    """Adds the command's own options."""
    parser.add_argument("data", nargs="+", metavar="FILE", help="annotated articles (JSONL, also .gz)")
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FOLDER",
        help="write all numbers, pictures, and the mistakes (errors.html, which quotes the articles) here",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers here")
    parser.add_argument(
        "--baselines", nargs="+", default=[], metavar="TRAIN", help="also measure baselines that learn from these files"
    )
    parser.add_argument(
        "--phrases",
        type=Path,
        metavar="FILE",
        help="phrases that mark the codebook's first label (unnamed sources), one a line, for the baselines",
    )
    parser.add_argument(
        "--context",
        type=Path,
        metavar="FILE",
        help="stand-off JSONL (also .gz) of the statements that need context, each with start, end and kind",
    )
    parser.add_argument(
        "--sources",
        type=Path,
        metavar="FILE",
        help="stand-off JSONL (also .gz) of the words that mark unnamed sources, each statement with start, end "
        "and phrase (start, end); needs --train or --baselines",
    )
    parser.add_argument(
        "--train",
        nargs="+",
        default=[],
        metavar="TRAIN",
        help="what the model learned from, to tell which of --sources' words it has seen (default: --baselines)",
    )
    parser.add_argument(
        "--reading",
        choices=READINGS,
        help="look into the decisions of this reading (default: the model's)",
    )
    parser.set_defaults(command=_evaluate)


def _evaluate(options: argparse.Namespace) -> int:
    from claimbasis.evaluation.output import write_evaluation, write_numbers
    from claimbasis.evaluation.results import Inputs, evaluate
    from claimbasis.evaluation.tables import render_evaluation
    from claimbasis.inference.classifier import Classifier
    from claimbasis.report.progress import StatementProgress

    if options.output:
        make_folder(options.output)
    inputs = Inputs(
        options.data, train=options.train, baselines=options.baselines, phrases=options.phrases,
        context=options.context, sources=options.sources,
    )  # fmt: skip
    classifier = Classifier.load(
        options.model,
        precision=options.precision,
        reading=options.reading,
        n_threads=options.threads,
        device=options.device,
    )
    with StatementProgress() as progress:
        evaluation = evaluate(classifier, inputs, on_statements=progress.add)
    console = make_console()
    console.print(*render_evaluation(evaluation))
    if options.json:
        write_numbers(evaluation, options.json)
    if options.output:
        write_evaluation(evaluation, options.output)
        logger.info("%s: metrics.json, pictures, and the mistakes in errors.html", options.output)
    return 0
