"""Finds texts that an archive holds more than once, word for word or nearly so, in memory that does not grow with it.

Everything here depends on nothing but the articles before: each text joins the cluster of the first text it is nearly
equal to that opened one, else it opens one itself. So the index can be cut off behind any input and built up again, and
the result is the same however often a job was killed.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import rensa

from claimbasis.archive.parts import Entry, Part

# Reprints differ in headline, dateline and a cut end. At a Jaccard similarity of 0.8, 20 bands of 5 find 99.96 %; at 0.7,
# 97.5 %. The estimate from 100 values has a standard deviation of 0.046 there.
MIN_SIMILARITY = 0.7
_N_BANDS, _BAND_SIZE, _SEED = 20, 5, 20_250_101
_SHINGLE_WORDS = 4
_MAX_CANDIDATES = 20  # texts made from one form share bands without being alike
_WORD = re.compile(r"\w+")
_TABLES = """
CREATE TABLE IF NOT EXISTS texts (
    hash BLOB PRIMARY KEY, rank INTEGER NOT NULL, part INTEGER NOT NULL, row INTEGER NOT NULL,
    article_id TEXT NOT NULL, cluster BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS leaders (
    id INTEGER PRIMARY KEY, rank INTEGER NOT NULL, hash BLOB NOT NULL, signature BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS bands (key INTEGER NOT NULL, leader INTEGER NOT NULL, PRIMARY KEY (key, leader)) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Link:
    """Where an article's text stands first, and which texts it is nearly equal to."""

    rank: int  # of the input that has it first
    part: int  # number in that input
    row: int
    article_id: str  # of the first article with this text
    cluster_id: str  # equal for nearly equal texts


class DuplicateIndex:
    """All texts of the archive so far, on disk."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.executescript(_TABLES)

    def add(self, rank: int, part: Part) -> list[Link]:
        """Takes up a part's articles, all before which must have been; adding them again changes nothing.

        Args:
            rank: Place of the input in the order of all.
            part: The part.

        Returns:
            The link of each entry.
        """
        return [self._find(entry) or self._insert(rank, part.number, entry) for entry in part.entries]

    def cut(self, first_rank: int) -> None:
        """Forgets the texts of all inputs from a rank on."""
        self._connection.execute("DELETE FROM texts WHERE rank >= ?", (first_rank,))
        (leader,) = self._connection.execute("SELECT MIN(id) FROM leaders WHERE rank >= ?", (first_rank,)).fetchone()
        if leader is not None:
            self._connection.execute("DELETE FROM leaders WHERE id >= ?", (leader,))
            self._connection.execute("DELETE FROM bands WHERE leader >= ?", (leader,))

    def _find(self, entry: Entry) -> Link | None:
        found = self._connection.execute(
            "SELECT rank, part, row, article_id, cluster FROM texts WHERE hash = ?", (entry.text_hash,)
        ).fetchone()
        if found is None:
            return None
        rank, part, row, article_id, cluster = found
        return Link(rank, part, row, article_id, cluster.hex())

    def _insert(self, rank: int, part: int, entry: Entry) -> Link:
        cluster = self._join_cluster(rank, entry)
        values = (entry.text_hash, rank, part, entry.row, entry.article_id, cluster)
        self._connection.execute("INSERT INTO texts VALUES (?,?,?,?,?,?)", values)
        return Link(rank, part, entry.row, entry.article_id, cluster.hex())

    def _join_cluster(self, rank: int, entry: Entry) -> bytes:
        """The id of the cluster: half the hash of the text that opened it."""
        signature = _sign(entry.text)
        own = entry.text_hash[:8]
        if signature is None:
            return own
        keys = _band_keys(signature)
        if leader := self._find_leader(keys, signature):
            return leader[:8]
        cursor = self._connection.execute(
            "INSERT INTO leaders (rank, hash, signature) VALUES (?,?,?)", (rank, entry.text_hash, signature.tobytes())
        )
        self._connection.executemany("INSERT OR IGNORE INTO bands VALUES (?,?)", ((k, cursor.lastrowid) for k in keys))
        return own

    def _find_leader(self, keys: Sequence[int], signature: np.ndarray) -> bytes | None:
        marks = ",".join("?" * len(keys))
        candidates: Iterable[tuple[bytes, bytes]] = self._connection.execute(
            f"SELECT hash, signature FROM leaders JOIN (SELECT leader, COUNT(*) AS n FROM bands WHERE key IN ({marks}) "  # noqa: S608
            "GROUP BY leader ORDER BY n DESC, leader LIMIT ?) ON id = leader ORDER BY n DESC, id",
            (*keys, _MAX_CANDIDATES),
        )
        best, best_similarity = None, MIN_SIMILARITY
        for text_hash, other in candidates:
            similarity = float(np.mean(np.frombuffer(other, np.uint32) == signature))
            if similarity > best_similarity or (best is None and similarity == best_similarity):
                best, best_similarity = text_hash, similarity
        return best


def _sign(text: str) -> np.ndarray | None:
    """A MinHash signature of the text's runs of four words; None for a text that is shorter."""
    words = _WORD.findall(text.lower())
    shingles = [" ".join(words[n : n + _SHINGLE_WORDS]) for n in range(len(words) - _SHINGLE_WORDS + 1)]
    if not shingles:
        return None
    minhash = rensa.RMinHash(num_perm=_N_BANDS * _BAND_SIZE, seed=_SEED)
    minhash.update(shingles)
    return np.asarray(minhash.digest(), np.uint32)


def _band_keys(signature: np.ndarray) -> list[int]:
    """One 64-bit number a band; equal for two texts whose signatures agree there."""
    keys = []
    for band, values in enumerate(signature.reshape(_N_BANDS, _BAND_SIZE)):
        digest = hashlib.blake2b(values.tobytes(), digest_size=8, salt=bytes([band])).digest()
        keys.append(struct.unpack("<q", digest)[0])
    return keys
