# ruff: noqa: T201  # what it prints is what it is for
"""What the splitter's limits rest on, and that its time grows with the text and not faster.

    python experiments/benchmarks/splitter.py ../shared/data/corpora/*.jsonl.gz ../shared/data/annotated/*.jsonl.gz

The fingerprint covers the offsets of every statement: a change that must not move any leaves it as it is. Then texts that
somebody could send to do harm are split at two lengths; a ratio of about 4 is linear, one of 16 quadratic.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from claimbasis import split_statements

LINE = re.compile(r"[^\n\r]+")
OPENS_QUOTATION = re.compile(r"[“„‟‘‚‛«‹`]|''")
HOSTILE = ("“", "„", "`", "''", "“A. ", "(A. ", "![](", "<!--", "a\n", "1. ", "Mr. ", "May. ", "中。", "word ")
LENGTHS = (50_000, 200_000)


def main(paths: Iterable[str]) -> int:
    """Prints the limits, the fingerprint and the times."""
    n_articles = n_statements = longest = most = 0
    fingerprint = hashlib.sha256()
    for text in read_texts(paths):
        statements = split_statements(text)
        n_articles, n_statements = n_articles + 1, n_statements + len(statements)
        fingerprint.update(repr([(s.start, s.end) for s in statements]).encode())
        for line in LINE.findall(text):
            longest, most = max(longest, len(line)), max(most, len(OPENS_QUOTATION.findall(line)))
    print(f"{n_articles:,} articles, {n_statements:,} statements, offsets {fingerprint.hexdigest()[:16]}")
    print(f"longest line {longest:,} characters; most marks in a line that open a quotation: {most}")
    for piece in HOSTILE:
        print(tell_times(piece))
    return 0


def read_texts(paths: Iterable[str]) -> Iterator[str]:
    """The `text` of each row that has one."""
    for path in paths:
        with gzip.open(path) if path.endswith(".gz") else Path(path).open("rb") as stream:
            for line in stream:
                if isinstance(text := json.loads(line).get("text"), str):
                    yield text


def tell_times(piece: str) -> str:
    """Seconds at both lengths; the lesser of three tries each."""
    first, second = (min(measure((piece * n)[:n]) for _ in range(3)) for n in LENGTHS)
    return f"{piece!r:10} {first:7.3f} s {second:7.3f} s  ratio {second / first:5.1f}"


def measure(text: str) -> float:
    """Seconds to split the text."""
    started = time.perf_counter()
    split_statements(text)
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
