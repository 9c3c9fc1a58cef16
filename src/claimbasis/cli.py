"""The command line: parse, call, print."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from claimbasis.cli_corpus import add_corpus
from claimbasis.cli_evaluate import add_evaluate
from claimbasis.cli_predict import Labelling, add_articles
from claimbasis.cli_report import add_report
from claimbasis.cli_serve import add_serve
from claimbasis.errors import ClaimbasisError, InputError

if TYPE_CHECKING:
    from claimbasis.report.selection import Selection
    from claimbasis.types import ArticlePrediction

EXIT_DONE, EXIT_FAILURES, EXIT_NOT_STARTED, EXIT_INTERRUPTED = 0, 1, 2, 130
logger = logging.getLogger("claimbasis")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Returns:
        0 when all was done, 1 when done with failures, 2 when it could not start, 130 when it was interrupted.
    """
    options = _parser().parse_args(argv)
    # MLflow reports its use to its makers as soon as it is imported, unless told not to before.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logger.setLevel(logging.INFO)
    # A batch system's polite kill ends a run like Ctrl-C does: its record says so, and a second start goes on.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return int(options.command(options))
    except ClaimbasisError as error:
        logger.error("error: %s", error)
        return EXIT_NOT_STARTED
    except ModuleNotFoundError as error:
        logger.error("error: %s is not installed; this command needs: pip install 'claimbasis[train]'", error.name)
        return EXIT_NOT_STARTED
    except KeyboardInterrupt:
        logger.error("stopped; what was written before is complete. %s", getattr(options, "resume_hint", ""))
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone (| head); nothing more may be flushed to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_DONE
    except OSError as error:
        logger.error("error: %s; what was written before is incomplete", error)
        return EXIT_FAILURES


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="claimbasis",
        description="Says, statement by statement, what news rests on: unnamed sources, officials on the record, or actions.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_label(commands.add_parser("label", help="label the statements of articles"))
    report = commands.add_parser("report", help="make pages that show what the statements of articles rest on")
    add_report(report)
    _add_model(report)
    add_serve(commands.add_parser("serve", help="answer over HTTP: a page for people and JSON for programs"))
    _add_train(commands.add_parser("train", help="run a training recipe"))
    evaluate = commands.add_parser("evaluate", help="measure a model on annotated articles")
    add_evaluate(evaluate)
    _add_model(evaluate)
    _add_export(commands.add_parser("export", help="write the model of a run, or a part of a model folder, elsewhere"))
    _add_info(commands.add_parser("info", help="tell what a model is"))
    add_corpus(commands.add_parser("corpus", help="annotated articles: with their texts, and without"))
    return parser


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", metavar="FOLDER", help="model folder (default: the shipped model)")
    parser.add_argument("--precision", choices=("int8", "fp32"), help="weights to use (default: int8 where there)")
    parser.add_argument("--threads", type=_positive, metavar="N", help="threads of the model (default: all cores)")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


# ---- label


def _add_label(parser: argparse.ArgumentParser) -> None:
    add_articles(parser)
    parser.add_argument("--format", choices=("table", "jsonl", "csv"), help="default: table on a terminal, else jsonl")
    parser.add_argument("--output", metavar="FILE", help="write here instead of standard output")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="LABEL",
        help="only statements that carry this label, or one of several",
    )
    parser.add_argument(
        "--min-score",
        type=_score,
        default=0.0,
        metavar="X",
        help="only statements where the score of a label (of one given with --only, if any is) is at least X",
    )
    parser.add_argument("--summary", action="store_true", help="a table with nothing but the counts of each article")
    _add_model(parser)
    parser.set_defaults(command=_label)


def _score(text: str) -> float:
    try:
        score = float(text)
    except ValueError:
        score = -1.0
    if not 0 <= score <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return score


def _label(options: argparse.Namespace) -> int:
    from claimbasis.report.progress import StatementProgress

    if options.summary and options.format in ("jsonl", "csv"):
        raise InputError(f"--summary is for the table, not for {options.format}; leave one of the two out")
    labelling = Labelling(options)
    labels = labelling.classifier.settings.labels
    selection = _select(options, labels)
    with _open_output(options.output) as stream, StatementProgress() as progress:
        write = _writer(options, stream, labels, selection)
        for prediction in labelling.predict(labelling.read(), progress):
            write(prediction)
    return labelling.finish()


