from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="archives are NOT tested: pip install 'claimbasis[dev]'")
pytest.importorskip("rensa", reason="archives are NOT tested: pip install 'claimbasis[dev]'")
pytest.importorskip("onnx", reason="archives are NOT tested: pip install 'claimbasis[train]'")

from tiny_model import write_tiny_model

from claimbasis.cli import main


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def archive(tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Runs `claimbasis archive` in an empty folder, into `out` unless told otherwise."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, model: Path = tiny_model, workers: int = 1, output: str = "out") -> int:
        more = ["--output", output, "--model", str(model), "--workers", str(workers), "--part-rows", "10"]
        return main(["archive", *arguments, *more])

    return run
