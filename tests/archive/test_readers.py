"""The README's examples: whoever reads the output needs no more than three lines."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from archive_rows import make_rows, make_text, read_output, write_jsonl

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture
def run_example(archive: Callable[..., int]) -> Callable[[str], dict[str, Any]]:
    """Runs the example that uses a library, on an archive of several parts and inputs with different columns."""
    write_jsonl(Path("a.jsonl"), make_rows(15))
    write_jsonl(
        Path("b.jsonl"), [*make_rows(12, start=20, section="World", tags=["a"]), {"id": "x", "text": make_text(1)}]
    )
    assert archive("a.jsonl", "b.jsonl", output="labels") == 0

    def run(library: str) -> dict[str, Any]:
        blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
        (example,) = (block for block in blocks if re.search(rf"^(import|from) {library}\b", block))
        assert len(example.split("\n")) - example.count("\n\n") - 1 == 3
        names: dict[str, Any] = {}
        exec(compile(example, str(README), "exec"), names)  # noqa: S102  # our own README
        return names

    return run


def test_pandas(run_example: Callable[[str], dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pandas")
    articles = run_example("pandas")["articles"]
    assert len(articles) == 28
    assert "Outlet 2" in capsys.readouterr().out
    assert set(articles["section"].dropna()) == {"World"}


def test_polars(run_example: Callable[[str], dict[str, Any]]) -> None:
    pytest.importorskip("polars", reason="reading with Polars is NOT tested: pip install polars")
    statements = run_example("polars")["statements"]
    assert statements.height == len(read_output(Path("labels"))["statements"])
    assert statements.schema["labels"].is_nested()


def test_duckdb(run_example: Callable[[str], dict[str, Any]]) -> None:
    pytest.importorskip("duckdb", reason="reading with DuckDB is NOT tested: pip install duckdb")
    reports = run_example("duckdb")["reports"].fetchall()
    assert sum(n for _, n in reports) == 28
    assert max(n for _, n in reports) > 1


@pytest.mark.filterwarnings("ignore")  # Spark's own: sockets that it leaves open
def test_spark(run_example: Callable[[str], dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyspark", reason="reading with Spark is NOT tested: pip install pyspark")
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        pytest.skip("reading with Spark is NOT tested: no Java")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    statements = run_example("pyspark")["statements"]
    try:
        assert statements.count() == len(read_output(Path("labels"))["statements"])
    finally:
        statements.sparkSession.stop()
