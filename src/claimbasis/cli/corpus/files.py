"""The files that the commands below `corpus` write."""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from claimbasis.cli.output import write_lines, write_rows
from claimbasis.text.spreadsheet import guard_cell


def add_output(parser: argparse.ArgumentParser) -> None:
    """Where annotated articles or labels go."""
    parser.add_argument("--output", required=True, type=Path, metavar="FILE", help="JSONL, gzipped if it ends so")


def add_table(parser: argparse.ArgumentParser, purpose: str) -> None:
    """Where rows go that a spreadsheet can show as well."""
    parser.add_argument("--output", type=_table_path, metavar="FILE", help=f"{purpose} (.csv or .jsonl)")


def _table_path(text: str) -> Path:
    if not text.endswith((".csv", ".jsonl", ".jsonl.gz")):
        raise argparse.ArgumentTypeError(f"{text!r} ends like none of .csv, .jsonl, .jsonl.gz")
    return Path(text)


def write_table(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Writes rows with the same keys as the name ends."""
    (write_csv if path.suffix == ".csv" else write_rows)(path, rows)


def write_csv(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Writes rows with the same keys as CSV that spreadsheets open."""
    write_lines(path, _render_csv(rows))


def _render_csv(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    for number, row in enumerate(rows):
        if not number:
            # With this mark in front Excel reads UTF-8 as what it is.
            buffer.write("\ufeff")
            writer.writerow(row)
        writer.writerow(map(guard_cell, row.values()))
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
