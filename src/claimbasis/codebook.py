"""The labels, in order, from a codebook file: the only place where the code learns their names."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from claimbasis.errors import CorpusError

NONE = "none"  # the name of the code for statements that carry no label, in codebooks that have one
# Label names become names of columns (`score_NAME`, `n_NAME`), where some are taken.
_NAME = re.compile(r"\w[\w-]{0,39}")
RESERVED_NAMES = frozenset((NONE, "chars", "statements", "sources"))
# Keys of each part of the file, with the type of the value; those in _NEEDED cannot be left out.
_KEYS: dict[str, dict[str, type]] = {
    "": {"version": str, "note": str, "labels": list, "other_codes": list},
    "labels": {"name": str, "code": str, "short": str, "definition": str, "credits": bool, "unnamed": bool},
    "other_codes": {"code": str, "name": str},
}
_NEEDED = {"": ("version", "labels"), "labels": ("name", "code"), "other_codes": ("code", "name")}
_KINDS = {str: "text in quotation marks", bool: "true or false", list: "a list of tables, each under [[…]]"}


@dataclass(frozen=True, slots=True)
class Label:
    """One ground that a statement can rest on."""

    name: str  # as in predictions: "anonymous_sourced"
    code: str  # one letter, as annotators write it: "A"
    short: str = ""  # for narrow columns: "anonymous"; the name when the file gives none
    definition: str = ""
    credits: bool = True  # whether what carries it is credited to somebody, so that a source is worth looking for
    unnamed: bool = False  # whether its source has no name, so that nobody named earlier can be meant


@dataclass(frozen=True, slots=True)
class Codebook:
    """The labels and the further codes that annotators use."""

    version: str
    labels: tuple[Label, ...]
    other_codes: dict[str, str] = field(default_factory=dict)  # code -> name; recorded, never predicted
    note: str = ""  # what readers of a report must know about the labels

    @property
    def label_names(self) -> tuple[str, ...]:
        """Names of the labels, in the order of every score vector."""
        return tuple(label.name for label in self.labels)

    @property
    def codes(self) -> frozenset[str]:
        """All letters an annotation may contain."""
        return frozenset(label.code for label in self.labels) | self.other_codes.keys()

    @property
    def code_of_none(self) -> str:
        """What is written for a statement without any label: the code named "none", or nothing where there is no such code."""
        return next((code for code, name in self.other_codes.items() if name.casefold() == NONE), "")

    @property
    def fingerprint(self) -> str:
        """Eight hexadecimal digits that change with everything in it."""
        return hashlib.sha256(render_codebook(self).encode()).hexdigest()[:8]

    def targets(self, codes: str) -> tuple[float, ...]:
        """Codes of one statement ("CO") as 0 or 1 for each label.

        Raises:
            CorpusError: A code is unknown, repeated, or missing although the codebook has one for none of the labels.
        """
        forgotten = not codes and self.code_of_none
        if set(codes) - self.codes or forgotten or len(set(codes)) < len(codes):
            raise CorpusError(
                f"codes {codes!r} do not fit codebook {self.version}; write each of {''.join(sorted(self.codes))} "
                f"at most once{f', and {self.code_of_none} for none of the labels' if self.code_of_none else ''}"
            )
        return tuple(float(label.code in codes) for label in self.labels)


def read_codebook(path: Path) -> Codebook:
    """A codebook from its TOML file.

    Raises:
        CorpusError: The file cannot be read, or breaks a rule; all faults are named at once.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path}: cannot be read ({error}); a codebook is a TOML file in UTF-8") from error
    return parse_codebook(text, str(path))


