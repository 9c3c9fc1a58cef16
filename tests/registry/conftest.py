from __future__ import annotations

import json
import shutil
import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("mlflow", reason="the registry is NOT tested: pip install 'claimbasis[train]'")
pytest.importorskip("onnx", reason="the registry is NOT tested: pip install 'claimbasis[train]'")

import mlflow

with warnings.catch_warnings():
    # About the types of its own classes.
    warnings.simplefilter("ignore")
    import mlflow.pyfunc

from registry_store import choose_store
from tiny_model import write_tiny_model

from claimbasis import Classifier
from claimbasis.cli import main
from claimbasis.model import TOKENIZER_FILE, read_settings, write_settings

SENTENCES = [f"{who} {did} on {day}." for who in ("Aides", "The ministry", "Troops", "She", "Two officials")
             for did in ("said talks had failed", "crossed the river", "left") for day in ("Monday", "Friday")]  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """MLflow keeps the store that it opened, and a model's code on the path, where other tests' processes would find it first."""
    yield
    mlflow.set_tracking_uri("")
    sys.path[:] = [entry for entry in sys.path if Path(entry).name != "code"]


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model that is sure of itself, so that annotation made of its answers finds it well calibrated."""
    folder = write_tiny_model(tmp_path_factory.mktemp("models") / "tiny")
    settings = replace(read_settings(folder), temperatures=(0.01,) * 3, thresholds=(0.5,) * 3, files={})
    write_settings(folder, settings, ["model.fp32.onnx", TOKENIZER_FILE])
    return folder


@pytest.fixture(scope="session")
def worse_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another one: to the first one's annotation it is a stranger."""
    return write_tiny_model(tmp_path_factory.mktemp("models") / "worse", seed=8)


@pytest.fixture(scope="session")
def champion_store(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with dev.jsonl, on which the tiny model is always right, and a store where it is version 1, and champion."""
    folder = tmp_path_factory.mktemp("champion")
    write_answers(tiny_model, folder / "dev.jsonl")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        choose_store(folder, patch)
        assert main(["register", str(tiny_model)]) == 0
        shutil.copy("mlflow.db", "registered.db")
        assert main(["promote", "candidate", "--data", "dev.jsonl"]) == 0
    return folder


@pytest.fixture
def workplace(champion_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with that store and dev.jsonl."""
    for name in ("mlflow.db", "dev.jsonl"):
        shutil.copy(champion_store / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    choose_store(tmp_path, monkeypatch)
    return tmp_path


def write_answers(model: Path, path: Path) -> None:
    """Writes articles annotated with what a model says about them."""
    classifier = Classifier.load(model)
    codes = dict(zip(classifier.settings.labels, "AOC", strict=True))
    rows = []
    for number in range(8):
        text = "\n\n".join(f"{sentence[:-1]} in {number}." for sentence in SENTENCES[number::2])
        statements = [
            {"start": p.statement.start, "end": p.statement.end, "codes": "".join(codes[x] for x in p.labels) or "N"}
            for p in classifier.predict(text)
        ]
        rows.append({"id": str(number), "text": text, "outlet": "Northgate", "statements": statements})
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
