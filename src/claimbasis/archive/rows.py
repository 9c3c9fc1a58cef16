"""Reads the rows of an input one after the other, whatever state it is in."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

import pyarrow
import pyarrow.parquet

from claimbasis.archive.inputs import Input, name_path
from claimbasis.errors import InputError
from claimbasis.text.articles import is_document, parse_bytes
from claimbasis.types import Article

# Ten novels. What is larger is no article, and memory must stay bounded whatever an archive holds.
MAX_ROW_BYTES = 10_000_000
_ROWS_PER_BATCH = 64  # of Parquet
_MAX_DEPTH = 100  # of JSON
# What broken files make the readers raise.
BROKEN = (
    OSError,
    EOFError,
    zlib.error,
    zipfile.BadZipFile,
    pyarrow.ArrowException,
    UnicodeError,
    RuntimeError,
    csv.Error,
)
_NOT_UTF8 = "not UTF-8; encode it again"
HALF_CHARACTER = re.compile(r"[\ud800-\udfff]")  # bytes that were no UTF-8, or a JSON escape without its partner


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it stands in its input."""

    number: int  # from 1: the line, the row or the document
    place: str  # for messages
    end: int  # bytes of the input that were read up to here, as they lie on disk
    values: dict[str, Any] = field(default_factory=dict)
    reason: str = ""  # why it cannot be read


def read_rows(one: Input, *, without: Path) -> Iterator[Row]:
    """The rows of an input, never more than a batch of them in memory.

    Args:
        one: The input.
        without: A folder that is none of it.

    Raises:
        InputError: It breaks off or is broken; rows before that were given.
    """
    try:
        if one.kind == "documents":
            yield from _read_folder(one, without)
        else:
            yield from _READERS[one.kind](one)
    except BROKEN as error:
        raise InputError(f"{one.name}: broken or not readable ({error}); the rows before that are kept") from error


