"""What training changes in an encoder for speed, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from claimbasis.training.encoder import Dropout, StatementClassifier
from claimbasis.training.recipe import Encoder


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_dropout_drops_its_share_and_scales_the_rest(dtype: torch.dtype) -> None:
    torch.manual_seed(1)
    dropped = Dropout(0.1).train()(torch.ones(1001, 33, dtype=dtype)).float()
    assert 0.09 < (dropped == 0).float().mean().item() < 0.115
    assert dropped[dropped > 0].unique().tolist() == [pytest.approx(256 / 230, rel=0.01)]
    assert dropped.mean().item() == pytest.approx(1, abs=0.02)


def test_dropout_draws_anew_and_follows_the_seed() -> None:
    dropout, ones = Dropout(0.5).train(), torch.ones(50, 50)
    torch.manual_seed(1)
    first, second = dropout(ones), dropout(ones)
    torch.manual_seed(1)
    assert torch.equal(dropout(ones), first)
    assert not torch.equal(first, second)
    assert (Dropout(1.0).train()(ones) == 0).all()


def test_dropout_is_nothing_in_evaluation() -> None:
    ones = torch.ones(5, 7)
    assert Dropout(0.5).eval()(ones) is ones
    assert Dropout(0.0).train()(ones) is ones


def test_plain_attention_gives_the_same_answers(encoder: Path) -> None:
    model = StatementClassifier.from_base(Encoder(base=str(encoder)), 3).eval()
    inputs = torch.tensor([[2, 5, 6, 3], [2, 7, 3, 0]]), torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]])
    pooling = torch.tensor([[[0.0, 0.5, 0.5, 0.0]], [[0.0, 1.0, 0.0, 0.0]]])
    before = model(*inputs, pooling)[0]
    model.use_plain_attention()
    assert torch.allclose(model(*inputs, pooling)[0], before, atol=1e-5)
    assert model.encoder.config._attn_implementation == "eager"  # type: ignore[union-attr]
