"""The registered model, as MLflow loads it; as a service, and in Spark, the how-to's test runs it."""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
import sys
from pathlib import Path

import mlflow
import pandas
import pytest

from claimbasis import ModelError
from claimbasis.registry.packing import check_model, pack_model

TEXT = "Aides said talks had failed. Troops crossed the river."
FRAME = pandas.DataFrame({"text": [TEXT, None], "id": [1, 2]})


@pytest.fixture(scope="session")
def packed(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("packed") / "tiny"
    pack_model(tiny_model, target)
    return target


def test_load_model_predicts_with_parameters(packed: Path) -> None:
    model = mlflow.pyfunc.load_model(str(packed))
    rows = model.predict(FRAME)
    assert rows["text"].tolist() == ["Aides said talks had failed.", "Troops crossed the river.", None]
    assert rows["error"].isna().tolist() == [True, True, False]
    assert len(model.predict(FRAME, params={"min_score": 0.0, "device": "cpu", "nested": True})) == 2
    with pytest.raises(Exception, match="is none of cpu, cuda"):
        model.predict(FRAME, params={"device": "abacus"})
    with pytest.raises(Exception, match="text"):
        model.predict(pandas.DataFrame({"body": [TEXT]}))


def test_signature_and_example_say_what_goes_in_and_comes_out(packed: Path) -> None:
    model = mlflow.models.Model.load(str(packed))
    assert model.signature.inputs.required_input_names() == ["text"]
    assert [param.name for param in model.signature.params] == ["unit", "min_score", "nested", "device"]
    rows = mlflow.pyfunc.load_model(str(packed)).predict(FRAME)
    assert model.signature.outputs.input_names() == list(rows.columns)
    assert model.load_input_example(str(packed))["text"].tolist()[0].startswith("Two officials")


def test_the_environment_is_exact_and_light(packed: Path) -> None:
    lines = (packed / "requirements.txt").read_text(encoding="utf-8").split()
    names = {line.split("==")[0] for line in lines}
    assert names == {
        "jinja2", "mlflow-skinny", "numpy", "onnxruntime", "pandas", "rich", "sentencex", "tokenizers",
    }  # fmt: skip
    assert all(line == f"{(name := line.split('==')[0])}=={importlib.metadata.version(name)}" for line in lines)
    # The code comes along; of it, only what labelling needs, and no model but the packed one.
    assert not {"training", "evaluation", "cli", "archive", "serve"} & {
        f.name for f in (packed / "code" / "claimbasis").iterdir()
    }
    assert [file.name for file in packed.rglob("*.onnx")] == ["model.fp32.onnx"]
    assert not list(packed.rglob("*.pkl"))


def test_the_packed_code_runs_by_itself(packed: Path, tmp_path: Path) -> None:
    """In a process that finds no other claimbasis, and nothing of the heavy leg is loaded."""
    code = (
        "import sys, mlflow, pandas; rows = mlflow.pyfunc.load_model(sys.argv[1]).predict(pandas.DataFrame({'text': ['He left.']}));"
        "import claimbasis; print(claimbasis.__file__, len(rows), {'torch', 'transformers', 'sklearn'} & sys.modules.keys())"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(packed)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[1:] == ["1", "set()"]
    assert Path(done.stdout.split()[0]).is_relative_to(packed)


def test_a_model_that_cannot_predict_is_told(packed: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(packed, broken)
    (broken / "artifacts" / "model" / "settings.json").unlink()
    with pytest.raises(ModelError, match="no alias has moved"):
        check_model(str(broken))