@contextmanager
def _open(path: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """The unpacked stream, and the file itself, which tells how much has been read."""
    with path.open("rb") as file:
        if path.name.lower().endswith(".gz"):
            yield cast(IO[bytes], gzip.GzipFile(fileobj=file)), file
        elif path.name.lower().endswith(".zst"):
            yield cast(IO[bytes], io.BufferedReader(pyarrow.CompressedInputStream(file, "zstd"))), file
        else:
            yield file, file


def _read_lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Lines; of one that is too long only the beginning, which is longer than allowed."""
    while line := stream.readline(MAX_ROW_BYTES + 1):
        yield line
        while len(line) > MAX_ROW_BYTES and not line.endswith(b"\n"):
            line = stream.readline(MAX_ROW_BYTES + 1)


def _read_jsonl(one: Input) -> Iterator[Row]:
    with _open(one.path) as (stream, file):
        for number, line in enumerate(_read_lines(stream), 1):
            if line.strip(codecs.BOM_UTF8 + b" \t\r\n"):
                values, reason = _parse_object(line)
                yield Row(number, f"{one.name}:{number}", file.tell(), values, reason)


def _parse_object(line: bytes) -> tuple[dict[str, Any], str]:
    if len(line) > MAX_ROW_BYTES:
        return {}, _too_large("line")
    try:
        values = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        return {}, f"no JSON object in UTF-8 ({error})"
    if not isinstance(values, dict):
        return {}, "JSON, but no object; each line needs one"
    return ({}, f"nested more than {_MAX_DEPTH} deep") if _is_deep(values, _MAX_DEPTH) else (values, "")


def _is_deep(value: object, n_levels: int) -> bool:
    """Whether lists and objects lie in one another so deep that writing them again might fail."""
    if not isinstance(value, (dict, list)):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return not n_levels or any(_is_deep(one, n_levels - 1) for one in inner)


def _too_large(what: str) -> str:
    return f"{what} larger than {MAX_ROW_BYTES / 1e6:g} MB, the most for one article"


def _read_csv(one: Input) -> Iterator[Row]:
    with _open(one.path) as (stream, file):
        lines = _decode_lines(stream)
        header = next(lines, "")
        if HALF_CHARACTER.search(header):
            raise UnicodeError("the header is not UTF-8; save it as that")
        delimiter = max(",;\t|", key=header.count)
        found = next(csv.reader([header], delimiter=delimiter), [])
        names = [name.strip() or f"field_{n}" for n, name in enumerate(found, 1)]
        csv.field_size_limit(MAX_ROW_BYTES)
        reader = csv.reader(lines, delimiter=delimiter)
        while True:
            first = reader.line_num + 2  # the header is a line too
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                cells, reason = [], f"no CSV ({error})"
            else:
                reason = _find_fault(cells, len(names))
            if cells or reason:
                values = {} if reason else dict(zip(names, cells, strict=True))
                yield Row(first, f"{one.name}:{first}", file.tell(), values, reason)


def _find_fault(cells: list[str], n_names: int) -> str:
    if any(HALF_CHARACTER.search(cell) for cell in cells):
        return _NOT_UTF8
    return "" if len(cells) in (0, n_names) else f"{len(cells)} fields, and the header has {n_names}"


def _decode_lines(stream: IO[bytes]) -> Iterator[str]:
    """Lines of text; what is not UTF-8 becomes half characters, which are rejected where they turn up."""
    head = stream.readline(MAX_ROW_BYTES + 1)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UnicodeError("UTF-16, and CSV is read as UTF-8; save it as that")
    yield head.decode("utf-8-sig", "surrogateescape")
    for line in _read_lines(stream):
        yield line.decode("utf-8", "surrogateescape")


def read_schema(path: Path) -> pyarrow.Schema:
    """The columns of a Parquet file, with types that every reader of the output knows."""
    fields = pyarrow.parquet.read_schema(path)
    return pyarrow.schema([(field.name, _plain_type(field.type)) for field in fields])


def _plain_type(kind: pyarrow.DataType) -> pyarrow.DataType:
    if pyarrow.types.is_dictionary(kind):
        kind = kind.value_type
    types = pyarrow.types
    if types.is_large_string(kind) or types.is_string_view(kind) or types.is_null(kind):
        return pyarrow.string()
    # Python knows no nanoseconds, and pandas need not be there.
    if types.is_timestamp(kind):
        return pyarrow.timestamp("us", kind.tz)
    if types.is_duration(kind) or types.is_time64(kind):
        return pyarrow.duration("us") if types.is_duration(kind) else pyarrow.time64("us")
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return pyarrow.list_(_plain_type(kind.value_type))
    if types.is_map(kind):
        return pyarrow.map_(_plain_type(kind.key_type), _plain_type(kind.item_type))
    if types.is_struct(kind):
        return pyarrow.struct([field.with_type(_plain_type(field.type)) for field in kind])
    return kind


def _read_parquet(one: Input) -> Iterator[Row]:
    schema = read_schema(one.path)
    # Buffered and not fetched ahead: else a whole row group would be in memory.
    with pyarrow.parquet.ParquetFile(one.path, buffer_size=1_000_000, pre_buffer=False) as file:
        n_rows, n_bytes, number = file.metadata.num_rows, one.path.stat().st_size, 0
        for batch in file.iter_batches(_ROWS_PER_BATCH, use_threads=False):
            for values, reason in _list_values(batch.cast(schema, safe=False)):
                number += 1
                yield Row(number, f"{one.name}, row {number}", n_bytes * number // n_rows, values, reason)


def _list_values(batch: pyarrow.RecordBatch) -> Iterator[tuple[dict[str, Any], str]]:
    try:
        rows = batch.to_pylist()
    except (ValueError, OverflowError, LookupError) as error:  # dates too may be what Python cannot hold
        if batch.num_rows == 1:
            yield {}, _NOT_UTF8 if isinstance(error, UnicodeError) else f"holds a value that cannot be read ({error})"
        else:
            for index in range(batch.num_rows):
                yield from _list_values(batch.slice(index, 1))
    else:
        yield from ((values, "") for values in rows)


def _read_zip(one: Input) -> Iterator[Row]:
    with zipfile.ZipFile(one.path) as archive:
        members = [m for m in archive.infolist() if not m.is_dir() and _is_wanted(m.filename)]
        end = 0
        for number, member in enumerate(members, 1):
            end += member.compress_size
            place = f"{one.name}/{member.filename}"
            try:
                with archive.open(member) as stream:
                    raw = stream.read(MAX_ROW_BYTES + 1)
            except BROKEN as error:  # a damaged or protected member says nothing about the others
                yield Row(number, place, end, reason=f"not readable in this zip file ({error})")
            else:
                yield _parse_document(number, place, end, raw)


def _is_wanted(name: str) -> bool:
    path = Path(name)
    return is_document(path.name) and "__MACOSX" not in path.parts


def _read_folder(one: Input, without: Path) -> Iterator[Row]:
    end = 0
    for number, path in enumerate(one.documents(without=without), 1):
        name = name_path(path)
        try:
            with _open(path) as (stream, file):
                raw = stream.read(MAX_ROW_BYTES + 1)
                end += file.seek(0, io.SEEK_END)
        except BROKEN as error:
            yield Row(number, name, end, reason=f"not readable ({error})")
        else:
            yield _parse_document(number, name, end, raw)


def _parse_document(number: int, place: str, end: int, raw: bytes) -> Row:
    name = place.removesuffix(".gz")
    if len(raw) > MAX_ROW_BYTES:
        return Row(number, place, end, reason=_too_large("document"))
    if raw.lstrip(codecs.BOM_UTF8 + b" \r\n").startswith(b'{"'):
        return Row(number, place, end, reason="JSON, not text; name it .jsonl if it has one object a line")
    try:
        (article,) = parse_bytes(name, raw, lambda _: None)
    except InputError as error:
        return Row(number, place, end, reason=str(error).removeprefix(f"{name}: "))
    except Exception as error:  # noqa: BLE001  # no file may end the job, whatever the library for its format raises
        return Row(number, place, end, reason=f"cannot be read ({type(error).__name__}: {error})")
    return Row(number, place, end, _values_of(article, place))


def _values_of(article: Article, place: str) -> dict[str, Any]:
    known = {"title": article.title, "outlet": article.outlet, "date": article.date, "url": article.url}
    return {"id": place, "text": article.text} | {name: value or None for name, value in known.items()}


_READERS = {"jsonl": _read_jsonl, "csv": _read_csv, "parquet": _read_parquet, "zip": _read_zip}
