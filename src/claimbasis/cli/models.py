"""`claimbasis export` and `claimbasis info`."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path

from claimbasis.cli.arguments import add_model

logger = logging.getLogger("claimbasis")


def add_export(parser: argparse.ArgumentParser) -> None:
    """Arguments of `claimbasis export`."""
    parser.add_argument(
        "source", metavar="RUN", help="a run of the tracking store, by its id or the beginning of it, or a model folder"
    )
    parser.add_argument("--output", required=True, type=Path, metavar="FOLDER", help="new model folder")
    parser.add_argument(
        "--precision", choices=("int8", "fp32", "both"), default="both", help="weights to write (default: both)"
    )
    parser.set_defaults(command=_export)


def _export(options: argparse.Namespace) -> int:
    from claimbasis.model import Precision, copy_model

    precisions: Sequence[Precision] = ("int8", "fp32") if options.precision == "both" else (options.precision,)
    if Path(options.source).is_dir():
        settings = copy_model(Path(options.source), options.output, precisions)
    else:
        from claimbasis.registry.store import fetch_run_model, find_run, tell_failures

        with tell_failures(), fetch_run_model(find_run(options.source)) as source:
            settings = copy_model(source, options.output, precisions)
    logger.info("%s: %s with %s", options.output, settings.name, ", ".join(settings.files))
    return 0


def add_info(parser: argparse.ArgumentParser) -> None:
    """Arguments of `claimbasis info`."""
    add_model(parser)
    parser.set_defaults(command=_info)


def _info(options: argparse.Namespace) -> int:
    from claimbasis.inference.classifier import Classifier

    classifier = Classifier.load(
        options.model, precision=options.precision, n_threads=options.threads, device=options.device
    )
    settings = classifier.settings
    print(f"{classifier.model_id}, made {settings.created} from {settings.base} by run {settings.run_id}")
    print(
        f"reads {settings.reading} of at most {settings.max_tokens} tokens; codebook {settings.codebook_version}; training data {settings.data_hash}"
    )
    for label, threshold in zip(settings.labels, settings.thresholds, strict=True):
        print(f"  {label:24} threshold {threshold:.2f}  dev F1 {settings.scores.get(f'f1_{label}', float('nan')):.3f}")
    print(f"  {'macro-F1 on dev':24} {settings.scores.get('macro_f1', float('nan')):.3f}")
    return 0
