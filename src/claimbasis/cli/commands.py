"""All commands, and what their ends tell the shell."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from collections.abc import Sequence

from claimbasis.cli.archive import add_archive
from claimbasis.cli.arguments import add_model
from claimbasis.cli.compare import add_compare
from claimbasis.cli.corpus import add_corpus
from claimbasis.cli.evaluate import add_evaluate
from claimbasis.cli.evaluate_spans import add_evaluate_spans
from claimbasis.cli.label import add_label
from claimbasis.cli.models import add_export, add_info
from claimbasis.cli.report import add_report
from claimbasis.cli.runs import add_runs
from claimbasis.cli.serve import add_serve
from claimbasis.cli.train import add_train
from claimbasis.errors import ClaimbasisError

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
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
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
    add_label(commands.add_parser("label", help="label the statements of articles"))
    report = commands.add_parser("report", help="make pages that show what the statements of articles rest on")
    add_report(report)
    add_model(report)
    add_archive(commands.add_parser("archive", help="label many articles into Parquet; can be killed and goes on"))
    add_serve(commands.add_parser("serve", help="answer over HTTP: a page for people and JSON for programs"))
    add_train(commands.add_parser("train", help="run a training recipe"))
    add_runs(commands.add_parser("runs", help="list the runs of the tracking store"))
    add_compare(commands.add_parser("compare", help="test the difference between two runs or model folders"))
    evaluate = commands.add_parser("evaluate", help="measure a model on annotated articles")
    add_evaluate(evaluate)
    add_model(evaluate)
    spans = commands.add_parser("evaluate-spans", help="measure how well a model finds sources, cues and relays")
    add_evaluate_spans(spans)
    add_model(spans)
    add_export(commands.add_parser("export", help="write the model of a run, or a part of a model folder, elsewhere"))
    add_info(commands.add_parser("info", help="tell what a model is"))
    add_corpus(commands.add_parser("corpus", help="annotated articles: with their texts, and without"))
    return parser