def _select(options: argparse.Namespace, labels: Sequence[str]) -> Selection:
    from claimbasis.report.selection import Selection

    if unknown := [label for label in options.only if label not in labels]:
        raise InputError(f"--only {unknown[0]!r}: the model has no such label; use one of {', '.join(labels)}")
    return Selection(tuple(options.only), options.min_score)


@contextmanager
def _open_output(path: str | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        sys.stdout.flush()
        return
    try:
        stream = Path(path).open("w", encoding="utf-8", newline="")  # noqa: SIM115  # closed below
    except OSError as error:
        raise InputError(f"--output {path}: cannot be written ({error}); choose another place") from error
    with stream:
        yield stream


def _writer(
    options: argparse.Namespace, stream: TextIO, labels: Sequence[str], selection: Selection
) -> Callable[[ArticlePrediction], object]:
    """How one article's predictions reach the stream."""
    if options.format == "table" or options.summary or (options.format is None and stream.isatty()):
        from rich.console import Console

        from claimbasis.report.table import print_prediction

        console = Console(file=stream, highlight=False, width=None if stream.isatty() else 110)
        return lambda prediction: print_prediction(console, prediction, labels, selection, summary_only=options.summary)
    from claimbasis.report.rows import render_csv, render_csv_header, render_jsonl

    if options.format != "csv":
        return lambda prediction: stream.write(render_jsonl(selection.select(prediction)))
    stream.write(render_csv_header(labels))
    return lambda prediction: stream.write(render_csv(selection.select(prediction)))


# ---- train


def _add_train(parser: argparse.ArgumentParser) -> None:
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
    parser.set_defaults(command=_train, resume_hint="The same command goes on from the last whole epoch.")


def _train(options: argparse.Namespace) -> int:
    from claimbasis.training.recipe import SMOKE, read_recipe

    recipe = read_recipe(options.recipe, [*options.set, *(SMOKE if options.smoke else ())])

    from claimbasis.training.experiment import run_experiment

    for seed, folder in run_experiment(recipe, options.runs, fresh=options.fresh or options.smoke).items():
        logger.info("seed %d: %s", seed, folder)
    return EXIT_DONE


# ---- export and info


def _add_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="RUN", help="run id of the tracking store, or a model folder")
    parser.add_argument("--output", required=True, type=Path, metavar="FOLDER", help="new model folder")
    parser.add_argument(
        "--precision", choices=("int8", "fp32", "both"), default="both", help="weights to write (default: both)"
    )
    parser.set_defaults(command=_export)


def _export(options: argparse.Namespace) -> int:
    from claimbasis.model import Precision, copy_model

    source = Path(options.source)
    if not source.is_dir():
        from claimbasis.training.tracking import fetch_model

        source = fetch_model(options.source)
    precisions: Sequence[Precision] = ("int8", "fp32") if options.precision == "both" else (options.precision,)
    settings = copy_model(source, options.output, precisions)
    logger.info("%s: %s with %s", options.output, settings.name, ", ".join(settings.files))
    return EXIT_DONE


def _add_info(parser: argparse.ArgumentParser) -> None:
    _add_model(parser)
    parser.set_defaults(command=_info)


def _info(options: argparse.Namespace) -> int:
    from claimbasis.inference.classifier import Classifier

    classifier = Classifier.load(options.model, precision=options.precision, n_threads=options.threads)
    settings = classifier.settings
    print(f"{classifier.model_id}, made {settings.created} from {settings.base} by run {settings.run_id}")
    print(
        f"reads {settings.reading} of at most {settings.max_tokens} tokens; codebook {settings.codebook_version}; training data {settings.data_hash}"
    )
    for label, threshold in zip(settings.labels, settings.thresholds, strict=True):
        print(f"  {label:24} threshold {threshold:.2f}  dev F1 {settings.scores.get(f'f1_{label}', float('nan')):.3f}")
    print(f"  {'macro-F1 on dev':24} {settings.scores.get('macro_f1', float('nan')):.3f}")
    return EXIT_DONE


if __name__ == "__main__":
    sys.exit(main())
