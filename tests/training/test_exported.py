"""Training that goes on from a model folder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from test_export import make_batch, make_model
from tokenizers import Tokenizer, models

from claimbasis import Article, Classifier
from claimbasis.cli import main
from claimbasis.inference.runtime import Runtime
from claimbasis.model import shipped_model
from claimbasis.training.export import export_weights, score_drift
from claimbasis.training.exported import read_weights

OWN_CODEBOOK = """version = "1"
[[labels]]
name = "rumour"
code = "A"
[[other_codes]]
code = "O"
name = "official"
[[other_codes]]
code = "C"
name = "action"
[[other_codes]]
code = "N"
name = "none"
"""
FEW_STEPS = ["--set", "seeds=[1]", "--set", "optimisation.epochs=1", "--set", "optimisation.learning_rate=1e-9"]


@pytest.mark.parametrize("kind", ["bert", "electra", "roberta", "mpnet"])
def test_weights_come_back_from_an_exported_file(tmp_path: Path, kind: str) -> None:
    batch = make_batch(3, 9)
    model = make_model(kind)
    export_weights(model, Tokenizer(models.WordLevel({"a": 0})), [batch], tmp_path)
    other = make_model(kind)
    with torch.no_grad():
        for weight in other.parameters():
            weight.fill_(0.5)
    exact = read_weights(tmp_path / "model.fp32.onnx")
    used = {name: weight.detach() for name, weight in model.named_parameters() if ".pooler." not in name}
    other.load_state_dict({name: torch.from_numpy(exact[name]) for name in used}, strict=False)
    assert score_drift(other, Runtime(tmp_path / "model.fp32.onnx"), [batch]) < 1e-5
    rounded = read_weights(tmp_path / "model.int8.onnx")
    for name, weight in used.items():
        step = float(weight.abs().max()) / 63  # of weights in seven bits
        np.testing.assert_allclose(rounded[name], weight.numpy(), atol=step)


def test_training_goes_on_from_a_model_folder(workplace: Path) -> None:
    assert main(["train", "recipe.toml", "--set", "seeds=[1]", "--output", "first"]) == 0
    go_on = ["--set", "encoder.start=first", *FEW_STEPS]
    assert main(["train", "recipe.toml", *go_on, "--set", "spans.polnear=[]", "--output", "second"]) == 0
    text = json.loads((workplace / "dev.jsonl").read_text(encoding="utf-8").splitlines()[0])["text"]
    first, second = (Classifier.load(workplace / name, precision="fp32") for name in ("first", "second"))
    raw = [model.logits([p.statement.text for p in model.predict(Article(text))]) for model in (first, second)]
    np.testing.assert_allclose(raw[0], raw[1], atol=1e-3)
    assert first.settings.roles == second.settings.roles != ()  # what it had learned to mark it still marks
    (workplace / "own.toml").write_text(OWN_CODEBOOK, encoding="utf-8")
    assert main(["train", "recipe.toml", *go_on, "--set", "data.codebook=own.toml", "--output", "third"]) == 0
    third = Classifier.load(workplace / "third").settings
    assert (third.labels, third.roles) == (("rumour",), first.settings.roles)


@pytest.mark.parametrize(
    ("start", "said"), [("nowhere", "no model folder"), (str(shipped_model()), "set encoder.base=all-MiniLM-L6-v2")]
)
def test_a_folder_of_no_use_is_refused(
    workplace: Path, caplog: pytest.LogCaptureFixture, start: str, said: str
) -> None:
    assert main(["train", "recipe.toml", "--set", f"encoder.start={start}"]) == 2
    assert said in caplog.text
