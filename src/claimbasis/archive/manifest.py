"""What a job has done so far: one SQLite file in the output folder, which also keeps a second job out."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path

from claimbasis.archive.inputs import Fingerprint
from claimbasis.archive.parts import Reject
from claimbasis.errors import InputError

FILE = "manifest.sqlite"
_CACHE_KIB = 64 * 1024
_TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
-- Inputs that were read to their end; `rank` is their place in the order of all.
CREATE TABLE IF NOT EXISTS inputs (
    rank INTEGER PRIMARY KEY, name TEXT NOT NULL, n_bytes INTEGER NOT NULL, sha256 TEXT NOT NULL,
    text_column TEXT NOT NULL, id_column TEXT, n_parts INTEGER NOT NULL
);
-- Parts whose output is in its place.
CREATE TABLE IF NOT EXISTS parts (
    name TEXT PRIMARY KEY, input TEXT NOT NULL, number INTEGER NOT NULL,
    fingerprint TEXT NOT NULL, model TEXT NOT NULL, links TEXT NOT NULL,
    n_articles INTEGER NOT NULL, n_statements INTEGER NOT NULL, n_copied INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS parts_of_input ON parts (input, number);
-- `part` is that of the row, or the name of an input that could not be read to its end.
CREATE TABLE IF NOT EXISTS rejects (
    part TEXT NOT NULL, input TEXT NOT NULL, row INTEGER NOT NULL, place TEXT NOT NULL, reason TEXT NOT NULL,
    PRIMARY KEY (part, row)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class WholeInput:
    """An input that was read to its end, and as what."""

    name: str
    fingerprint: Fingerprint
    text_column: str
    id_column: str | None
    n_parts: int


@dataclass(frozen=True, slots=True)
class DonePart:
    """A part whose output is in its place, and what it was made from."""

    name: str
    input: str
    number: int
    fingerprint: str  # of its rows
    model: str  # and settings: what decides the labels; empty when the part has to be done again
    links: str  # hash of what else decides its rows: duplicates, clusters, columns
    n_articles: int
    n_statements: int
    n_copied: int  # articles whose labels are those of an equal text before them


class Manifest:
    """The record of a job. Everything in it is as of the last whole part, whenever the job was killed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    @classmethod
    @contextmanager
    def open(cls, folder: Path) -> Iterator[Manifest]:
        """Opens the record in an output folder, and keeps others out until the end.

        Raises:
            InputError: Another job works in this folder, or the file is no record.
            OSError: The disk is full.
        """
        path = folder / FILE
        try:
            with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
                _lock(connection, folder)
                yield cls(connection)
        except sqlite3.Error as error:
            raise OSError(f"{path}: {error}") from error

    @contextmanager
    def commit(self) -> Iterator[None]:
        """All of what is written within, or nothing of it."""
        self.connection.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def get(self, key: str) -> str | None:
        """A remark of an earlier start."""
        found = self.connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(found[0]) if found else None

    def put(self, key: str, value: str) -> None:
        """Leaves a remark for a later start."""
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def part(self, name: str) -> DonePart | None:
        """What is known of a part, None when its output is not there."""
        found = self.connection.execute("SELECT * FROM parts WHERE name = ?", (name,)).fetchone()
        return found and DonePart(*found)

    def parts_of(self, input_name: str) -> list[DonePart]:
        """The finished parts of an input, in order."""
        rows = self.connection.execute("SELECT * FROM parts WHERE input = ? ORDER BY number", (input_name,))
        return [DonePart(*row) for row in rows]

    def input_names(self) -> set[str]:
        """All inputs of which something is in the output."""
        rows = self.connection.execute("SELECT input FROM parts UNION SELECT input FROM rejects")
        return {name for (name,) in rows}

    def add_part(self, part: DonePart, rejects: Iterable[Reject]) -> None:
        """Records a part whose output is in its place."""
        self.connection.execute("INSERT OR REPLACE INTO parts VALUES (?,?,?,?,?,?,?,?,?)", astuple(part))
        self.replace_rejects(part.name, part.input, rejects)

    def outdate_part(self, name: str, fingerprint: str) -> None:
        """Notes that a part whose rows were other ones must be done again, whatever becomes of this start; its output stays."""
        self.connection.execute("UPDATE parts SET model = '' WHERE name = ? AND fingerprint != ?", (name, fingerprint))

    def forget_part(self, name: str) -> None:
        """Forgets a part whose output will be removed."""
        self.connection.execute("DELETE FROM parts WHERE name = ?", (name,))
        self.replace_rejects(name, "", ())

    def replace_rejects(self, part: str, input_name: str, rejects: Iterable[Reject]) -> None:
        """Sets what was rejected in a part, or in an input as a whole."""
        self.connection.execute("DELETE FROM rejects WHERE part = ?", (part,))
        rows = [(part, input_name, reject.row, reject.place, reject.reason) for reject in rejects]
        self.connection.executemany("INSERT INTO rejects VALUES (?,?,?,?,?)", rows)

    def rejects(self, part: str | None = None) -> Iterator[tuple[str, Reject]]:
        """Inputs and rejects, of one part or of all, in the order of the archive."""
        query = "SELECT input, row, place, reason FROM rejects WHERE part = COALESCE(?, part) ORDER BY input, row"
        rows = self.connection.execute(query, (part,))
        return ((name, Reject(row, place, reason)) for name, row, place, reason in rows)

    def count(self) -> tuple[int, int, int, int]:
        """Articles, statements, articles with copied labels, and rejects in the output."""
        sums = self.connection.execute(
            "SELECT TOTAL(n_articles), TOTAL(n_statements), TOTAL(n_copied) FROM parts"
        ).fetchone()
        return int(sums[0]), int(sums[1]), int(sums[2]), self.count_rejects()

    def count_rejects(self) -> int:
        """Rows and inputs that could not be read or labelled."""
        return int(self.connection.execute("SELECT COUNT(*) FROM rejects").fetchone()[0])

    def whole_input(self, rank: int) -> WholeInput | None:
        """The input at a rank, None when it was not read to its end."""
        found = self.connection.execute("SELECT * FROM inputs WHERE rank = ?", (rank,)).fetchone()
        return WholeInput(found[1], Fingerprint(*found[2:4]), *found[4:]) if found else None

    def add_input(self, rank: int, one: WholeInput) -> None:
        """Records an input that was read to its end."""
        values = (rank, one.name, *astuple(one.fingerprint), one.text_column, one.id_column, one.n_parts)
        self.connection.execute("INSERT OR REPLACE INTO inputs VALUES (?,?,?,?,?,?,?)", values)

    def forget_inputs(self, first_rank: int) -> None:
        """Forgets that the inputs from a rank on were read; their parts stay."""
        self.connection.execute("DELETE FROM inputs WHERE rank >= ?", (first_rank,))


def _lock(connection: sqlite3.Connection, folder: Path) -> None:
    # With an exclusive lock, SQLite's log needs no shared memory and works on network file systems too. What the system
    # still had to write when a machine lost its power is done again: order is all that counts, and NORMAL keeps it.
    settings = ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = NORMAL", f"cache_size = -{_CACHE_KIB}")
    try:
        for setting in settings:
            connection.execute(f"PRAGMA {setting}")
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("COMMIT")
        connection.executescript(_TABLES)
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise
        raise InputError(
            f"{folder}: another job works in this folder, or a program has {FILE} open; wait for its end, or choose "
            "another --output"
        ) from error
    except sqlite3.DatabaseError as error:
        raise InputError(f"{folder / FILE}: is no record of a job ({error}); choose another --output") from error
