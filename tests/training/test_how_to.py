"""Every command and example of the how-to pages, in their order, in a folder with the files that they speak of."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import mlflow
import pytest

from claimbasis.cli import main

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
PAGES = ROOT / "experiments" / "how-to"
STATEMENTS = (
    ("The ministry said it had lost tanks.", "official"),
    ("Aides asked not to be named.", "hearsay"),
    ("It is unclear.", ""),
)


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """What a reader has: a clone, and files of their own."""
    pytest.importorskip("fastapi", reason="the how-to pages are NOT tested: pip install 'claimbasis[dev]'")
    pytest.importorskip("pyarrow", reason="the how-to pages are NOT tested: pip install 'claimbasis[dev]'")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    for name in ("experiments", "seeds"):
        (tmp_path / name).symlink_to(ROOT / name)
    Path("data/corpus").mkdir(parents=True)
    for name, n_articles in (
        ("data/corpus/train.jsonl", 6),
        ("data/corpus/dev.jsonl", 2),
    ):  # a few articles, for the pages take long enough
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines(keepends=True)
        Path(name).write_text("".join(lines[:n_articles]), encoding="utf-8")
    text = " ".join(statement for statement, _ in STATEMENTS)
    Path("articles").mkdir()
    for name in ("news.txt", "articles/one.txt", "articles/two.txt"):
        Path(name).write_text(text, encoding="utf-8")
    Path("news.jsonl").write_text(json.dumps({"id": "a", "body": text, "text": text}) + "\n", encoding="utf-8")
    with Path("more.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("body", "outlet"), (text, "Daily")])
    with Path("statements.csv").open("w", encoding="utf-8", newline="") as file:
        rows = [
            (f"{n} {text}", label.replace("hearsay", "rumour"), n, k)
            for n in range(40)
            for k, (text, label) in enumerate(STATEMENTS)
        ]
        csv.writer(file, delimiter=";").writerows([("statement", "kind", "article", "number"), *rows])
    flags = [
        {"text": text, "rumour": label == "hearsay", "official": label == "official"} for text, label in STATEMENTS
    ]
    Path("flags.jsonl").write_text("\n".join(map(json.dumps, flags)), encoding="utf-8")
    yield tmp_path
    mlflow.set_tracking_uri("")


@contextmanager
def started(command: list[str], address: str) -> Iterator[None]:
    """A server that answers, and is stopped at the end."""
    process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        for _ in range(600):
            assert process.poll() is None, command
            try:
                urllib.request.urlopen(address, timeout=5).close()  # noqa: S310  # our own server
                break
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        else:
            pytest.fail(f"{command} does not answer")
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(60)


def free_port() -> str:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return str(listener.getsockname()[1])


def run_page(page: str, encoder: Path) -> dict[str, Any]:
    """Runs the page; servers get another port, and trainings the tests' encoder, on few articles."""
    names: dict[str, Any] = {}
    port = free_port()
    text = re.sub(r"\b[85]000\b", port, (PAGES / page).read_text(encoding="utf-8"))
    with ExitStack() as servers:
        for language, block in re.findall(r"```(\w+)\n(.*?)```", text, re.DOTALL):
            if language == "python":
                exec(compile(block, page, "exec"), names)  # noqa: S102  # our own page
                continue
            for line in block.splitlines():
                program, *arguments = shlex.split(line, comments=True)
                if arguments[0] in ("serve", "ui"):
                    module = ["claimbasis.cli"] if program == "claimbasis" else [program]
                    command = [sys.executable, "-m", *module, *arguments]
                    if program == "mlflow":  # it starts four processes, each of which loads everything
                        command += ["--workers", "1"]
                    servers.enter_context(started(command, f"http://127.0.0.1:{port}/"))
                    continue
                assert program == "claimbasis", line
                values = (
                    f"encoder.base={encoder}",
                    "data.max_articles=6",
                    "data.max_dev_articles=6",
                    "optimisation.epochs=1",
                )
                quick = [part for value in values for part in ("--set", value)]
                assert main([*arguments, *(quick if arguments[0] == "train" else ())]) == 0, line
    return names


def test_data_scientists(clone: Path, encoder: Path) -> None:
    run_page("data-scientists.md", encoder)
    assert (clone / "eval-mine" / "errors.html").exists()
    assert len((clone / "with-context.jsonl").read_text().splitlines()) == 40


def test_analysts(clone: Path, encoder: Path) -> None:
    pytest.importorskip("pandas", reason="the analysts' page is NOT tested: pip install 'claimbasis[frame]'")
    names = run_page("analysts.md", encoder)
    assert names["table"]["label"].tolist() == ["anonymous_sourced", "action_corroborated"]
    assert (clone / "pages" / "index.html").exists()


def test_batch_jobs(clone: Path, encoder: Path) -> None:
    pytest.importorskip("pandas", reason="the page for batch jobs is NOT tested: pip install 'claimbasis[frame]'")
    names = run_page("batch-jobs.md", encoder)
    assert len(names["articles"]) == 2
    assert names["shares"].drop("share_none").max() > 0
    assert [row["article_id"] for row in names["rows"]] == ["0", "1", "2"]
    assert names["answer"]["articles"][0]["statements"][0]["label"] == "anonymous_sourced"
