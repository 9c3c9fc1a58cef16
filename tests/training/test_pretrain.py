"""Further pre-training of an encoder on texts without labels."""

from __future__ import annotations

import json
import runpy
import shutil
from pathlib import Path

import pytest
import torch
from tiny_encoder import STATEMENTS
from transformers import AutoTokenizer

from claimbasis.training.encoder import StatementClassifier, load_tokenizer
from claimbasis.training.recipe import Encoder

SCRIPT = Path(__file__).parents[2] / "experiments" / "pretrain.py"


@pytest.fixture
def base(encoder: Path, tmp_path: Path) -> Path:
    """The tests' encoder, with a token for hidden words."""
    folder = tmp_path / "base"
    shutil.copytree(encoder, folder)
    AutoTokenizer.from_pretrained(encoder, mask_token="[UNK]").save_pretrained(folder)
    return folder


def write_texts(path: Path, n: int) -> Path:
    text = " ".join(text for text, _ in STATEMENTS)
    path.write_text("".join(json.dumps({"id": f"{k}", "text": f"{text} {k} {text} {k}"}) + "\n" for k in range(n)))
    return path


def test_an_encoder_that_has_read_more_can_be_trained_as_any_other(base: Path, tmp_path: Path) -> None:
    texts = write_texts(tmp_path / "texts.jsonl", 40)
    options = [str(texts), "--base", str(base), "--epochs", "2", "--output", str(tmp_path / "news-encoder")]
    assert runpy.run_path(str(SCRIPT))["main"](options) == 0
    assert {path.name for path in tmp_path.iterdir()} == {
        "base",
        "news-encoder",
        "texts.jsonl",
    }  # no checkpoints are left
    models = [StatementClassifier.from_base(Encoder(base=str(f)), 3) for f in (base, tmp_path / "news-encoder")]
    before, after = (model.encoder.get_input_embeddings().weight for model in models)
    assert before.shape == after.shape
    assert not torch.equal(before, after)
    assert load_tokenizer(str(tmp_path / "news-encoder"))[0].get_vocab() == load_tokenizer(str(base))[0].get_vocab()


def test_what_a_model_is_measured_on_is_not_read_before(base: Path, tmp_path: Path) -> None:
    texts = write_texts(tmp_path / "texts.jsonl", 3)
    options = [str(texts), "--apart", str(texts), "--base", str(base), "--output", str(tmp_path / "news-encoder")]
    with pytest.raises(SystemExit, match="no article is left to read"):
        runpy.run_path(str(SCRIPT))["main"](options)
