"""Puts a part together: which of its texts must be labelled, where the other labels come from, and what is written."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from claimbasis.archive.duplicates import Link
from claimbasis.archive.inputs import Input
from claimbasis.archive.labelling import Labelled, StatementValues, Work
from claimbasis.archive.manifest import DonePart, Manifest
from claimbasis.archive.output import OutputFolder
from claimbasis.archive.parts import Entry, Reject, name_part
from claimbasis.archive.reading import ReadPart
from claimbasis.archive.tables import (
    SCHEMA_VERSION,
    OutputFormat,
    group_statements,
    tabulate_articles,
    tabulate_statements,
)


@dataclass(frozen=True, slots=True)
class Source:
    """An article whose labels another one takes over, because its text is the same."""

    part: str
    row: int


@dataclass(slots=True)
class Pending:
    """A part on its way into its place."""

    read: ReadPart
    links: str  # hash of what decides its rows besides its content and the model
    work: Work  # the texts that must be labelled
    sources: dict[int, Source]  # of all other rows
    is_kept: bool  # whether its labels are there from an earlier start
    waits_for: set[str]  # parts on their way that it takes labels from
    n_open: int = 0  # pieces of the work that are not done
    statements: dict[int, list[StatementValues]] = field(default_factory=dict)  # by row, of the work that is done
    reasons: dict[int, str] = field(default_factory=dict)  # why rows of that work were rejected

    def add(self, labelled: Labelled) -> None:
        """Takes in a piece of the work."""
        self.statements |= labelled.statements
        self.reasons |= labelled.rejects
        self.n_open -= 1


class Assembly:
    """Knows which labels the output already holds."""

    def __init__(self, form: OutputFormat, inputs: Sequence[Input], manifest: Manifest, folder: OutputFolder) -> None:
        self._model = f"{form.model_id}, schema {SCHEMA_VERSION}"
        self._form, self._inputs, self._manifest, self._folder = form, inputs, manifest, folder

    def plan(self, read: ReadPart, on_their_way: Collection[str]) -> Pending | None:
        """What must be done for a part.

        Args:
            read: The part.
            on_their_way: Names of parts that are not in their place yet.

        Returns:
            None when its output is there as it should be.
        """
        part, links = read.part, self._hash_links(read)
        known = self._find_done(part.name)
        is_kept = known is not None and known.fingerprint == part.fingerprint
        if known is not None and is_kept and known.links == links:
            return None
        if is_kept:
            sources = {entry.row: Source(part.name, entry.row) for entry in part.entries}
            return Pending(read, links, Work(part.name, ()), sources, is_kept=True, waits_for=set())
        sources = dict(self._find_sources(read, on_their_way))
        texts = tuple((entry.row, entry.text) for entry in part.entries if entry.row not in sources)
        waits_for = {source.part for source in sources.values()}.intersection(on_their_way)
        return Pending(read, links, Work(part.name, texts), sources, is_kept=False, waits_for=waits_for)

    def _find_done(self, name: str) -> DonePart | None:
        """A part whose labels are those of the model, None when there is none."""
        known = self._manifest.part(name)
        return known if known and self.is_current(known) else None

    def is_current(self, part: DonePart) -> bool:
        """Whether a finished part is still there, with labels of this model."""
        return part.model == self._model and self._folder.has_part(part.name)

    def _find_sources(self, read: ReadPart, on_their_way: Collection[str]) -> Iterator[tuple[int, Source]]:
        for entry, link in zip(read.part.entries, read.links, strict=True):
            name = name_part(self._inputs[link.rank].name, link.part)
            if _is_first(read, entry, link):
                continue
            # What an input that broke off held may be known without being labelled.
            if name == read.part.name or name in on_their_way or self._find_done(name):
                yield entry.row, Source(name, link.row)

    def _hash_links(self, read: ReadPart) -> str:
        digest = hashlib.sha256(str(self._form.articles()).encode())
        for entry, link in zip(read.part.entries, read.links, strict=True):
            digest.update(repr((entry.row, _repeated_id(read, entry, link), link.cluster_id)).encode())
        return digest.hexdigest()

    def finish(self, pending: Pending) -> None:
        """Writes a part and records it.

        Raises:
            OSError: It cannot be written.
        """
        read, part = pending.read, pending.read.part
        statements, reasons = self._gather(pending)
        entries = [entry for entry in part.entries if entry.row in statements]
        linked = [
            (entry, link, _repeated_id(read, entry, link))
            for entry, link in zip(part.entries, read.links, strict=True)
            if entry.row in statements
        ]
        self._folder.write_part(
            part.name,
            tabulate_statements(self._form, part.input, entries, statements),
            tabulate_articles(self._form, part.input, linked, statements),
        )
        done = DonePart(
            part.name, part.input, part.number, part.fingerprint, self._model, pending.links,
            n_articles=len(entries), n_statements=sum(map(len, statements.values())),
            n_copied=sum(repeated is not None for _, _, repeated in linked),
        )  # fmt: skip
        late = [Reject(row, f"{part.input}:{row}", reason) for row, reason in reasons.items()]
        with self._manifest.commit():
            self._manifest.add_part(done, [*part.rejects, *late])

    def _gather(self, pending: Pending) -> tuple[dict[int, list[StatementValues]], dict[int, str]]:
        """Statements and reasons of rejects, by row, of all entries of a part."""
        statements, reasons = dict(pending.statements), dict(pending.reasons)
        by_part: dict[str, dict[int, int]] = defaultdict(dict)
        for row, source in pending.sources.items():
            by_part[source.part][row] = source.row
        for name, rows in by_part.items():
            if name == pending.read.part.name and not pending.is_kept:
                there, refused = pending.statements, pending.reasons
            else:
                there = group_statements(self._folder.read_statements(name, set(rows.values())))
                refused = {reject.row: reject.reason for _, reject in self._manifest.rejects(name)}
            for row, source_row in rows.items():
                if source_row in refused:
                    reasons[row] = refused[source_row]
                else:
                    statements[row] = there.get(source_row, [])
        return statements, reasons

    def remove(self, parts: Iterable[DonePart]) -> None:
        """Removes parts from the output."""
        remove_parts(self._manifest, self._folder, parts)


def remove_parts(manifest: Manifest, folder: OutputFolder, parts: Iterable[DonePart]) -> None:
    """Removes parts from an output."""
    for part in parts:
        with manifest.commit():
            manifest.forget_part(part.name)
        folder.remove_part(part.name)


def _is_first(read: ReadPart, entry: Entry, link: Link) -> bool:
    return (link.rank, link.part, link.row) == (read.rank, read.part.number, entry.row)


def _repeated_id(read: ReadPart, entry: Entry, link: Link) -> str | None:
    return None if _is_first(read, entry, link) else link.article_id
