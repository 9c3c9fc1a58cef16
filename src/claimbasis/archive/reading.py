"""Goes through all inputs in order, and knows what has changed since an earlier start."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from claimbasis.archive.columns import Header, Layout, read_header
from claimbasis.archive.duplicates import DuplicateIndex, Link
from claimbasis.archive.inputs import Input, count_bytes, take_fingerprint
from claimbasis.archive.manifest import DonePart, Manifest, WholeInput
from claimbasis.archive.parts import Part, Reject, read_parts
from claimbasis.errors import InputError

logger = logging.getLogger("claimbasis")


@dataclass(frozen=True, slots=True)
class Columns:
    """What the user said about columns; None where they are guessed."""

    text: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class ReadPart:
    """A part, and how its articles are linked with those before."""

    rank: int  # of its input
    part: Part
    links: tuple[Link, ...]  # of its entries
    n_bytes: int  # of the input that it takes


@dataclass(frozen=True, slots=True)
class SkippedInput:
    """An input that has not changed and is finished."""

    n_articles: int
    n_bytes: int


class ArchiveReader:
    """All inputs of a job."""

    def __init__(self, inputs: Sequence[Input], manifest: Manifest, *, output: Path, columns: Columns) -> None:
        """Reads the headers of all inputs.

        Args:
            inputs: In order.
            manifest: The record of the job.
            output: A folder that is no input.
            columns: What the user said about them.
        """
        self.inputs = inputs
        self._manifest, self._without = manifest, output.resolve()
        self._index = DuplicateIndex(manifest.connection)
        self._headers: dict[str, Header] = {}
        self._unreadable: dict[str, str] = {}
        for one in inputs:
            try:
                self._headers[one.name] = read_header(one, without=self._without, text=columns.text, id=columns.id)
            except InputError as error:
                self._unreadable[one.name] = str(error)

    def lay_out(self, *, taken: Sequence[str]) -> Layout:
        """The columns that are handed on; see `Layout`."""
        return Layout(self._headers.values(), taken=taken)

    def count_bytes(self) -> int:
        """Size of all inputs on disk."""
        return sum(count_bytes(one, without=self._without) for one in self.inputs)

    def forget_changes(self, layout: Layout) -> None:
        """Cuts what is known of the archive off where it has changed since it was read."""
        if self._manifest.whole_input(0):
            logger.info("looking whether the inputs are as they were")
        first = next((rank for rank, one in enumerate(self.inputs) if self._has_changed(rank, one)), len(self.inputs))
        columns = hashlib.sha256(str(layout.fields).encode()).hexdigest()
        with self._manifest.commit():
            self._index.cut(first)
            # Other columns change no duplicates, but all parts must be looked at.
            self._manifest.forget_inputs(first if self._manifest.get("columns") == columns else 0)
            self._manifest.put("columns", columns)

    def _has_changed(self, rank: int, one: Input) -> bool:
        known, header = self._manifest.whole_input(rank), self._headers.get(one.name)
        if known is None or header is None:
            return True
        try:
            found = take_fingerprint(one, without=self._without)
        except OSError:
            return True
        return known != WholeInput(one.name, found, header.text, header.id, known.n_parts)

    def read(self, *, n_rows: int, is_current: Callable[[DonePart], bool]) -> Iterator[ReadPart | SkippedInput]:
        """All parts in order, without those of inputs that are finished.

        What cannot be read is recorded among the rejects.

        Args:
            n_rows: Most rows of a part.
            is_current: Whether a finished part is there, with labels of today's model.
        """
        for rank, one in enumerate(self.inputs):
            if finished := self._find_finished(rank, one, is_current):
                yield finished
                continue
            try:
                if one.name in self._unreadable:
                    raise InputError(self._unreadable[one.name])
                yield from self._read_input(rank, one, n_rows)
            except InputError as error:
                logger.error("left out: %s", error)
                if before := self._manifest.parts_of(one.name):
                    logger.warning("%s: what was labelled before stays (%d parts)", one.name, len(before))
                with self._manifest.commit():
                    self._manifest.replace_rejects(one.name, one.name, [Reject(0, one.name, str(error))])

    def _find_finished(self, rank: int, one: Input, is_current: Callable[[DonePart], bool]) -> SkippedInput | None:
        whole, parts = self._manifest.whole_input(rank), self._manifest.parts_of(one.name)
        if whole is None or len(parts) != whole.n_parts or not all(map(is_current, parts)):
            return None
        return SkippedInput(sum(part.n_articles for part in parts), whole.fingerprint.n_bytes)

    def _read_input(self, rank: int, one: Input, n_rows: int) -> Iterator[ReadPart]:
        header, before = self._headers[one.name], _find_state(one)
        try:
            fingerprint = take_fingerprint(one, without=self._without)
        except OSError as error:
            raise InputError(f"{one.name}: cannot be read ({error}); check the file and its permissions") from error
        end = n_parts = 0
        waiting: ReadPart | None = None
        for part in read_parts(one, header, n_rows=n_rows, without=self._without):
            if waiting is not None:
                yield waiting
            with self._manifest.commit():
                links = tuple(self._index.add(rank, part))
                self._manifest.outdate_part(part.name, part.fingerprint)
            waiting = ReadPart(rank, part, links, part.end - end)
            end, n_parts = part.end, n_parts + 1
        # The last part waits until it is sure that the file ends there.
        if _find_state(one) != before:
            raise InputError(f"{one.name}: was changed while it was read; give the same command again when it is whole")
        with self._manifest.commit():
            self._manifest.add_input(rank, WholeInput(one.name, fingerprint, header.text, header.id, n_parts))
            self._manifest.replace_rejects(one.name, one.name, ())
        if waiting is None:
            logger.warning("%s: holds no articles", one.name)
        else:
            yield waiting


def _find_state(one: Input) -> tuple[int, int] | None:
    """What changes when somebody writes to a file, None when it has gone."""
    try:
        status = one.path.stat()
    except OSError:
        return None
    return (status.st_size, status.st_mtime_ns) if one.kind != "documents" else (0, 0)
