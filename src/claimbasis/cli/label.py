"""`claimbasis label`."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from claimbasis.cli.arguments import add_model, share
from claimbasis.cli.labelling import Labelling, add_articles, refuse_inputs_as_output
from claimbasis.errors import InputError

if TYPE_CHECKING:
    from claimbasis.report.selection import Selection
    from claimbasis.types import ArticlePrediction


def add_label(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
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
        type=share,
        default=0.0,
        metavar="X",
        help="only statements where the score of a label (of one given with --only, if any is) is at least X",
    )
    parser.add_argument("--summary", action="store_true", help="a table with nothing but the counts of each article")
    add_model(parser)
    parser.set_defaults(command=_label)


def _label(options: argparse.Namespace) -> int:
    from claimbasis.report.progress import StatementProgress

    if options.summary and options.format in ("jsonl", "csv"):
        raise InputError(f"--summary is for the table, not for {options.format}; leave one of the two out")
    refuse_inputs_as_output(options.paths, Path(options.output) if options.output else None)
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
        return lambda prediction: print_prediction(console, prediction, selection, summary_only=options.summary)
    from claimbasis.report.rows import render_csv, render_csv_header, render_jsonl

    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8")  # standard output may be in another encoding
    if options.format != "csv":
        return lambda prediction: stream.write(render_jsonl(selection.select(prediction)))
    # With this mark in front Excel reads UTF-8 as what it is; other programs would take it for a part of the first name.
    stream.write(("\ufeff" if options.output else "") + render_csv_header(labels))
    return lambda prediction: stream.write(render_csv(selection.select(prediction)))
