# ruff: noqa: T201  # what it prints is what it is for
"""How time and memory grow with the number of articles and with the length of one.

    python experiments/benchmarks/growth.py --picture experiments/benchmarks/growth.svg
    python experiments/benchmarks/growth.py --model models/claimbasis-small --articles 10 100 --statements 100 1000

Each point is a new process that labels articles of our corpus with the package, over and over in another order of
paragraphs, and tells its seconds after loading and its peak memory. By default the model is the tests' tiny one: what could
grow faster than the work is ours (splitting, windows, batches, spans), while the network does the same for every window.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from machine import ROOT, describe_machine, write_tiny_model

_LABEL = """
import itertools, json, resource, sys, time
from claimbasis import Article, Classifier
corpus, model, n_articles, n_statements = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
texts = [json.loads(line)["text"] for line in open(corpus, encoding="utf-8")]
classifier = Classifier.load(model)
def article(number):
    text = texts[number % len(texts)]
    paragraphs = text.split("\\n\\n")
    cut = number // len(texts) % len(paragraphs)
    return "\\n\\n".join(paragraphs[cut:] + paragraphs[:cut])
def long_article():
    found, n = [], 0
    for number in itertools.count():
        if n >= n_statements:
            return "\\n\\n".join(found)
        found.append(article(number))
        n += sizes[number % len(texts)]
sizes = [len(classifier.predict(text)) for text in texts] if n_statements else []
stream = [long_article()] if n_statements else map(article, range(n_articles))
started, n = time.perf_counter(), 0
for prediction in classifier.predict_many(Article(text=text) for text in stream):
    n += len(prediction)
seconds = time.perf_counter() - started
print(json.dumps([n, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3]))
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Prints a table and draws it."""
    parser = argparse.ArgumentParser(description="time and memory against the size of the work")
    parser.add_argument("--model", metavar="FOLDER", help="default: the tests' tiny model")
    parser.add_argument("--articles", type=int, nargs="*", default=[10, 100, 1_000, 10_000], metavar="N")
    parser.add_argument("--statements", type=int, nargs="*", default=[100, 1_000, 10_000, 100_000], metavar="N")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="SVG")
    options = parser.parse_args(argv)
    print(describe_machine())
    print(
        f"\n| {'what':<8} | {'size':>8} | statements | seconds | statements/s | peak MB |\n|---|---:|---:|---:|---:|---:|"
    )
    points: dict[str, list[tuple[int, float, float]]] = {"articles": [], "statements of one article": []}
    with tempfile.TemporaryDirectory() as scratch:
        model = options.model or write_tiny_model(Path(scratch) / "tiny")
        for what, sizes in zip(points, (options.articles, options.statements), strict=True):
            for size in sizes:
                n, seconds, peak = measure(model, size if what == "articles" else 0, 0 if what == "articles" else size)
                points[what].append((size, seconds, peak))
                cells = f"{size:>8,} | {n:,.0f} | {seconds:.2f} | {n / seconds:,.0f} | {peak:.0f}"
                print(f"| {what:<8} | {cells} |", flush=True)
    if options.picture:
        draw(points, options.picture)
    return 0


def measure(model: str | Path, n_articles: int, n_statements: int) -> tuple[float, float, float]:
    """Statements, seconds and megabytes of one process."""
    corpus = ROOT / "data/corpus/train.jsonl"
    command = [sys.executable, "-c", _LABEL, str(corpus), str(model), str(n_articles), str(n_statements)]
    n, seconds, peak = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return n, seconds, peak


def draw(points: dict[str, list[tuple[int, float, float]]], path: Path) -> None:
    """Seconds and megabytes over the size, both axes logarithmic: straight lines of slope one, and flat ones."""
    import matplotlib as mpl  # noqa: PLC0415

    mpl.use("svg")
    from matplotlib import pyplot  # noqa: PLC0415

    figure, axes = pyplot.subplots(2, 2, figsize=(8, 5), sharex="col")
    for column, (what, measured) in enumerate(points.items()):
        sizes = [size for size, *_ in measured]
        for row, unit in enumerate(("seconds", "peak memory, MB")):
            axis = axes[row][column]
            axis.plot(sizes, [point[row + 1] for point in measured], "o-", color="#2f6f73")
            axis.set(xscale="log", yscale="log", ylabel=unit, xlabel=what if row else "")
            axis.grid(alpha=0.3)
        axes[1][column].set_ylim(50, 5_000)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    raise SystemExit(main())
