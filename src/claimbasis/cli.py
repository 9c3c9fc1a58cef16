"""The command line: parse, call, print."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from claimbasis.cli_corpus import add_corpus
from claimbasis.errors import ClaimbasisError, InputError

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
    _add_train(commands.add_parser("train", help="run a training recipe"))
    _add_evaluate(commands.add_parser("evaluate", help="measure a model on annotated articles"))
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
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="FILE",
        help="text, Markdown, HTML or JSONL files (also .gz), folders, or - for standard input",
    )
    parser.add_argument("--format", choices=("table", "jsonl", "csv"), help="default: table on a terminal, else jsonl")
    parser.add_argument("--output", metavar="FILE", help="write here instead of standard output")
    parser.add_argument(
        "--reading", choices=("windows", "alone"), help="read statements with those around them, or alone"
    )
    _add_model(parser)
    parser.set_defaults(command=_label)


def _label(options: argparse.Namespace) -> int:
    from claimbasis.inference.classifier import Classifier
    from claimbasis.report.progress import StatementProgress
    from claimbasis.text.articles import STDIN, read_articles

    rejects: list[InputError] = []

    def reject(error: InputError) -> None:
        rejects.append(error)
        logger.error("skipped: %s", error)

    if all(path != STDIN and not Path(path).exists() for path in options.paths):
        raise InputError(f"{', '.join(options.paths)}: no such file or folder")
    classifier = Classifier.load(
        options.model, precision=options.precision, reading=options.reading, n_threads=options.threads
    )
    n_articles = n_statements = 0
    with _open_output(options.output) as stream, StatementProgress() as progress:
        write = _writer(options.format or ("table" if stream.isatty() else "jsonl"), stream, classifier.settings.labels)
        for prediction in classifier.predict_many(
            read_articles(options.paths, on_reject=reject), on_statements=progress.add
        ):
            progress.hide()
            write(prediction)
            n_articles, n_statements = n_articles + 1, n_statements + len(prediction)
            if not len(prediction):
                logger.warning(
                    "%s: no statements; it holds only menus, captions without words or the like", prediction.article.id
                )
    if n_articles != 1 or rejects:
        logger.info("%d articles, %d statements, %d skipped", n_articles, n_statements, len(rejects))
    return EXIT_FAILURES if rejects else EXIT_DONE


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


def _writer(output_format: str, stream: TextIO, labels: Sequence[str]) -> Callable[..., object]:
    """How one article's predictions reach the stream."""
    if output_format == "table":
        from rich.console import Console

        from claimbasis.report.table import print_prediction

        console = Console(file=stream, highlight=False, width=None if stream.isatty() else 110)
        return lambda prediction: print_prediction(console, prediction, labels)
    from claimbasis.report.rows import render_csv, render_csv_header, render_jsonl

    if output_format == "jsonl":
        return lambda prediction: stream.write(render_jsonl(prediction))
    stream.write(render_csv_header(labels))
    return lambda prediction: stream.write(render_csv(prediction))


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


# ---- evaluate


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", nargs="+", metavar="FILE", help="annotated articles (JSONL, also .gz)")
    parser.add_argument(
        "--baselines", nargs="+", default=[], metavar="TRAIN", help="also measure baselines that learn from these files"
    )
    parser.add_argument(
        "--phrases", type=Path, metavar="FILE", help="phrases that mark unnamed sources, one a line, for the baselines"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers here as well")
    _add_model(parser)
    parser.set_defaults(command=_evaluate)


def _evaluate(options: argparse.Namespace) -> int:
    from rich.console import Console

    from claimbasis.evaluation.compare import compare_readings, render_calibration, render_metrics, to_json
    from claimbasis.report.progress import StatementProgress

    with StatementProgress() as progress:
        report = compare_readings(
            options.data, model=options.model, precision=options.precision, n_threads=options.threads,
            train=options.baselines, phrases=options.phrases, on_statements=progress.add,
        )  # fmt: skip
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
    console.print(render_metrics(report), render_calibration(report))
    if options.json:
        options.json.write_text(json.dumps(to_json(report), indent=2) + "\n", encoding="utf-8")
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
