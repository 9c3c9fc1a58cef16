"""ONNX Runtime behind one call: arrays in, logits out."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import onnxruntime

from claimbasis.errors import ModelError
from claimbasis.windows import WindowArrays

Logits = npt.NDArray[np.float32]
Device = Literal["cpu", "cuda"]
# Tokens of one forward pass. On a CPU a full window is a batch of its own: statements a second on two cores (no AVX-512), both ways, 24
# articles of our corpus: 149 with 256 tokens, 130 with 512, 119 with 1,024, 106 with 2,048. int8 scales by batch, so a
# model's thresholds hold for this size alone. A GPU wants all windows of an article at once; that number is not measured.
_TOKENS_PER_BATCH: dict[Device, int] = {"cpu": 256, "cuda": 16_384}

# On a CPU the operator that adds and normalises in one takes longer than the two it stands for: a batch of 250 tokens 23.1 ms, and
# 19.4 without it (two x86 cores with AMX, one thread, median of 60).
_SLOWER_FUSED: dict[Device, list[str]] = {"cpu": ["SkipLayerNormFusion"], "cuda": []}


class Runtime:
    """One loaded ONNX model, and the threads that run it.

    On a CPU each thread runs batches of its own, instead of all threads sharing each: at the size of our batches there is
    little to share, and waiting for one another costs more than it gives.
    """

    def __init__(self, path: Path, *, n_threads: int | None = None, device: Device = "cpu") -> None:
        """Loads the model.

        Args:
            path: The ONNX file.
            n_threads: Batches that run at the same time on a CPU; all cores this process may use when None.
            device: Where they run.

        Raises:
            ModelError: The file is no model that this version of ONNX Runtime can run, or there is no such device.
        """
        providers = _providers(device)
        self.tokens_per_batch = _TOKENS_PER_BATCH[device]
        self.n_threads = (n_threads or _available_cores()) if device == "cpu" else 1
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session: Any = onnxruntime.InferenceSession(
                str(path), options, providers=providers, disabled_optimizers=_SLOWER_FUSED[device]
            )
        except Exception as error:  # the library's exceptions share no parent of their own
            raise ModelError(f"{path}: ONNX Runtime cannot load it ({error}); export the model again") from error
        self._threads = ThreadPoolExecutor(self.n_threads, thread_name_prefix="claimbasis-model")

    def run(self, arrays: WindowArrays) -> list[Logits]:
        """Outputs for a batch.

        Returns:
            Logits of labels, shape (windows, statements, labels), where rows without a statement mean nothing; and, if the
            model has them, those of tags, shape (windows, tokens, roles, tags).
        """
        inputs = {"input_ids": arrays.input_ids, "attention_mask": arrays.attention_mask, "pooling": arrays.pooling}
        return [np.asarray(output) for output in self._session.run(None, inputs)]

    def submit(self, arrays: WindowArrays) -> Future[list[Logits]]:
        """The same on one of the threads."""
        return self._threads.submit(self.run, arrays)


def _providers(device: Device) -> list[str]:
    if device not in get_args(Device):
        raise ModelError(f"device {device!r}: is none of {', '.join(get_args(Device))}")
    if device == "cpu":
        return ["CPUExecutionProvider"]
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        raise ModelError(
            "device 'cuda': this ONNX Runtime has no CUDA; install onnxruntime-gpu in place of onnxruntime, or use the cpu"
        )
    return ["CUDAExecutionProvider", "CPUExecutionProvider"]


def _available_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
