"""Every command of experiments/how-to-promote.md, in a folder that looks like a clone but has a tiny model."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import mlflow
import pandas
import pytest
from registry_store import choose_store

from claimbasis.cli import main

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "experiments" / "how-to-promote.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"(?ms)^```(\w+)\n(.*?)^```$", PAGE)
SHELL = [line for kind, text in BLOCKS if kind == "sh" for line in text.splitlines()]
CLAIMBASIS, SERVERS, REQUESTS = (
    [line for line in SHELL if line.startswith(program)] for program in ("claimbasis", "mlflow", "curl")
)
PYTHON = [text for kind, text in BLOCKS if kind == "python"]


@pytest.fixture(scope="module")
def clone(champion_store: Path, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder after all `claimbasis` commands of the page, in order."""
    folder = tmp_path_factory.mktemp("clone")
    (folder / "models").mkdir()
    (folder / "data" / "corpus").mkdir(parents=True)
    shutil.copytree(tiny_model, folder / "models" / "claimbasis-small")
    shutil.copy(champion_store / "dev.jsonl", folder / "data" / "corpus")
    shutil.copytree(ROOT / "seeds", folder / "seeds")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        choose_store(folder, patch)
        for line in CLAIMBASIS:
            assert main(shlex.split(line)[1:]) == 0
    return folder


@pytest.fixture
def in_clone(clone: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(clone)
    choose_store(clone, monkeypatch)
    # The page names its store itself; here the address must not be one that another test has opened.
    monkeypatch.setattr(mlflow, "set_tracking_uri", lambda address: None)
    return clone


def test_the_page_is_all_run() -> None:
    assert len(CLAIMBASIS) == 3
    assert sorted(SHELL) == sorted([*CLAIMBASIS, *SERVERS, *REQUESTS])
    assert [len(SERVERS), len(REQUESTS), len(PYTHON)] == [2, 1, 3]


def test_python(in_clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scopes: list[dict[str, Any]] = [{}, {}]
    for text, scope in zip(PYTHON, scopes, strict=False):
        exec(text, scope)  # noqa: S102  # our own page
    assert scopes[0]["classifier"].model_id.startswith("tiny-")
    assert "nothing under 'text'" in capsys.readouterr().out


@pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")
def test_spark(in_clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sql = pytest.importorskip("pyspark.sql", reason="Spark is NOT tested: pip install pyspark")
    if not shutil.which("java"):
        pytest.skip("Spark is NOT tested: no Java here; apt-get install default-jre-headless")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    articles = [
        {"id": "a", "text": "Aides said so. Troops left."},
        {"id": "b", "text": None},
        {"id": "c", "text": "She left."},
    ]
    Path("articles.jsonl").write_text("\n".join(map(json.dumps, articles)), encoding="utf-8")
    scope: dict[str, Any] = {}
    session = sql.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        exec(PYTHON[2], scope)  # noqa: S102  # our own page
        rows = scope["statements"].collect()
    finally:
        session.stop()
    assert sorted((row["id"], row["text"] or "", row["index"]) for row in rows) == [
        ("a", "Aides said so.", 0), ("a", "Troops left.", 1), ("b", "", None), ("c", "She left.", 0),
    ]  # fmt: skip
    assert [row["error"] is None for row in rows if row["id"] != "b"] == [True] * 3
    expected = mlflow.pyfunc.load_model("models:/claimbasis@champion").predict(pandas.DataFrame(articles))
    assert {row["text"]: row["labels"] for row in rows} == dict(zip(expected["text"], expected["labels"], strict=True))


@pytest.fixture
def start(clone: Path) -> Iterator[Callable[[str], int]]:
    """Starts a server of the page on a free port; gives the port."""
    servers: list[subprocess.Popen[bytes]] = []

    def start(line: str) -> int:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = re.sub(
            r"--port \d+", f"--port {port}", line.replace("sqlite:///mlflow.db", f"sqlite:///{clone}/mlflow.db")
        )
        with (clone / f"{port}.log").open("wb") as log:
            servers.append(
                subprocess.Popen(
                    [sys.executable, "-m", *shlex.split(command)],
                    cwd=clone,
                    # MLflow looks for uvicorn on the path: the environment need not be an activated one.
                    env=os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )
        for _ in range(900):
            try:
                httpx.get(f"http://127.0.0.1:{port}/health", timeout=5)
            except httpx.TransportError:
                assert servers[-1].poll() is None, (clone / f"{port}.log").read_text(encoding="utf-8")
                time.sleep(0.1)
            else:
                return port
        raise AssertionError((clone / f"{port}.log").read_text(encoding="utf-8"))

    yield start
    for server in servers:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def test_the_service_answers(start: Callable[[str], int]) -> None:
    port = start(SERVERS[0])
    _, address, flag, body = shlex.split(REQUESTS[0])
    assert flag == "--json"
    answer = httpx.post(address.replace("5001", str(port)), json=json.loads(body), timeout=60)
    assert [row["text"] for row in answer.json()["predictions"]] == ["Two officials said talks had failed."]
    body = json.dumps({"dataframe_records": [{"text": "She left.", "id": 1}, {"text": None, "id": 2}]})
    answer = httpx.post(address.replace("5001", str(port)), json=json.loads(body), timeout=60)
    good, bad = json.loads(answer.text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))["predictions"]
    assert (good["article_id"], good["text"], good["error"]) == ("1", "She left.", None)
    assert (bad["article_id"], bad["score_anonymous_sourced"], bad["start"]) == ("2", None, None)
    assert "nothing under 'text'" in bad["error"]


def test_the_pages_of_mlflow_open(start: Callable[[str], int]) -> None:
    port = start(SERVERS[1])
    found = httpx.get(f"http://127.0.0.1:{port}/ajax-api/2.0/mlflow/registered-models/get?name=claimbasis", timeout=60)
    assert {a["alias"]: a["version"] for a in found.json()["registered_model"]["aliases"]} == {
        "candidate": "1",
        "champion": "1",
    }
