"""What an exported file computes, for the kinds of encoders that get attention as one operator, and for others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from tokenizers import Tokenizer, models
from transformers import AutoConfig, AutoModel

from claimbasis.inference.runtime import Runtime
from claimbasis.training.encoder import StatementClassifier
from claimbasis.training.export import export_weights, score_drift
from claimbasis.windows import SpecialTokens, WindowArrays, build_arrays

SPECIAL = SpecialTokens(0, 2, 1)


@pytest.mark.parametrize(
    ("kind", "is_fused"),
    [("bert", True), ("electra", True), ("roberta", True), ("xlm-roberta", True), ("mpnet", False)],
)
def test_an_exported_file_says_what_torch_says(tmp_path: Path, kind: str, is_fused: bool) -> None:
    model = make_model(kind)
    first, other = make_batch(3, 9), make_batch(11, 4, 25)
    export_weights(model, Tokenizer(models.WordLevel({"a": 0})), [first], tmp_path)
    operators = {node.op_type for node in onnx.load(tmp_path / "model.fp32.onnx").graph.node}
    assert ("MultiHeadAttention" in operators) == is_fused
    # Of other sizes than the batch that was exported, and with padding.
    assert score_drift(model, Runtime(tmp_path / "model.fp32.onnx"), [first, other]) < 1e-5
    int8 = Runtime(tmp_path / "model.int8.onnx").run(other)
    assert all(np.isfinite(output).all() for output in int8)


def make_model(kind: str) -> StatementClassifier:
    torch.manual_seed(3)
    sizes = {"vocab_size": 40, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = AutoConfig.for_model(kind, intermediate_size=48, pad_token_id=SPECIAL.padding, **sizes)
    return StatementClassifier(AutoModel.from_config(config), 32, 3, dropout=0.1).eval()


def make_batch(*lengths: int) -> WindowArrays:
    rng = np.random.default_rng(5)
    windows = [[rng.integers(3, 40, n).tolist(), [7, 8]] for n in lengths]
    return build_arrays(windows, SPECIAL, pooling="both")
