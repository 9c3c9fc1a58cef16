"""Makes an MLflow model of a model folder: weights, the code of the light leg, signature, example, environment."""

from __future__ import annotations

import importlib.metadata
import shutil
import tempfile
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import mlflow
import pandas
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema
from mlflow.types.schema import AnyType, Array, DataType
from packaging.requirements import Requirement

from claimbasis.errors import ModelError
from claimbasis.model import Precision, copy_model, read_settings, weights_file
from claimbasis.registry.frames import ID_COLUMN, TEXT_COLUMN, column_types

# In `artifacts` of the MLflow model.
MODEL_FOLDER = "model"
_CODE_FILE = "model_code.py"
# What no prediction needs: the heavy leg, the doors, and the shipped model.
_NOT_PACKED = ("training", "evaluation", "archive", "serve", "cli", "corpus", "model", "__pycache__")
_BESIDE_LIGHT = ("mlflow-skinny", "pandas")  # what MLflow itself needs for frames
_DATA_TYPES = {"int64": DataType.long, "Int64": DataType.long, "Float64": DataType.double, "object": DataType.string}
_EXAMPLE = "Two officials said talks had failed. Tanks crossed the river at dawn."


def pack_model(folder: Path, target: Path, *, precision: Precision | None = None) -> None:
    """Writes an MLflow model.

    Args:
        folder: A model folder.
        target: A folder that does not exist yet.
        precision: The weights to pack; int8 where the folder has them, else fp32, when None.

    Raises:
        ModelError: The folder is damaged or has no such weights.
    """
    precision = precision or ("int8" if weights_file("int8") in read_settings(folder).files else "fp32")
    with tempfile.TemporaryDirectory() as scratch:
        settings = copy_model(folder, Path(scratch) / MODEL_FOLDER, [precision])
        mlflow.pyfunc.save_model(
            target,
            python_model=str(files("claimbasis.registry") / _CODE_FILE),
            artifacts={MODEL_FOLDER: str(Path(scratch) / MODEL_FOLDER)},
            code_paths=[str(_copy_code(Path(scratch)))],
            signature=make_signature(settings.labels),
            input_example=example_frame(),
            pip_requirements=list_requirements(),
            metadata={"claimbasis": importlib.metadata.version("claimbasis")},
        )


def check_model(address: str) -> str:
    """Loads an MLflow model and predicts with it.

    Args:
        address: A folder, or an address of MLflow's.

    Returns:
        The model id of the predictions.

    Raises:
        ModelError: It cannot be loaded, or does not predict.
    """
    try:
        rows = mlflow.pyfunc.load_model(address).predict(example_frame())
    except Exception as error:  # whatever is wrong with a model can end in any exception
        raise ModelError(
            f"{address}: cannot be loaded and run ({error!r}); no alias has moved. Export the model again, and register it"
        ) from error
    if list(rows["error"]) != [None, None]:
        raise ModelError(f"{address}: does not label its own example ({rows['error'].tolist()}); no alias has moved")
    return str(rows["model_id"][0])


def example_frame() -> pandas.DataFrame:
    """One article of two statements."""
    return pandas.DataFrame({TEXT_COLUMN: [_EXAMPLE], ID_COLUMN: ["example"]})


def make_signature(labels: Sequence[str]) -> ModelSignature:
    """Columns and parameters of `claimbasis.registry.frames.predict_frame`."""
    # Ids are numbers in many a frame, and become text.
    inputs = Schema([ColSpec(DataType.string, TEXT_COLUMN), ColSpec(AnyType(), ID_COLUMN, required=False)])
    always = ("row", "article_id")
    outputs = Schema([
        ColSpec(Array(DataType.string) if name == "labels" else _DATA_TYPES[kind], name, required=name in always)
        for name, kind in column_types(labels).items()
    ])  # fmt: skip
    params = ParamSchema([
        ParamSpec("unit", DataType.string, "article"),
        ParamSpec("min_score", DataType.double, 0.0),
        ParamSpec("nested", DataType.boolean, False),
        ParamSpec("device", DataType.string, "cpu"),
    ])  # fmt: skip
    return ModelSignature(inputs, outputs, params)


def list_requirements() -> list[str]:
    """What the packed code imports, each with the version that is installed here."""
    declared = map(Requirement, importlib.metadata.requires("claimbasis") or ())
    light = [need.name for need in declared if not need.marker or need.marker.evaluate({"extra": ""})]
    return [f"{name}=={importlib.metadata.version(name)}" for name in sorted([*light, *_BESIDE_LIGHT])]


def _copy_code(scratch: Path) -> Path:
    target = scratch / "claimbasis"
    shutil.copytree(str(files("claimbasis")), target, ignore=shutil.ignore_patterns(*_NOT_PACKED))
    return target
