# ruff: noqa: T201  # what it prints is what it is for
"""Whether a report stays light and scrolls smoothly: its size, the time to open it, and the times of its frames.

    claimbasis report ARTICLE -o report.html
    python experiments/benchmarks/report_in_browser.py report.html
    python experiments/benchmarks/report_in_browser.py --statements 2000

The second form makes an article up: every statement has a source and a cue, and scores by chance. The page is scrolled from
top to end while the browser paints each frame; 16.7 ms is a frame at 60 a second. Without a graphics card, as headless
browsers run, painting takes longer than on an analyst's machine. Needs playwright and a Chromium.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

from claimbasis import Article, ArticlePrediction, Prediction, Statement
from claimbasis.codebook import shipped_codebook
from claimbasis.types import Span

N_FRAMES = 240
SENTENCE = (
    "{source} who spoke on Monday told reporters in the capital that talks about the border had failed once more. "
)
SOURCES = ("Two officials", "Irina Valkova", "The ministry", "Valkova", "A diplomat", "Police in Dor")
SCROLL = """n => new Promise(done => {
    const times = [], far = document.documentElement.scrollHeight - innerHeight;
    let last = performance.now();
    const frame = now => {
        times.push(now - last); last = now;
        if (times.length > n) return done(times.slice(1));
        scrollTo({ top: far * times.length / n, behavior: "instant" });
        requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
})"""
FILTER = """() => { const box = document.querySelector("#filter input"), start = performance.now();
    box.click(); document.body.offsetHeight; return performance.now() - start; }"""
SHOW = """() => { const all = [...document.querySelectorAll(".statement[id] + button")], start = performance.now();
    for (const button of all.slice(0, 100)) button.focus();
    return (performance.now() - start) / Math.min(all.length, 100); }"""


def main(argv: Sequence[str] | None = None) -> int:
    """Prints what is measured, one line each."""
    options = parse_options(argv)
    file = options.page or write_report(options.statements)
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=program) as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        started = time.perf_counter()
        page.goto(f"file://{file.resolve()}")
        print(f"{file.stat().st_size / 1e6:8.2f} MB, {page.locator('.statement[id]').count():,} statements")
        print(f"{time.perf_counter() - started:8.2f} s to open, script included")
        tell_frames(page)
        print(f"{page.evaluate(FILTER):8.1f} ms to filter")
        print(f"{page.evaluate(SHOW):8.1f} ms to show the scores of a statement")
    return 0


def parse_options(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="frame times of a report")
    parser.add_argument("page", nargs="?", type=Path)
    parser.add_argument("--statements", type=int, default=2_000)
    return parser.parse_args(argv)


def tell_frames(page: Page) -> None:
    """Frames while the page is scrolled from top to end."""
    times = np.array(page.evaluate(SCROLL, N_FRAMES))
    p50, p95, most = np.quantile(times, [0.5, 0.95, 1])
    print(f"{p50:8.1f} ms a frame (p50), {p95:.1f} (p95), {most:.1f} (longest), {np.mean(times > 50):.1%} above 50 ms")


def write_report(n_statements: int) -> Path:
    """A report of an article that is made up."""
    rng, labels = np.random.default_rng(1), shipped_codebook().label_names
    text, items = "", []
    for index in range(n_statements):
        source = SOURCES[rng.integers(len(SOURCES))]
        start, sentence = len(text), SENTENCE.format(source=source)
        cue = start + sentence.index("told")
        spans = Span("source", start, start + len(source), source), Span("cue", cue, cue + 4, "told")
        scores = dict(zip(labels, map(float, rng.random(len(labels))), strict=True))
        statement = Statement(index, start, start + len(sentence) - 1, sentence[:-1])
        items.append(Prediction(statement, scores, tuple(s for s in labels if scores[s] > 0.6), spans, *spans))
        text += sentence + ("\n\n" if index % 4 == 3 else "")
    file = Path(tempfile.mkdtemp()) / "report.html"
    file.write_text(
        ArticlePrediction(Article(text), tuple(items), "made-up", shipped_codebook()).to_html(), encoding="utf-8"
    )
    return file


if __name__ == "__main__":
    sys.exit(main())
