"""Where a model can be: a folder, the package itself, or MLflow's registry."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from claimbasis.errors import ModelError
from claimbasis.model import shipped_model

_REGISTRY = "models:/"


@contextmanager
def open_folder(model: str | Path | None) -> Iterator[Path]:
    """The folder of a model, there at least until the block ends.

    Args:
        model: A folder, the address of a registered model (`models:/NAME@ALIAS`, `models:/NAME/VERSION`), or None for the
            shipped model.

    Raises:
        ModelError: The registry cannot be asked or knows no such model; folders are not looked at.
    """
    if isinstance(model, str) and model.startswith(_REGISTRY):
        with _open_registered(model) as folder:
            yield folder
    else:
        yield shipped_model() if model is None else Path(model)


@contextmanager
def _open_registered(address: str) -> Iterator[Path]:
    # MLflow reports its use to its makers as soon as it is imported, unless told not to before.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    try:
        # By name, when asked for: who labels with a folder needs no MLflow.
        store = importlib.import_module("claimbasis.registry.store")
    except ModuleNotFoundError as error:
        raise ModelError(
            f"{address}: the model registry needs {error.name}; pip install 'claimbasis[registry]'"
        ) from error
    with store.fetch_version(address) as folder:
        yield folder
