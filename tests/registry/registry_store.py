"""Which tracking store a test uses."""

from __future__ import annotations

from pathlib import Path

import mlflow
import pytest


def choose_store(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """The one in a folder, by an address of its own: MLflow keeps what it has opened."""
    patch.setenv("MLFLOW_TRACKING_URI", address := f"sqlite:///{folder}/mlflow.db")
    mlflow.set_tracking_uri(address)
