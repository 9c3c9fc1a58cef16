from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest
import torch
from tiny_encoder import write_encoder, write_workplace


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """A tiny encoder is quickest on one thread, and scores to the last digit need the same number in every process."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoder: Path) -> Iterator[Path]:
    """An empty working directory with data and a recipe."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    write_workplace(tmp_path, encoder)
    yield tmp_path
    mlflow.set_tracking_uri("")
