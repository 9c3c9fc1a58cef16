"""All commands, and what their ends tell the shell."""

from __future__ import annotations

import argparse
import itertools
import logging
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from claimbasis.cli.archive import add_archive
from claimbasis.cli.arguments import add_model
from claimbasis.cli.compare import add_compare
from claimbasis.cli.corpus import add_corpus
from claimbasis.cli.evaluate import add_evaluate
from claimbasis.cli.evaluate_spans import add_evaluate_spans
from claimbasis.cli.label import add_label
from claimbasis.cli.models import add_export, add_info
from claimbasis.cli.registry import add_promote, add_register
from claimbasis.cli.report import add_report
from claimbasis.cli.runs import add_runs
from claimbasis.cli.serve import add_serve
from claimbasis.cli.sweep import add_sweep
from claimbasis.cli.train import add_train
from claimbasis.errors import ClaimbasisError

EXIT_DONE, EXIT_FAILURES, EXIT_NOT_STARTED, EXIT_INTERRUPTED = 0, 1, 2, 130
logger = logging.getLogger("claimbasis")
# By what people come for: name, what it does in one line, and what adds its options.
_COMMANDS: dict[str, list[tuple[Any, ...]]] = {
    "Read news": [
        ("label", "label the statements of articles", add_label),
        ("report", "make pages that show what the statements of articles rest on", add_report, add_model),
        ("archive", "label many articles into Parquet; can be killed and goes on", add_archive),
        ("serve", "answer over HTTP: a page for people and JSON for programs", add_serve),
    ],
    "Train and measure": [
        ("train", "run a training recipe", add_train),
        ("sweep", "search for better settings of a recipe; can be killed and goes on", add_sweep),
        ("runs", "list the runs of the tracking store", add_runs),
        ("compare", "test the difference between two runs or model folders", add_compare),
        ("evaluate", "measure a model on annotated articles", add_evaluate, add_model),
        ("evaluate-spans", "measure how well a model finds sources, cues and relays", add_evaluate_spans, add_model),
    ],
    "Models and corpora": [
        ("info", "tell what a model is", add_info),
        ("export", "write the model of a run, or a part of a model folder, elsewhere", add_export),
        ("register", "make the model of a run a version in MLflow's registry", add_register),
        ("promote", "make a registered version the champion, if it passes the gate", add_promote),
        ("corpus", "annotated articles: check, compare and mark them, bring in your own", add_corpus),
    ],
}


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
        extra = getattr(options, "extra", "train")
        logger.error("error: %s is not installed; this command needs: pip install 'claimbasis[%s]'", error.name, extra)
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
        usage="claimbasis [-h] COMMAND …",
        description="Says, statement by statement, what news rests on: unnamed sources, officials on the record, or actions.",
        epilog=_tell_commands(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=lambda _: _tell_help(parser))
    # The epilog lists them in groups, which argparse cannot.
    commands = parser.add_subparsers(prog="claimbasis", metavar="COMMAND", help=argparse.SUPPRESS)
    for name, line, *adders in itertools.chain.from_iterable(_COMMANDS.values()):
        command = commands.add_parser(name, description=f"{line[0].upper()}{line[1:]}.")
        for add in adders:
            add(command)
    return parser


def _tell_commands() -> str:
    width = 2 + max(len(name) for name, *_ in itertools.chain.from_iterable(_COMMANDS.values()))
    groups = [
        "\n".join([f"{title}:", *(f"  {name:{width}}{line}" for name, line, *_ in commands)])
        for title, commands in _COMMANDS.items()
    ]
    return "\n\n".join(
        [*groups, "`claimbasis COMMAND --help` tells more. Begin with: claimbasis report article.txt -o report.html"]
    )


def _tell_help(parser: argparse.ArgumentParser) -> int:
    """For who gives no command at all."""
    parser.print_help(sys.stderr)
    return EXIT_NOT_STARTED
