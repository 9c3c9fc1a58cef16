"""The output folder: files that are written aside and come into their place whole."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import pyarrow
import pyarrow.parquet

from claimbasis.archive.manifest import FILE as MANIFEST_FILE
from claimbasis.archive.parts import Reject
from claimbasis.errors import InputError

STATEMENTS, ARTICLES, REJECTS = "statements", "articles", "rejects.jsonl"
# Readers of whole folders pass by what begins with a dot.
_ASIDE = ".unfinished"


class OutputFolder:
    """Where the results of a job lie."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def prepare(self) -> None:
        """Makes the folder.

        Raises:
            InputError: It holds something else, or cannot be made.
        """
        foreign = [name for name in (STATEMENTS, ARTICLES) if (self.path / name).exists()]
        if foreign and not (self.path / MANIFEST_FILE).exists():
            raise InputError(f"--output {self.path}: holds {foreign[0]}, but no job's record; choose another folder")
        try:
            for name in (STATEMENTS, ARTICLES, _ASIDE):
                (self.path / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"--output: {self.path} is no folder and cannot become one ({error}); choose another place"
            ) from error

    def tidy(self) -> None:
        """Removes what a killed job has left; to be called by the only job here."""
        shutil.rmtree(self.path / _ASIDE, ignore_errors=True)
        (self.path / _ASIDE).mkdir(exist_ok=True)

    def close(self) -> None:
        """Leaves nothing but results."""
        shutil.rmtree(self.path / _ASIDE, ignore_errors=True)

    def write_part(self, name: str, statements: pyarrow.Table, articles: pyarrow.Table) -> None:
        """Writes both tables of a part.

        Raises:
            OSError: The disk is full, or gone; a part of that name that was there before is untouched or replaced.
        """
        for kind, table in ((STATEMENTS, statements), (ARTICLES, articles)):
            aside = self.path / _ASIDE / f"{kind}-{name}.parquet"
            with aside.open("wb") as stream:
                pyarrow.parquet.write_table(table, stream, compression="zstd")
                _sync(stream)
            aside.replace(self._file(kind, name))
            _sync_folder(self.path / kind)

    def read_statements(self, name: str, rows: Iterable[int]) -> pyarrow.Table:
        """The statements of some articles of a part."""
        return pyarrow.parquet.read_table(
            self._file(STATEMENTS, name), filters=[("row", "in", list(rows))], use_threads=False
        )

    def remove_part(self, name: str) -> None:
        """Removes the files of a part."""
        for kind in (ARTICLES, STATEMENTS):
            self._file(kind, name).unlink(missing_ok=True)

    def has_part(self, name: str) -> bool:
        """Whether both files of a part are there."""
        return all(self._file(kind, name).exists() for kind in (STATEMENTS, ARTICLES))

    def write_rejects(self, rejects: Iterable[tuple[str, Reject]]) -> None:
        """Writes all rejects, or removes the file when there are none."""
        aside = self.path / _ASIDE / REJECTS
        with aside.open("w", encoding="utf-8") as stream:
            for input_name, reject in rejects:
                row = {"input": input_name, "row": reject.row, "place": reject.place, "reason": reject.reason}
                stream.write(json.dumps(row, ensure_ascii=False) + "\n")
            _sync(stream)
            is_empty = stream.tell() == 0
        if is_empty:
            (self.path / REJECTS).unlink(missing_ok=True)
        else:
            aside.replace(self.path / REJECTS)

    def _file(self, kind: str, name: str) -> Path:
        return self.path / kind / f"{name}.parquet"


def _sync(stream: IO[Any]) -> None:
    stream.flush()
    os.fsync(stream.fileno())


def _sync_folder(path: Path) -> None:
    """Makes the new name last through a power failure, where the system lets one."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
