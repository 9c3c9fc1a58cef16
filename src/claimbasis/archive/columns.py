"""Which column holds the text, which the id, and how all others are handed on untouched."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow

from claimbasis.archive.inputs import Input
from claimbasis.archive.rows import BROKEN, HALF_CHARACTER, read_rows, read_schema
from claimbasis.errors import InputError

# In order of preference; compared without regard to case.
TEXT_NAMES = (
    "text", "body", "content", "full_text", "fulltext", "article_text", "articletext", "article_body", "articlebody",
    "maintext", "main_text", "body_text", "article", "story", "snippet",
)  # fmt: skip
ID_NAMES = ("id", "article_id", "articleid", "doc_id", "document_id", "_id", "uuid", "guid")
EXTRA = "extra"  # the column of all that has no column of its own, as JSON
_N_SAMPLED = 1_000  # rows of JSONL and CSV; what only turns up later is handed on in `extra`
_IS_JSON = {b"claimbasis": b"json"}
_PLAIN: dict[type, pyarrow.DataType] = {
    str: pyarrow.string(), int: pyarrow.int64(), float: pyarrow.float64(), bool: pyarrow.bool_(),
}  # fmt: skip
_TEXTS = ("title", "outlet", "date", "url")  # of documents


@dataclass(frozen=True, slots=True)
class Header:
    """What is known of an input's columns before its rows are read."""

    text: str
    id: str | None  # None where ids are made from a hash
    others: tuple[pyarrow.Field, ...]


def read_header(one: Input, *, without: Path, text: str | None = None, id: str | None = None) -> Header:
    """Finds the columns of an input.

    Args:
        one: The input.
        without: A folder that is none of it.
        text: The user's word for the column of the text; guessed when None.
        id: The user's word for the column of the id; guessed when None.

    Raises:
        InputError: It cannot be read, or has no such column.
    """
    if one.kind in ("zip", "documents"):
        return Header("text", "id", tuple(pyarrow.field(name, pyarrow.string()) for name in _TEXTS))
    fields = _read_fields(one, without)
    names = [field.name for field in fields]
    if not names:  # nothing to choose from: an empty file, or rows that are all broken
        return Header(text or TEXT_NAMES[0], id, ())
    text = _choose(one, names, text, TEXT_NAMES)
    if text is None:
        raise InputError(f"{one.name}: no column of texts among {', '.join(names)}; name it with --text-column")
    id = _choose(one, [name for name in names if name != text], id, ID_NAMES)
    return Header(text, id, tuple(field for field in fields if field.name not in (text, id)))


def _choose(one: Input, names: Sequence[str], wanted: str | None, candidates: Iterable[str]) -> str | None:
    if wanted is not None and wanted not in names:
        raise InputError(f"{one.name}: no column {wanted!r}; it has {', '.join(names)}")
    by_case = {name.casefold(): name for name in reversed(names)}
    return wanted or next((by_case[name] for name in candidates if name in by_case), None)


def _read_fields(one: Input, without: Path) -> list[pyarrow.Field]:
    if one.kind == "parquet":
        try:
            return list(read_schema(one.path))
        except BROKEN as error:
            raise InputError(f"{one.name}: broken or not readable ({error})") from error
    kinds: dict[str, pyarrow.DataType | None] = {}
    try:
        for row in itertools.islice(read_rows(one, without=without), _N_SAMPLED):
            for name, value in row.values.items():
                kinds[name] = _merge(kinds.get(name), _kind_of(value))
    except InputError:
        if not kinds:
            raise  # else the rows before the damage are read, and then it is told
    return [_field(name, kind) for name, kind in kinds.items()]


def _kind_of(value: object) -> pyarrow.DataType | None:
    """The type of a value from JSON or CSV, a null type for what must stay JSON, None when any type will do."""
    return None if value is None else _PLAIN.get(type(value), pyarrow.null())


def _merge(one: pyarrow.DataType | None, other: pyarrow.DataType | None) -> pyarrow.DataType | None:
    if one is None or other is None or one == other:
        return other if one is None else one
    try:
        if pyarrow.null() not in (one, other):
            schemas = [pyarrow.schema([("", kind)]) for kind in (one, other)]
            return pyarrow.unify_schemas(schemas, promote_options="permissive").field(0).type
    except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError):
        pass
    return pyarrow.null()


def _field(name: str, kind: pyarrow.DataType | None) -> pyarrow.Field:
    if kind == pyarrow.null():
        return pyarrow.field(name, pyarrow.string(), metadata=_IS_JSON)
    return pyarrow.field(name, kind or pyarrow.string())


def _is_json(field: pyarrow.Field) -> bool:
    return bool(field.metadata) and field.metadata.get(b"claimbasis") == b"json"


class Layout:
    """The columns that are handed on, the same in all parts so that every reader takes them for one table."""

    def __init__(self, headers: Iterable[Header], *, taken: Iterable[str]) -> None:
        """Brings the columns of all inputs together.

        Args:
            headers: Of all inputs, in their order.
            taken: Names that mean something else in the output; a column of such a name becomes `input_…`.
        """
        self._taken = frozenset(taken)
        kinds: dict[str, pyarrow.DataType | None] = {}
        cases: dict[str, str] = {}  # many readers do not tell Date from date: the second one goes to `extra`
        for field in (field for header in headers for field in header.others):
            name = self._rename(field.name)
            if cases.setdefault(name.casefold(), name) == name and not HALF_CHARACTER.search(name):
                kinds[name] = _merge(kinds.get(name), pyarrow.null() if _is_json(field) else field.type)
        self.fields = tuple(_field(name, kind) for name, kind in kinds.items())
        self._by_name = {field.name: field for field in self.fields}

    def _rename(self, name: str) -> str:
        return f"input_{name}" if name.casefold() in self._taken else name

    def place(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values by output column, those that fit none of them together as JSON in `extra`."""
        placed: dict[str, Any] = {}
        extra: dict[str, Any] = {}
        for name, value in values.items():
            field = self._by_name.get(self._rename(name))
            fitted = None if field is None else _fit(value, field)
            if fitted is not None and field is not None:
                placed[field.name] = fitted
            elif value is not None:
                extra[name] = value
        return placed | {EXTRA: _to_json(extra) if extra else None}


def _fit(value: object, field: pyarrow.Field) -> object:
    """The value as the column holds it, None when it does not fit."""
    if value is None:
        return None
    if _is_json(field):
        return _to_json(value)
    if field.type == pyarrow.string():
        return value if isinstance(value, str) and not HALF_CHARACTER.search(value) else None
    try:
        (fitted,) = pyarrow.array([value], field.type).to_pylist()
    except (pyarrow.ArrowException, OverflowError, TypeError, ValueError):
        return None
    return value if fitted == value or (fitted != fitted and value != value) else None  # a NaN equals nothing


def _to_json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return json.dumps(value, default=str) if HALF_CHARACTER.search(text) else text
