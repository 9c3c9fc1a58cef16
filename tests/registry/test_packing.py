"""The registered model, as MLflow runs it: in this process, as a service, and in Spark."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import mlflow
import pandas
import pytest

from claimbasis import ModelError
from claimbasis.registry.packing import check_model, pack_model

TEXT = "Aides said talks had failed. Troops crossed the river."
FRAME = pandas.DataFrame({"text": [TEXT, None], "id": [1, 2]})


@pytest.fixture(scope="session")
def packed(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("packed") / "tiny"
    pack_model(tiny_model, target)
    return target


def test_load_model_predicts_with_parameters(packed: Path) -> None:
    model = mlflow.pyfunc.load_model(str(packed))
    rows = model.predict(FRAME)
    assert rows["text"].tolist() == ["Aides said talks had failed.", "Troops crossed the river.", None]
    assert rows["error"].isna().tolist() == [True, True, False]
    assert len(model.predict(FRAME, params={"min_score": 0.0, "device": "cpu", "nested": True})) == 2
    with pytest.raises(Exception, match="is none of cpu, cuda"):
        model.predict(FRAME, params={"device": "abacus"})
    with pytest.raises(Exception, match="text"):
        model.predict(pandas.DataFrame({"body": [TEXT]}))


def test_signature_and_example_say_what_goes_in_and_comes_out(packed: Path) -> None:
    model = mlflow.models.Model.load(str(packed))
    assert model.signature.inputs.required_input_names() == ["text"]
    assert [param.name for param in model.signature.params] == ["unit", "min_score", "nested", "device"]
    rows = mlflow.pyfunc.load_model(str(packed)).predict(FRAME)
    assert model.signature.outputs.input_names() == list(rows.columns)
    assert model.load_input_example(str(packed))["text"].tolist()[0].startswith("Two officials")


def test_the_environment_is_exact_and_light(packed: Path) -> None:
    lines = (packed / "requirements.txt").read_text(encoding="utf-8").split()
    names = {line.split("==")[0] for line in lines}
    assert names == {
        "jinja2", "mlflow-skinny", "numpy", "onnxruntime", "pandas", "rich", "sentencex", "tokenizers",
    }  # fmt: skip
    assert all(line == f"{(name := line.split('==')[0])}=={importlib.metadata.version(name)}" for line in lines)
    # The code comes along; of it, only what labelling needs, and no model but the packed one.
    assert not {"training", "evaluation", "cli", "archive", "serve"} & {
        f.name for f in (packed / "code" / "claimbasis").iterdir()
    }
    assert [file.name for file in packed.rglob("*.onnx")] == ["model.fp32.onnx"]
    assert not list(packed.rglob("*.pkl"))


def test_the_packed_code_runs_by_itself(packed: Path, tmp_path: Path) -> None:
    """In a process that finds no other claimbasis, and nothing of the heavy leg is loaded."""
    code = (
        "import sys, mlflow, pandas; rows = mlflow.pyfunc.load_model(sys.argv[1]).predict(pandas.DataFrame({'text': ['He left.']}));"
        "import claimbasis; print(claimbasis.__file__, len(rows), {'torch', 'transformers', 'sklearn'} & sys.modules.keys())"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(packed)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[1:] == ["1", "set()"]
    assert Path(done.stdout.split()[0]).is_relative_to(packed)


def test_a_model_that_cannot_predict_is_told(packed: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(packed, broken)
    (broken / "artifacts" / "model" / "settings.json").unlink()
    with pytest.raises(ModelError, match="no alias has moved"):
        check_model(str(broken))


@pytest.fixture
def served(packed: Path) -> Iterator[str]:
    """The address of `mlflow models serve`."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "mlflow",
        "models",
        "serve",
        "--model-uri",
        str(packed),
        "--env-manager",
        "local",
        "--port",
        str(port),
    ]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    address = f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            httpx.get(f"{address}/ping", timeout=5)
            break
        except httpx.TransportError:
            assert server.poll() is None
            time.sleep(0.1)
    yield address
    os.killpg(server.pid, signal.SIGTERM)
    server.wait(30)


def test_mlflow_serves_it(served: str) -> None:
    body: dict[str, Any] = {"dataframe_records": [{"text": TEXT, "id": 1}, {"text": None, "id": 2}]}
    body["params"] = {"device": "cpu"}
    answer = httpx.post(f"{served}/invocations", json=body, timeout=60)
    rows = json.loads(answer.text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))["predictions"]
    assert [row["text"] for row in rows] == ["Aides said talks had failed.", "Troops crossed the river.", None]
    assert [row["error"] is None for row in rows] == [True, True, False]
    assert rows[2]["score_anonymous_sourced"] is None
    assert rows[2]["start"] is None


@pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")
def test_spark_runs_it(packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sql = pytest.importorskip("pyspark.sql", reason="Spark is NOT tested: pip install pyspark")
    if not shutil.which("java"):
        pytest.skip("Spark is NOT tested: no Java here; apt-get install default-jre-headless")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    monkeypatch.chdir(tmp_path)
    session = sql.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        label = mlflow.pyfunc.spark_udf(
            session, str(packed), env_manager="local", params={"nested": True},
            result_type="rows array<struct<index: long, text: string, labels: array<string>, error: string>>",
        )  # fmt: skip
        frame = session.createDataFrame([(TEXT, "a"), (None, "b"), ("She left.", "c")], "text string, id string")
        rows = frame.select("id", label("text", "id").alias("found")).collect()
    finally:
        session.stop()
    found = {row.id: row.found.rows for row in rows}
    assert {name: [s.text for s in statements] for name, statements in found.items()} == {
        "a": ["Aides said talks had failed.", "Troops crossed the river."], "b": [None], "c": ["She left."],
    }  # fmt: skip
    assert {name: statements[0].error is None for name, statements in found.items()} == {
        "a": True,
        "b": False,
        "c": True,
    }
    assert (found["b"][0]["index"], found["b"][0].labels) == (None, None)
    expected = mlflow.pyfunc.load_model(str(packed)).predict(pandas.DataFrame({"text": [TEXT]}))["labels"].tolist()
    assert [s.labels for s in found["a"]] == expected
