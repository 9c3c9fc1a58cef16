"""Weights of an exported model put back into a network, so that training can go on from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from claimbasis.codebook import Codebook
from claimbasis.errors import RecipeError
from claimbasis.model import ModelSettings, Precision, read_settings, weights_file
from claimbasis.training.encoder import StatementClassifier

_HEADS = ("head.", "head_tags.")
# Of matrices that quantisation and export renamed, only the node that multiplies by them still tells the module.
_PRODUCTS = ("MatMul", "MatMulInteger")


def start_from(model: StatementClassifier, folder: Path, codebook: Codebook) -> ModelSettings:
    """Fills a network with the weights of a model folder, fp32 where it has them; int8 ones lose what rounding took.

    The labels' head stays fresh where the model's labels are others.

    Args:
        model: A network of the same encoder.
        folder: The model folder.
        codebook: Of the labels that are to be learned.

    Returns:
        The settings of the model in the folder.

    Raises:
        ModelError: The folder holds no model, or a damaged one.
        RecipeError: Its encoder is another.
    """
    settings = read_settings(folder)
    found = read_weights(folder / weights_file(_choose_precision(settings)))
    if settings.labels != codebook.label_names:
        found = {name: weight for name, weight in found.items() if not name.startswith("head.")}
    shapes = {name: tuple(weight.shape) for name, weight in model.named_parameters()}
    wanted = {name for name in shapes if name in found or not name.startswith(_HEADS)}
    if any(name not in found or found[name].shape != shapes[name] for name in wanted):
        raise RecipeError(
            f"encoder.start {folder}: was trained from {settings.base}, whose layers are not those of encoder.base; "
            f"set encoder.base={settings.base}"
        )
    model.load_state_dict({name: torch.from_numpy(found[name]) for name in wanted}, strict=False)
    return settings


def identify_start(folder: Path) -> str:
    """The id of the model that `start_from` reads from a folder."""
    settings = read_settings(folder)
    return settings.model_id(_choose_precision(settings))


def _choose_precision(settings: ModelSettings) -> Precision:
    return "fp32" if weights_file("fp32") in settings.files else "int8"


def read_weights(path: Path) -> dict[str, np.ndarray]:
    """All weights of an ONNX file in fp32, by the names that they have in torch."""
    graph = onnx.load(str(path)).graph
    values = {value.name: numpy_helper.to_array(value) for value in graph.initializer}
    names = {name.removesuffix("_quantized"): name for name in values}
    named = {name: _scaled(values, stored) for name, stored in names.items() if not name.startswith("onnx::")}
    for node in graph.node:
        if node.op_type in _PRODUCTS and node.input[1] in values:
            module = node.name.rpartition("/")[0].strip("/").replace("/", ".")
            named[f"{module}.weight"] = np.ascontiguousarray(_scaled(values, node.input[1]).T)
        if node.op_type == "Identity" and node.input[0] in values:  # of equal vectors the exporter keeps one
            named[node.output[0]] = _scaled(values, node.input[0])
    return named


def _scaled(values: dict[str, np.ndarray], name: str) -> np.ndarray:
    """A tensor as it was before quantisation, but for rounding; one scale for all of it, or one a column."""
    if not name.endswith("_quantized"):
        return np.array(values[name])
    stem = name.removesuffix("_quantized")
    zero = values[f"{stem}_zero_point"].astype(np.float32)
    return np.asarray((values[name].astype(np.float32) - zero) * values[f"{stem}_scale"], dtype=np.float32)
