"""The `claimbasis corpus` commands: annotated articles, before and after people have read them."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

from claimbasis.cli.corpus.agreement import add_agreement
from claimbasis.cli.corpus.answers import add_answers
from claimbasis.cli.corpus.ask import add_ask
from claimbasis.cli.corpus.check import add_check
from claimbasis.cli.corpus.imports import add_import
from claimbasis.cli.corpus.picture import add_picture
from claimbasis.cli.corpus.silver import add_silver
from claimbasis.cli.corpus.texts import add_detach, add_join, add_polnear
from claimbasis.cli.labelling import refuse_inputs_as_output


def add_corpus(parser: argparse.ArgumentParser) -> None:
    """Adds the commands below `corpus`."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, add, purpose in (
        ("import", add_import, "labelled statements of your own (CSV, JSONL) become annotated articles"),
        ("check", add_check, "find likely label errors, near-duplicates, and what stands in two files"),
        ("agreement", add_agreement, "how far several people's labels of the same statements agree"),
        ("ask", add_ask, "pick the statements that a model is least sure of, for people to mark"),
        ("answers", add_answers, "what people marked becomes annotated articles to train with"),
        ("silver", add_silver, "what models together say of raw articles, for another model to learn from"),
        ("join", add_join, "stand-off labels and your copy of the texts become annotated articles"),
        ("detach", add_detach, "annotated articles become labels without their texts"),
        ("polnear", add_polnear, "a clone of PolNeAR becomes JSONL, with its attributions"),
        ("picture", add_picture, "a picture of the labels by domain"),
    ):
        command = commands.add_parser(name, help=purpose)
        add(command)
        command.set_defaults(command=partial(_run_apart, command.get_default("command")))


def _run_apart(command: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """Runs a command, but not over a file that it is to read: hours of marking may be in it."""
    if options.output:
        named = (
            value if isinstance(value, list) else [value] for name, value in vars(options).items() if name != "output"
        )
        paths = [str(value) for values in named for value in values if isinstance(value, str | Path)]
        refuse_inputs_as_output([path for path in paths if Path(path).is_file()], options.output)
    return command(options)
