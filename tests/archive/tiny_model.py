"""A model folder whose scores are sums over tokens: real in every way but for what it knows, and very fast."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from claimbasis.model import TOKENIZER_FILE, read_settings, shipped_model, write_settings

_N_IDS = 40_000


def write_tiny_model(folder: Path, *, seed: int = 7) -> Path:
    """Writes the folder; another seed makes another model."""
    settings = read_settings(shipped_model(), verify=False)
    folder.mkdir(parents=True)
    shutil.copyfile(shipped_model() / TOKENIZER_FILE, folder / TOKENIZER_FILE)
    table = np.random.default_rng(seed).normal(0, 6, (_N_IDS, len(settings.labels))).astype(np.float32)
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["vectors"]),
        helper.make_node("MatMul", ["pooling", "vectors"], ["sums"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMin", ["mask"], ["least"], keepdims=0),
        helper.make_node("Mul", ["least", "zero"], ["nothing"]),
        helper.make_node("Add", ["sums", "nothing"], ["logits"]),
    ]
    inputs = [
        helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["b", "t"]),
        helper.make_tensor_value_info("attention_mask", TensorProto.INT64, ["b", "t"]),
        helper.make_tensor_value_info("pooling", TensorProto.FLOAT, ["b", "s", "t"]),
    ]
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["b", "s", len(settings.labels)])]
    weights = [numpy_helper.from_array(table, "table"), numpy_helper.from_array(np.float32(0), "zero")]
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, folder / "model.fp32.onnx")
    write_settings(
        folder,
        replace(settings, name="tiny", roles=(), reading="windows", files={}),
        ["model.fp32.onnx", TOKENIZER_FILE],
    )
    return folder
