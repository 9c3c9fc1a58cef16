"""Where commands put what they write."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claimbasis.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

N_NAMED = 5  # things that a message lists before it says how many more there are


def make_console() -> Console:
    """For tables: as wide as the terminal, or wide enough for all columns where there is none."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else 140)


def make_folder(path: Path) -> None:
    """Makes a folder for `--output`, and those above it.

    Raises:
        InputError: It is something else, or cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"--output: {path} is no folder and cannot become one ({error}); choose another place"
        ) from error


def write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Writes JSONL, see `write_lines`."""
    write_lines(path, (json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows))


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Writes text (gzipped where the name ends in .gz) aside and puts it in its place when it is whole."""
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


def name_some(items: Iterable[str]) -> str:
    """The first few, and how many more there are."""
    names = list(items)
    more = f" and {len(names) - N_NAMED} more" if len(names) > N_NAMED else ""
    return ", ".join(names[:N_NAMED]) + more
