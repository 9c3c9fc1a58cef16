"""Attention as the one ONNX operator that ONNX Runtime has for it, in place of the dozen nodes that torch writes.

In windows of 256 tokens the dozen take a quarter of the time: they build a mask of (windows, heads, tokens, tokens) in each
layer, and copy queries, keys and values between layouts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.onnx._internal.torchscript_exporter import symbolic_helper
from transformers import PreTrainedModel
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

OPERATOR_SET = "com.microsoft"
_NAME = "onnx_operator"
# Encoders that look from every token at every token, without biases of their own; others keep the nodes they have.
_KINDS = ("bert", "electra", "roberta", "xlm-roberta")
_INT32 = 6  # in ONNX's numbering of types


@contextmanager
def fused_attention(encoder: torch.nn.Module) -> Iterator[None]:
    """Within the block the encoder can be exported, and no longer be run.

    Args:
        encoder: Any Hugging Face encoder; one of a kind for which this was not tried stays as it is.
    """
    if not isinstance(encoder, PreTrainedModel) or encoder.config.model_type not in _KINDS:
        yield
        return
    ALL_ATTENTION_FUNCTIONS.register(_NAME, _attend)
    ALL_MASK_ATTENTION_FUNCTIONS.register(_NAME, _keep_mask)
    before = encoder.config._attn_implementation
    encoder.set_attn_implementation(_NAME)
    try:
        yield
    finally:
        encoder.set_attn_implementation(before)


class _Attention(torch.autograd.Function):
    """Stands for the operator while torch traces."""

    @staticmethod
    def forward(
        ctx: Any,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        mask: torch.Tensor,
        n_heads: int,
        scale: float,
    ) -> torch.Tensor:
        """A tensor of the right shape."""
        return torch.zeros_like(query)

    @staticmethod
    def symbolic(g: Any, query: Any, key: Any, value: Any, mask: Any, n_heads: int, scale: float) -> Any:
        """The operator."""
        no_bias = symbolic_helper._optional_input_placeholder_tensor(g)  # type: ignore[no-untyped-call]
        known = g.op("Cast", mask, to_i=_INT32)
        inputs = (query, key, value, no_bias, known)
        output = g.op(f"{OPERATOR_SET}::MultiHeadAttention", *inputs, num_heads_i=n_heads, scale_f=scale)
        output.setType(query.type())
        return output


def _attend(
    module: Any,
    query: torch.Tensor,  # (windows, heads, tokens, size of a head), like key and value
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor,  # (windows, tokens)
    scaling: float | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """The attention function that transformers calls in each layer."""
    query, key, value = (each.transpose(1, 2).flatten(2) for each in (query, key, value))
    scale = scaling if scaling is not None else module.attention_head_size**-0.5
    n_heads = module.config.num_attention_heads
    output = _Attention.apply(query, key, value, attention_mask, n_heads, float(scale))  # type: ignore[no-untyped-call]
    return output, None


def _keep_mask(*_: Any, attention_mask: torch.Tensor, **__: Any) -> torch.Tensor:
    """The mask as it came in: the operator needs no more."""
    return attention_mask