def parse_codebook(text: str, place: str = "codebook.toml") -> Codebook:
    """A codebook from the text of its TOML file.

    Args:
        text: The text.
        place: Where it came from, for messages.

    Raises:
        CorpusError: The text is no TOML or breaks a rule; all faults are named at once.
    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CorpusError(f"{place}: no TOML ({error}); compare it with data/codebook/codebook.toml") from error
    if faults := list(_find_wrong_keys(values)) or list(_find_wrong_values(values)):
        raise CorpusError(f"{place}: {'; '.join(faults)}")
    return Codebook(
        version=values["version"],
        labels=tuple(Label(**{"short": label["name"]} | label) for label in values["labels"]),
        other_codes={other["code"]: other["name"] for other in values.get("other_codes", ())},
        note=values.get("note", ""),
    )


def _find_wrong_keys(values: Mapping[str, Any]) -> Iterator[str]:
    yield from _check_keys(values, "", "")
    for part in ("labels", "other_codes"):
        rows = values.get(part)
        for number, row in enumerate(rows if isinstance(rows, list) else (), 1):
            if isinstance(row, dict):
                yield from _check_keys(row, part, f"{part} {number}: ")
            else:
                yield f"{part} {number}: {row!r} is no table; begin it with [[{part}]]"


def _check_keys(values: Mapping[str, Any], part: str, place: str) -> Iterator[str]:
    known = _KEYS[part]
    for key, value in values.items():
        if key not in known:
            yield f"{place}unknown key {key!r}; use {', '.join(known)}"
        elif not isinstance(value, known[key]):
            yield f"{place}{key} is {value!r}; write {_KINDS[known[key]]}"
    yield from (f"{place}{key} is missing" for key in _NEEDED[part] if key not in values)


def _find_wrong_values(values: Mapping[str, Any]) -> Iterator[str]:
    labels, others = values["labels"], values.get("other_codes", [])
    if not labels:
        yield "labels is empty; give at least one [[labels]]"
    for label in labels:
        name = label["name"]
        if not _NAME.fullmatch(name) or name.casefold() in RESERVED_NAMES:
            yield (
                f"label name {name!r}; use at most 40 letters, digits, _ and -, and none of {', '.join(sorted(RESERVED_NAMES))}"
            )
    for code in (row["code"] for row in (*labels, *others)):
        if len(code) != 1 or not code.isalnum():
            yield f"code {code!r}; use one letter or digit"
    yield from (f"code {code!r} stands twice" for code in _repeated(row["code"] for row in (*labels, *others)))
    # Many readers of tables do not tell Claim from claim.
    yield from (f"label name {name!r} stands twice" for name in _repeated(row["name"].casefold() for row in labels))
    for key, text in [
        ("note", values.get("note", "")),
        *((k, v) for row in (*labels, *others) for k, v in row.items()),
    ]:
        if isinstance(text, str) and not text.isprintable():
            yield f"{key} {text!r}; write one line without control characters"


def _repeated(values: Iterable[str]) -> list[str]:
    return [value for value, n in Counter(values).items() if n > 1]


def render_codebook(codebook: Codebook) -> str:
    """The text of its TOML file, without comments; `parse_codebook` gives the same codebook again."""
    lines = [f"version = {_quote(codebook.version)}"]
    lines += [f"note = {_quote(codebook.note)}"] if codebook.note else []
    for label in codebook.labels:
        lines += ["", "[[labels]]"]
        lines += [f"{key} = {_quote(getattr(label, key))}" for key in ("name", "code", "short", "definition")]
        lines += [] if label.credits else ["credits = false"]
        lines += ["unnamed = true"] if label.unnamed else []
    for code, name in codebook.other_codes.items():
        lines += ["", "[[other_codes]]", f"code = {_quote(code)}", f"name = {_quote(name)}"]
    return "\n".join(lines) + "\n"


def _quote(text: str) -> str:
    """A basic string of TOML, which JSON's strings are too as long as they hold no control characters."""
    return json.dumps(text, ensure_ascii=False)


@cache
def shipped_codebook() -> Codebook:
    """The codebook that came with the package."""
    return parse_codebook((files("claimbasis") / "bundled" / "codebook.toml").read_text(encoding="utf-8"))
