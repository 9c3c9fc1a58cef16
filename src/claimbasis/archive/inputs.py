"""What an archive consists of: files of rows, zip files, and folders of documents."""

from __future__ import annotations

import glob
import hashlib
import logging
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from claimbasis.errors import InputError
from claimbasis.text.articles import is_document

logger = logging.getLogger("claimbasis")
Kind = Literal["jsonl", "csv", "parquet", "zip", "documents"]
_KINDS: dict[str, Kind] = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "csv", ".parquet": "parquet", ".zip": "zip",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Input:
    """One input: a file of many articles, or the documents of a folder, which are counted as one."""

    name: str  # as the user wrote it; the `input` of the rows that come from here
    kind: Kind
    path: Path
    files: tuple[Path, ...] = ()  # of "documents" that were named one by one; else all below `path`

    def documents(self, *, without: Path) -> Iterator[Path]:
        """The files of "documents", in order, never all of them in memory."""
        return iter(self.files) if self.files else (file for file in _walk(self.path, without) if _is_document(file))


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What tells whether an input is still the one that was read."""

    n_bytes: int
    sha256: str


def find_inputs(paths: Sequence[str], *, output: Path) -> list[Input]:
    """All inputs, in an order that does not depend on that of the paths.

    Args:
        paths: Files, folders and patterns such as `news/**/*.jsonl.gz`.
        output: The output folder, which is no input even where it lies within one.

    Raises:
        InputError: A path leads nowhere, or nothing that can be read was found.
    """
    without = output.resolve()
    found: dict[Path, Input] = {}
    named: dict[Path, list[Path]] = {}
    for path in _expand(paths):
        if path.is_dir():
            found |= {one.path.resolve(): one for one in _search_folder(path, without)}
        elif kind := _kind(path):
            found[path.resolve()] = Input(name_path(path), kind, path)
        else:
            named.setdefault(path.parent, []).append(path)
    for folder, files in named.items():
        place = folder.resolve()
        if not found.keys() & {place, *place.parents}:
            found[place] = Input(name_path(folder), "documents", folder, tuple(sorted(set(files))))
    if not found:
        raise InputError(f"{', '.join(paths)}: nothing to read here; known are {_known()}, and text, HTML, PDF, .docx")
    whole = {place for place, one in found.items() if one.kind == "documents" and not one.files}
    # A folder's documents are read with those of a folder above it, if that is an input too.
    kept = [one for place, one in found.items() if one.kind != "documents" or not whole.intersection(place.parents)]
    return sorted(kept, key=lambda one: one.name)


def take_fingerprint(one: Input, *, without: Path) -> Fingerprint:
    """Reads an input to its end.

    Raises:
        OSError: It cannot be read.
    """
    digest, n_bytes = hashlib.sha256(), 0
    for path in one.documents(without=without) if one.kind == "documents" else (one.path,):
        with path.open("rb") as stream:
            part = hashlib.file_digest(stream, "sha256")
            n_bytes += stream.tell()
        if one.kind != "documents":
            return Fingerprint(n_bytes, part.hexdigest())
        digest.update(os.fsencode(path) + b"\0" + part.digest())
    return Fingerprint(n_bytes, digest.hexdigest())


def count_bytes(one: Input, *, without: Path) -> int:
    """The size on disk, without reading it; 0 for what has gone."""
    paths: Iterable[Path] = one.documents(without=without) if one.kind == "documents" else (one.path,)
    return sum(path.stat().st_size for path in paths if path.exists())


def _expand(paths: Sequence[str]) -> Iterator[Path]:
    for path in paths:
        if Path(path).exists():
            yield Path(path)
        elif matches := sorted(glob.glob(path, recursive=True)):  # noqa: PTH207  # patterns may be absolute
            yield from map(Path, matches)
        else:
            raise InputError(f"{path}: no such file or folder, and nothing matches it as a pattern; check the path")


def _search_folder(folder: Path, without: Path) -> Iterator[Input]:
    ignored: Counter[str] = Counter()
    has_documents = False
    for file in _walk(folder, without):
        if kind := _kind(file):
            yield Input(name_path(file), kind, file)
        elif _is_document(file):
            has_documents = True
        else:
            ignored["".join(file.suffixes[-2:]) or file.name] += 1
    if has_documents:
        yield Input(name_path(folder), "documents", folder)
    if ignored:
        endings = ", ".join(f"{ending} ({n})" for ending, n in ignored.most_common(5))
        logger.warning("%s: left out %d files of other kinds: %s", folder, ignored.total(), endings)


def _walk(folder: Path, without: Path) -> Iterator[Path]:
    """All files below a folder, in order, without hidden ones."""
    for top, folders, files in os.walk(folder):
        here = Path(top)
        folders[:] = sorted(f for f in folders if not f.startswith(".") and (here / f).resolve() != without)
        yield from (here / name for name in sorted(files) if not name.startswith("."))


def _kind(path: Path) -> Kind | None:
    name = path.name.lower()
    plain = name.removesuffix(".gz").removesuffix(".zst")
    kind = _KINDS.get(Path(plain).suffix)
    return kind if plain == name or kind in ("jsonl", "csv") else None


def _is_document(path: Path) -> bool:
    return is_document(path.name)


def name_path(path: Path) -> str:
    """The path as text that every file format can hold, whatever bytes the file's name consists of."""
    return os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")


def _known() -> str:
    return f"{', '.join(_KINDS)} (JSONL and CSV also with .gz or .zst)"
