# ruff: noqa: T201  # what it prints is what it is for
"""Throughput and memory of `claimbasis archive` on real articles, against the bare model on the same texts.

    python experiments/benchmarks/archive_throughput.py CORPUS… --articles 10000 --curve 1000 10000 100000 1000000

CORPUS are JSONL files (also .gz) with `text`. Run it on an idle machine; each row of the first table is one process
tree, started anew; costs are those of the last one. The curve labels archives made of the first `--distinct` articles over and over with other ids, as an
archive of reprints has them; with `--tiny` every text is another one and the tests' tiny model labels it, so that the
index of duplicates grows as in an archive without any. `--write README.md` puts the table of costs between its markers.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from machine import N_CORES, describe_machine, replace_table, write_tiny_model

MILLIONS = (1, 4, 200)
_SAMPLE_SECONDS = 0.2
# The bare model: nothing but texts in memory and one pass over them, with the clock started when it is loaded.
_BARE = """
import json, sys, time
from claimbasis import Article, Classifier
texts = [json.loads(line)["text"] for line in open(sys.argv[1], encoding="utf-8")]
classifier = Classifier.load(n_threads=int(sys.argv[2]), reading=sys.argv[3] or None)
started = time.perf_counter()
for prediction in classifier.predict_many(Article(text=text) for text in texts): pass
print(time.perf_counter() - started)
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """One run."""

    seconds: float
    peak_mb: float  # resident memory of all its processes together, shared pages counted for each
    said: str  # on standard output


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the tables."""
    options = parse_options(argv)
    print(describe_machine())
    with tempfile.TemporaryDirectory() as folder:
        if options.articles:
            rate = measure_throughput(options, Path(folder))
            table = make_cost_table(rate)
            print(f"\n{table}")
            if options.write:
                replace_table(options.write, "costs", "archive_throughput.py", table)
        if options.curve:
            measure_curve(options, Path(folder))
    return 0


def parse_options(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="throughput and memory of `claimbasis archive`")
    parser.add_argument("corpora", nargs="+", type=Path, metavar="CORPUS")
    parser.add_argument("--articles", type=int, default=10_000, help="for the throughput; 0 leaves it out")
    parser.add_argument(
        "--workers", type=int, nargs="+", default=[0, 1, N_CORES], metavar="N", help="one run each; 0 is the bare model"
    )
    parser.add_argument("--reading", choices=("windows", "alone", "both"), help="default: the shipped model's")
    parser.add_argument("--curve", type=int, nargs="*", default=[], metavar="N", help="sizes of the memory curve")
    parser.add_argument("--distinct", type=int, default=1_000, help="texts of the curve's archives (default: 1000)")
    parser.add_argument("--tiny", action="store_true", help="the curve with other texts throughout, and a tiny model")
    parser.add_argument("--write", type=Path, metavar="README", help="put the table of costs here")
    return parser.parse_args(argv)


def read_articles(corpora: Sequence[Path], n_articles: int) -> list[dict[str, Any]]:
    """Articles of all corpora, chosen and ordered by a hash of the text, so that no corpus comes before another."""
    found = {}
    for path in corpora:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                if str(row.get("text") or "").strip():
                    found[hashlib.sha256(row["text"].encode()).hexdigest()] = row
    chosen = [found[key] for key in sorted(found)[:n_articles]]
    if len(chosen) < n_articles:
        print(f"only {len(chosen):,} different articles in {', '.join(map(str, corpora))}")
    return chosen


def write_rows(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    """JSONL."""
    with path.open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row) + "\n" for row in rows)


def measure_throughput(options: argparse.Namespace, folder: Path) -> float:
    """Prints one row a way of labelling; gives the pace of one worker a core, in articles a second."""
    rows, source = read_articles(options.corpora, options.articles), folder / "articles.jsonl"
    write_rows(source, iter(rows))
    n_chars = sum(len(row["text"]) for row in rows)
    print(f"{len(rows):,} articles, {n_chars / len(rows):,.0f} characters each\n")
    print(f"| {'what':<48} | articles/s | peak memory MB |\n|{'-' * 50}|---:|---:|")
    reading = ["--reading", options.reading] if options.reading else []
    pace = 0.0
    for n_workers in dict.fromkeys(options.workers):
        if not n_workers:
            run = watch([sys.executable, "-c", _BARE, str(source), str(N_CORES), options.reading or ""])
            print_row(f"bare model, {N_CORES} threads", len(rows) / float(run.said), run)
            continue
        workers = ["--workers", str(n_workers), "--threads", "1"]
        run = watch([*command(source, folder / f"out-{n_workers}"), *workers, *reading])
        pace = len(rows) / run.seconds
        print_row(f"claimbasis archive, workers {n_workers}", pace, run)
    return pace


def command(source: Path, output: Path) -> list[str]:
    """The job, as a user gives it."""
    return [sys.executable, "-m", "claimbasis.cli", "archive", str(source), "--output", str(output)]


def print_row(what: str, pace: float, run: Measured) -> None:
    """A row of the table; the archive's time has start and end in it, the bare model's has not."""
    print(f"| {what:<48} | {pace:10.2f} | {run.peak_mb:14,.0f} |", flush=True)


def watch(arguments: Sequence[str]) -> Measured:
    """Runs a program and looks at the memory of all its processes until it ends."""
    started, peak = time.perf_counter(), 0
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            peak = max(peak, count_memory(process.pid))
            time.sleep(_SAMPLE_SECONDS)
        seconds = time.perf_counter() - started
        said, complaints = process.communicate()
    if process.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(arguments[:4])} … ended with code {process.returncode}:\n{complaints}")
    return Measured(seconds, peak / 1e6, said)


def count_memory(pid: int) -> int:
    """Resident bytes of a process and all below it."""
    total = 0
    try:
        parent = psutil.Process(pid)
        for process in (parent, *parent.children(recursive=True)):
            total += process.memory_info().rss
    except psutil.NoSuchProcess:
        pass  # it ended while it was looked at
    return total


def make_cost_table(pace: float) -> str:
    """Hours and core-hours, as Markdown."""
    lines = [
        f"| articles | hours on this machine ({N_CORES} cores, {pace:.1f} articles/s) | core-hours |", "|---:|---:|---:|",
    ]  # fmt: skip
    for millions in MILLIONS:
        hours = millions * 1e6 / pace / 3600
        lines.append(f"| {millions} million | {hours:,.0f} | {hours * N_CORES:,.0f} |")
    return "\n".join(lines)


def measure_curve(options: argparse.Namespace, folder: Path) -> None:
    """Prints peak memory over the size of the archive."""
    rows = read_articles(options.corpora, options.distinct)
    more = ["--model", str(write_tiny_model(folder / "tiny"))] if options.tiny else []
    print(f"\n| {'articles':>10} | peak memory MB | seconds | articles/s |\n|---:|---:|---:|---:|")
    for n_articles in options.curve:
        source, output = folder / f"curve-{n_articles}.jsonl", folder / f"curve-{n_articles}"
        write_rows(source, repeat(rows, n_articles, change_texts=options.tiny))
        run = watch([*command(source, output), *more])
        print(
            f"| {n_articles:>10,} | {run.peak_mb:,.0f} | {run.seconds:,.0f} | {n_articles / run.seconds:,.1f} |",
            flush=True,
        )
        source.unlink()


def repeat(rows: Sequence[dict[str, Any]], n_articles: int, *, change_texts: bool) -> Iterator[dict[str, Any]]:
    """The articles over and over, with other ids and, if asked for, other texts: all words in another order."""
    for number, row in enumerate(itertools.islice(itertools.cycle(rows), n_articles)):
        text = row["text"]
        if change_texts and number >= len(rows):
            words = text.split()
            cut = 4 * (number // len(rows)) % max(len(words), 1)
            text = " ".join(f"{word}{number // len(rows)}" for word in (*words[cut:], *words[:cut]))
        yield row | {"id": f"{number}", "text": text}


if __name__ == "__main__":
    sys.exit(main())
