"""From a model to the champion, on the command line."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow
import pytest
from registry_store import choose_store

from claimbasis import Classifier, ModelError
from claimbasis.cli import main
from claimbasis.model import TOKENIZER_FILE, read_settings, write_settings
from claimbasis.registry.store import find_version

GATE = (Path(__file__).parents[2] / "models" / "gate.toml").read_text(encoding="utf-8")
pytestmark = pytest.mark.usefixtures("workplace")


def alias(name: str) -> int | None:
    version = find_version("claimbasis", name)
    return version.number if version else None


def test_a_candidate_becomes_champion(
    workplace: Path,
    champion_store: Path,
    tiny_model: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("before").mkdir()
    shutil.copy(champion_store / "registered.db", "before/mlflow.db")
    choose_store(workplace / "before", monkeypatch)
    assert (alias("candidate"), alias("champion")) == (1, None)
    assert main(["promote", "candidate", "--data", "dev.jsonl"]) == 0
    printed = capsys.readouterr().out
    for check in ("F1 anonymous_sourced", "calibration error", "time of a statement", "size"):
        assert check in printed
    assert "missed" not in printed
    assert "champion: version 1 (before: none)" in caplog.text
    assert (alias("candidate"), alias("champion")) == (1, 1)
    expected = Classifier.load(tiny_model).model_id
    assert Classifier.load("models:/claimbasis@champion").model_id == expected
    assert Classifier.load("models:/claimbasis/1").model_id == expected
    version = mlflow.MlflowClient().get_model_version("claimbasis", "1")
    assert version.tags["model_id"] == expected
    assert version.tags["gate"].startswith("passed 8 checks on 8 articles")
    # The command line takes the same addresses.
    Path("a.txt").write_text("She left. Aides said so.", encoding="utf-8")
    assert main(["label", "a.txt", "--model", "models:/claimbasis@champion"]) == 0
    assert [json.loads(line)["model_id"] for line in capsys.readouterr().out.splitlines()] == [expected] * 2


def test_a_worse_model_is_refused_and_told_by_how_much(
    worse_model: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert main(["register", str(worse_model)]) == 0
    assert "is candidate: models:/claimbasis@candidate" in caplog.text
    assert main(["promote", "candidate", "--data", "dev.jsonl"]) == 1
    assert (alias("candidate"), alias("champion")) == (2, 1)
    assert re.search(r"refused: F1 \w+ is 0\.\d+, 0\.\d+ below 0\.800", caplog.text)
    # Every statement of the outlet's slice was right under the champion, so that its limit is 0.98.
    assert re.search(r"refused: macro-F1 outlet Northgate is 0\.\d+, 0\.\d+ below 0\.980", caplog.text)
    assert "champion: version 1, as before" in caplog.text
    assert "missed by" in capsys.readouterr().out
    assert mlflow.MlflowClient().get_model_version("claimbasis", "2").tags["gate"].startswith("missed")


def test_a_gate_of_ones_own(worse_model: Path) -> None:
    limits = re.sub(r"(?m)^(max_\w+) = .*$", r"\1 = 1000", GATE)
    Path("gate.toml").write_text(re.sub(r"0\.80\b", "0", limits), encoding="utf-8")
    assert main(["register", str(worse_model)]) == 0
    assert main(["promote", "2", "--data", "dev.jsonl", "--gate", "gate.toml"]) == 0
    assert alias("champion") == 2


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("max_slice_drop", "max_slice_dorp"), "max_slice_dorp"),
        (("max_slice_drop = 0.02", 'max_slice_drop = "2 %"'), "number from 0 on"),
        (("anonymous_sourced = 0.80", ""), "no floor for anonymous_sourced"),
        (("[floors]", "[floors"), "cannot be read"),
    ],
)
def test_a_gate_that_is_miswritten_is_told(
    change: tuple[str, str], expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    Path("gate.toml").write_text(GATE.replace(*change), encoding="utf-8")
    assert main(["promote", "1", "--data", "dev.jsonl", "--gate", "gate.toml"]) == 2
    assert expected in caplog.text


@pytest.mark.parametrize("failure", [KeyboardInterrupt, RuntimeError])
def test_what_fails_or_is_stopped_moves_no_alias(
    tiny_model: Path, failure: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = mlflow.pyfunc.load_model

    def fail_from_the_registry(address: str, *arguments: Any, **more: Any) -> Any:
        if address.startswith("models:/"):
            raise failure
        return real(address, *arguments, **more)

    monkeypatch.setattr(mlflow.pyfunc, "load_model", fail_from_the_registry)
    expected = 130 if failure is KeyboardInterrupt else 2
    assert main(["register", str(tiny_model)]) == expected
    assert main(["promote", "2", "--data", "dev.jsonl"]) == expected
    assert (alias("candidate"), alias("champion")) == (1, 1)


def test_a_run_is_found_by_the_beginning_of_its_id_and_says_what_it_was_measured_on(
    tiny_model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = mlflow.MlflowClient()
    parent, run = (client.create_run(client.create_experiment(name)).info.run_id for name in ("one", "other"))
    client.log_param(run, "data.dev", str(["dev.jsonl"]))
    folder = tmp_path / "trained"
    settings = read_settings(tiny_model)
    folder.mkdir()
    for file in settings.files:
        (folder / file).write_bytes((tiny_model / file).read_bytes())
    write_settings(folder, replace(settings, run_id=run), ["model.fp32.onnx", TOKENIZER_FILE])
    client.log_artifacts(run, str(folder), "model")

    length = next(n for n in range(4, 33) if run[:n] != parent[:n])
    assert main(["register", run[:length], "--alias", "challenger"]) == 0
    assert find_version("claimbasis", "challenger").run_id == run
    assert main(["promote", "challenger"]) == 0
    assert "champion: version 2 (before: version 1)" in caplog.text
    Path("dev.jsonl").rename("elsewhere.jsonl")
    assert main(["promote", "challenger"]) == 2
    assert "measured on dev.jsonl, not to be found" in caplog.text
    assert main(["register", parent]) == 2
    assert "no model in" in caplog.text


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["register", "cafe0000"], "neither a model folder nor the beginning"),
        (["register", "ab"], "nor 4 characters of a run id"),
        (["register", "MODEL", "--alias", "v1"], "cannot become v1"),
        (["register", "MODEL", "--alias", "champion"], "only `claimbasis promote` moves it"),
        (["register", "MODEL", "--name", "a/b"], "cannot be registered"),
        (["register", "MODEL", "--precision", "int8"], "has no model.int8.onnx"),
        (["promote", "7"], "no such version"),
        (["promote", "candidate"], "name some with --data"),
        (["promote", "candidate", "--data", "gone.jsonl"], "gone.jsonl"),
    ],
)
def test_what_cannot_start_says_why(
    tiny_model: Path, arguments: list[str], expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert main([str(tiny_model) if word == "MODEL" else word for word in arguments]) == 2
    assert expected in caplog.text


def test_an_address_that_leads_nowhere_says_so_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    monkeypatch.setattr(mlflow.tracking, "is_tracking_uri_set", lambda: False)
    with pytest.raises(ModelError, match="no tracking store here"):
        Classifier.load("models:/claimbasis@champion")
    assert list(Path().iterdir()) == []


def test_without_mlflow_the_extra_is_named(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['mlflow'] = None\n"
        "from claimbasis import Classifier, ModelError\n"
        "try: Classifier.load('models:/claimbasis@champion')\n"
        "except ModelError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'claimbasis[registry]'" in done.stdout


def test_a_server_that_does_not_answer_is_told(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    mlflow.set_tracking_uri("http://127.0.0.1:9")
    export = ["export", "cafe0000", "--output", "new"]
    for arguments in (["register", "cafe0000"], ["register", str(tiny_model)], ["promote", "candidate"], export):
        assert main(arguments) == 2
    assert caplog.text.count("http://127.0.0.1:9") >= 4
