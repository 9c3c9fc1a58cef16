"""The `claimbasis evaluate-spans` command: how well a model says who said it."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from claimbasis.cli.arguments import READINGS
from claimbasis.cli.output import make_console
from claimbasis.errors import InputError, ModelError

logger = logging.getLogger("claimbasis")


def add_evaluate_spans(parser: argparse.ArgumentParser) -> None:
    """Adds the command's own options."""
    parser.add_argument("data", nargs="*", metavar="FILE", help="annotated articles with spans (JSONL, also .gz)")
    parser.add_argument(
        "--cofenet",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="sentences of PolNeAR with tags, as CofeNet gives them (also .gz); for comparison with published scores",
    )
    parser.add_argument(
        "--reading",
        choices=READINGS,
        help="how statements are read (default: the model's)",
    )
    parser.set_defaults(command=_evaluate_spans)


def _evaluate_spans(options: argparse.Namespace) -> int:
    from claimbasis.corpus.annotated import read_corpus
    from claimbasis.corpus.cofenet import read_cofenet
    from claimbasis.evaluation.span_scores import keep_marked, measure_annotated, measure_cofenet
    from claimbasis.evaluation.tables import render_sources, render_spans
    from claimbasis.inference.classifier import Classifier
    from claimbasis.report.progress import StatementProgress

    if not options.data and not options.cofenet:
        raise InputError("nothing to measure on: name annotated articles with spans, or a file with --cofenet")
    classifier = Classifier.load(
        options.model,
        precision=options.precision,
        reading=options.reading,
        n_threads=options.threads,
        device=options.device,
    )
    if not classifier.settings.roles:
        raise ModelError(f"{classifier.model_id}: marks no spans; train one by a recipe whose spans.weight is above 0")
    console = make_console()
    for path in options.cofenet:
        articles = read_cofenet(path)
        for title, once in (("every annotation, as published scores are counted", False), ("each article once", True)):
            console.print(render_spans(measure_cofenet(classifier, articles, each_once=once), f"{path.name}: {title}"))
    if options.data:
        annotated = read_corpus(options.data, codebook=classifier.settings.codebook)
        marked = keep_marked(annotated)
        if n_left_out := len(annotated) - len(marked):
            logger.warning("left out %d of %d articles: nobody marked spans in them", n_left_out, len(annotated))
        with StatementProgress() as progress:
            spans, sources = measure_annotated(classifier, marked, on_statements=progress.add)
        console.print(render_spans(spans, ", ".join(options.data)), render_sources(sources))
    return 0
