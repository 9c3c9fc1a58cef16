"""Rows of somebody's own CSV or JSONL, however a spreadsheet or a script wrote them, one after the other."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import itertools
import json
import logging
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from claimbasis.errors import CorpusError

logger = logging.getLogger(__name__)
MAX_CELL_CHARS = 1_000_000  # a quotation mark that is never closed swallows the rest of a file
_N_SAMPLED = 1_000  # rows of JSONL whose keys are its columns
_DELIMITERS = ",;\t|"
_BROKEN = (OSError, EOFError, zlib.error, UnicodeError)


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row as it stands in its file."""

    line: int  # where it begins, from 1
    values: Mapping[str, Any]  # by column; empty where the row cannot be read
    reason: str = ""  # why not


class Table:
    """A CSV or JSONL file (also .gz) that can be read again and again, never more than a row of it in memory."""

    def __init__(self, path: Path) -> None:
        """Looks what the file is.

        Args:
            path: Its name ends in .jsonl, .ndjson or .json for JSON, one object a line; else it is CSV.

        Raises:
            CorpusError: It cannot be read, is no text, or has no rows.
        """
        self.path = path
        name = path.name.lower().removesuffix(".gz")
        self._is_json = name.endswith((".jsonl", ".ndjson", ".json"))
        if name.endswith((".xlsx", ".xls", ".ods")):
            raise CorpusError(f"{path}: a spreadsheet; save its table as CSV (UTF-8) and give that file")
        try:
            self._encoding = self._find_encoding()
            self.columns = self._find_columns()
        except _BROKEN as error:
            raise CorpusError(f"{path}: cannot be read ({error}); give a CSV or JSONL file") from error

    def __iter__(self) -> Iterator[TableRow]:
        try:
            yield from self._read_json() if self._is_json else self._read_csv()
        except _BROKEN as error:
            raise CorpusError(f"{self.path}: broken or not readable ({error}); mend the file") from error

    def _open(self) -> BinaryIO:
        return cast(BinaryIO, gzip.GzipFile(self.path) if self.path.suffix == ".gz" else self.path.open("rb"))

    def _open_text(self) -> io.TextIOWrapper:
        # Windows-1252 leaves five bytes undefined: one of them must not cost the whole file.
        errors = "replace" if self._encoding == "cp1252" else "strict"
        return io.TextIOWrapper(self._open(), encoding=self._encoding, errors=errors, newline="")

    def _find_encoding(self) -> str:
        decoder = codecs.getincrementaldecoder("utf-8-sig")()
        with self._open() as stream:
            head = stream.read(1 << 20)
            if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                return "utf-16"
            if b"\x00" in head:
                raise CorpusError(f"{self.path}: binary, not text; save the table as CSV (UTF-8)")
            try:
                while head:
                    decoder.decode(head)
                    head = stream.read(1 << 20)
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                logger.warning("%s: not UTF-8; read as Windows-1252. Save it as UTF-8 if letters look wrong", self.path)
                return "cp1252"
        return "utf-8-sig"

    def _find_columns(self) -> tuple[str, ...]:
        if self._is_json:
            rows = list(itertools.islice(self._read_json(), _N_SAMPLED))
            if not any(row.values for row in rows):
                raise CorpusError(f"{self.path}: {rows[0].reason if rows else 'holds no rows'}")
            return tuple(dict.fromkeys(name for row in rows for name in row.values))
        with self._open_text() as stream:
            self._delimiter = max(_DELIMITERS, key=stream.readline().count)
        with self._open_text() as stream:
            names = tuple(name.strip() for name in next(self._reader(stream), ()))
        if not any(names):
            raise CorpusError(f"{self.path}: holds no rows; the first line of a CSV file names its columns")
        if repeated := [name for name in names if name and names.count(name) > 1]:
            raise CorpusError(f"{self.path}: two columns are called {repeated[0]!r}; give each a name of its own")
        return names

    def _reader(self, stream: io.TextIOWrapper) -> Any:  # noqa: ANN401  # the csv module's own type has no name
        csv.field_size_limit(MAX_CELL_CHARS)
        return csv.reader(stream, delimiter=self._delimiter)

    def _read_csv(self) -> Iterator[TableRow]:
        with self._open_text() as stream:
            reader = self._reader(stream)
            next(reader)
            while True:
                line = reader.line_num + 1
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield TableRow(line, {}, f"no CSV ({error}); is a quotation mark never closed?")
                    continue
                if len(cells) == len(self.columns):
                    yield TableRow(line, dict(zip(self.columns, cells, strict=True)))
                elif any(cells):
                    reason = f"{len(cells)} fields, and the first line names {len(self.columns)} columns"
                    yield TableRow(line, {}, f"{reason}; a text with {self._delimiter!r} needs quotation marks")

    def _read_json(self) -> Iterator[TableRow]:
        with self._open_text() as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    yield _parse_json(number, line)


def _parse_json(number: int, line: str) -> TableRow:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        return TableRow(number, {}, f"no JSON ({error}); write one object a line")
    if not isinstance(values, dict):
        return TableRow(number, {}, "JSON, but no object; write one object a line")
    return TableRow(number, values)
