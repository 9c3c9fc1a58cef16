"""Cuts an input into parts: what is labelled, written and, if need be, done again as one."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from claimbasis.archive.columns import Header
from claimbasis.archive.inputs import Input
from claimbasis.archive.rows import HALF_CHARACTER, MAX_ROW_BYTES, Row, read_rows

# A part also ends where its rows reach this size, so that memory does not depend on how long articles are.
MAX_PART_CHARS = 8_000_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One article of a part."""

    row: int  # its number in the input
    article_id: str
    text: str
    text_hash: bytes  # 16 bytes
    others: dict[str, Any]  # all other columns


@dataclass(frozen=True, slots=True)
class Reject:
    """What could not be read or labelled."""

    row: int  # its number in the input
    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Part:
    """Some consecutive rows of an input."""

    name: str  # of its output files
    input: str
    number: int  # from 0
    entries: tuple[Entry, ...]
    rejects: tuple[Reject, ...]
    fingerprint: str  # of its content: equal when nothing in its rows has changed
    end: int  # bytes of the input that were read up to here


def name_part(input_name: str, number: int) -> str:
    """A file name that says where the part comes from, and that no other part has."""
    stem = re.sub(r"[^A-Za-z0-9]+", "-", Path(input_name).name.split(".")[0]).strip("-")[:40] or "input"
    return f"{stem}-{hashlib.sha256(input_name.encode()).hexdigest()[:8]}-{number:05}"


def read_parts(one: Input, header: Header, *, n_rows: int, without: Path) -> Iterator[Part]:
    """The parts of an input.

    Args:
        one: The input.
        header: Its columns.
        n_rows: Most rows of a part.
        without: A folder that is no input.

    Raises:
        InputError: It breaks off or is broken; whole parts before that were given.
    """
    rows: list[Row] = []
    n_chars = number = 0
    for row in read_rows(one, without=without):
        rows.append(row)
        n_chars += len(str(row.values.get(header.text) or ""))
        if len(rows) == n_rows or n_chars >= MAX_PART_CHARS:
            yield _make_part(one, header, number, rows)
            rows, n_chars, number = [], 0, number + 1
    if rows:
        yield _make_part(one, header, number, rows)


def _make_part(one: Input, header: Header, number: int, rows: Sequence[Row]) -> Part:
    checked = [check_row(row, header) for row in rows]
    digest = hashlib.sha256(repr((header.text, header.id)).encode())
    for row in rows:
        content = json.dumps([row.number, row.reason, row.values], default=str)
        digest.update(hashlib.sha256(content.encode()).digest())
    return Part(
        name=name_part(one.name, number),
        input=one.name,
        number=number,
        entries=tuple(item for item in checked if isinstance(item, Entry)),
        rejects=tuple(item for item in checked if isinstance(item, Reject)),
        fingerprint=digest.hexdigest(),
        end=rows[-1].end,
    )


def check_row(row: Row, header: Header) -> Entry | Reject:
    """The article of a row, or why there is none."""
    text = row.values.get(header.text)
    if reason := row.reason or _find_fault(text, header.text):
        return Reject(row.number, row.place, reason)
    others = {name: value for name, value in row.values.items() if name not in (header.text, header.id)}
    given = row.values.get(header.id) if header.id else None
    article_id = str(given) if given not in (None, "") else _make_id(str(text), str(others.get("url") or ""))
    if HALF_CHARACTER.search(article_id):
        return Reject(row.number, row.place, "the id holds half a character (a lone surrogate); encode it again")
    return Entry(row.number, article_id, str(text), _hash(str(text)), others)


def _find_fault(text: object, column: str) -> str:
    """What makes a text one that cannot be labelled; empty when nothing does."""
    if text is None:
        return f"no text: {column!r} is missing or null"
    if not isinstance(text, str):
        return f"{column!r} holds {type(text).__name__}, not text"
    if not text.strip():
        return f"no text: {column!r} is empty"
    if "\0" in text:
        return "a null byte in the text; remove it, or read the source again"
    if HALF_CHARACTER.search(text):
        return "the text holds half a character (a lone surrogate); encode it again as UTF-8"
    if len(text) > MAX_ROW_BYTES:
        return f"more than {MAX_ROW_BYTES / 1e6:g} million characters, the most for one article"
    return ""


def _make_id(text: str, url: str) -> str:
    return _hash(f"{url}\0{text}".encode("utf-8", "backslashreplace").decode()).hex()


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
