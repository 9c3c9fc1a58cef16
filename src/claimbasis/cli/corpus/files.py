"""The files that the commands below `corpus` write."""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

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
    (write_csv if path.suffix == ".csv" else write_jsonl)(path, rows)


def write_csv(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Writes rows with the same keys as CSV that spreadsheets open."""
    write_lines(path, _render_csv(rows))


def write_jsonl(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Writes one JSON object a line, gzipped if the name ends so."""
    write_lines(path, (json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows))


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


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Writes text aside and puts it in its place when it is whole."""
    aside = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("wb") as file:
            # No time stamp, so that the same labels give the same file.
            stream = gzip.GzipFile("", "wb", fileobj=file, mtime=0) if path.suffix == ".gz" else file
            for line in lines:
                stream.write(line.encode("utf-8", "surrogatepass"))
            if stream is not file:
                stream.close()
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
