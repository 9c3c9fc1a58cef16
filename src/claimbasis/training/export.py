"""Writes a fine-tuned network as ONNX, in fp32 and int8, and proves that the numbers stayed the same."""

from __future__ import annotations

import io
import logging
import tempfile
import warnings
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer

from claimbasis.errors import ModelError
from claimbasis.inference.runtime import Runtime
from claimbasis.model import TOKENIZER_FILE, weights_file
from claimbasis.training.encoder import StatementClassifier
from claimbasis.training.fused_attention import OPERATOR_SET, fused_attention
from claimbasis.windows import WindowArrays

# fp32 scores may differ from torch's by this much at most; larger means a broken export, not rounding.
MAX_SCORE_DRIFT = 1e-3


def export_weights(
    model: StatementClassifier, tokenizer: Tokenizer, samples: Sequence[WindowArrays], folder: Path
) -> None:
    """Writes `tokenizer.json` and the ONNX files of both precisions.

    Args:
        model: The fine-tuned network.
        tokenizer: Its tokenizer.
        samples: Real batches on which torch and ONNX must agree; at least one.
        folder: Is made when missing.

    Raises:
        ModelError: Scores of the fp32 file differ from torch's by more than `MAX_SCORE_DRIFT`; nothing is left behind.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model = model.to("cpu").eval()
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        fp32, int8 = (Path(scratch) / name for name in (weights_file("fp32"), weights_file("int8")))
        _export_fp32(model, samples[0], fp32)
        drift = score_drift(model, Runtime(fp32), samples)
        if not drift <= MAX_SCORE_DRIFT:
            raise ModelError(
                f"{folder}: exported scores differ from torch's by {drift:.2g}, more than {MAX_SCORE_DRIFT}; nothing was "
                "written. Try other versions of torch and onnx"
            )
        _quantise(fp32, int8)
        fp32.replace(folder / fp32.name)
        int8.replace(folder / int8.name)
    tokenizer.save(str(folder / TOKENIZER_FILE))


def _export_fp32(model: StatementClassifier, sample: WindowArrays, path: Path) -> None:
    axes = {
        "input_ids": {0: "windows", 1: "tokens"},
        "attention_mask": {0: "windows", 1: "tokens"},
        "pooling": {0: "windows", 1: "statements", 2: "tokens"},
        "logits": {0: "windows", 1: "statements"},
        "tags": {0: "windows", 1: "tokens"},
    }
    with warnings.catch_warnings(), torch.no_grad(), redirect_stdout(io.StringIO()), fused_attention(model.encoder):
        # The exporter warns of shapes that it traces as constants; the drift check below catches what would matter.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            tuple(map(torch.from_numpy, (sample.input_ids, sample.attention_mask, sample.pooling))),
            str(path),
            input_names=["input_ids", "attention_mask", "pooling"],
            output_names=["logits", "tags"],
            dynamic_axes=axes,
            opset_version=17,
            custom_opsets={OPERATOR_SET: 1},
            dynamo=False,
        )


def score_drift(model: StatementClassifier, runtime: Runtime, samples: Sequence[WindowArrays]) -> float:
    """The largest difference between torch's and a runtime's probabilities on some batches, in [0, 1].

    Tags are compared by their sigmoid too, which is no probability of theirs, but as sensitive.
    """
    return max(
        float(np.abs(_sigmoid(ours) - _sigmoid(theirs)).max())
        for sample in samples
        for ours, theirs in zip(torch_outputs(model, sample), runtime.run(sample), strict=True)
    )


@torch.no_grad()
def torch_outputs(model: StatementClassifier, sample: WindowArrays) -> tuple[np.ndarray, ...]:
    """Logits of labels and of tags of a batch by the network itself."""
    outputs = model(*map(torch.from_numpy, (sample.input_ids, sample.attention_mask, sample.pooling)))
    return tuple(output.float().numpy() for output in outputs)


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-logits)))


def _quantise(fp32: Path, int8: Path) -> None:
    """Weights and embeddings to int8, a scale a channel; activations are scaled while the model runs."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)  # the library logs advice on pre-processing to the root logger
    try:
        # The range is reduced by a bit: processors without VNNI would overflow in silence.
        # Types behind operators that are not ONNX's own have to be told.
        extra = {"DefaultTensorType": onnx.TensorProto.FLOAT}
        quantize_dynamic(
            fp32, int8, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True, extra_options=extra
        )
    finally:
        root.setLevel(level)
    onnx.checker.check_model(str(int8))
