"""ONNX Runtime behind one call: arrays in, logits out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from claimbasis.errors import ModelError
from claimbasis.windows import WindowArrays

Logits = npt.NDArray[np.float32]


class Runtime:
    """One loaded ONNX model."""

    def __init__(self, path: Path, *, n_threads: int | None = None) -> None:
        """Loads the model.

        Args:
            path: The ONNX file.
            n_threads: Threads of one forward pass; all cores this process may use when None.

        Raises:
            ModelError: The file is no model that this version of ONNX Runtime can run.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = n_threads or _available_cores()
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session: Any = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the library's exceptions share no parent of their own
            raise ModelError(f"{path}: ONNX Runtime cannot load it ({error}); export the model again") from error

    def run(self, arrays: WindowArrays) -> list[Logits]:
        """Outputs for a batch.

        Returns:
            Logits of labels, shape (windows, statements, labels), where rows without a statement mean nothing; and, if the
            model has them, those of tags, shape (windows, tokens, roles, tags).
        """
        inputs = {"input_ids": arrays.input_ids, "attention_mask": arrays.attention_mask, "pooling": arrays.pooling}
        return [np.asarray(output) for output in self._session.run(None, inputs)]


def _available_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
