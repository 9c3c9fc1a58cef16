from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import claimbasis
from claimbasis import Article, Classifier, InputError, ModelError
from claimbasis.inference.runtime import Runtime
from claimbasis.model import shipped_model

TEXT = """Four people familiar with the talks said an offer could come within weeks.

"We never refused to negotiate," Foreign Ministry spokeswoman Irina Valkova told reporters.

Geolocated footage shows armoured vehicles crossing the canal at dawn. What happens next is anybody's guess."""


def test_the_public_names() -> None:
    assert sorted(claimbasis.__all__) == [
        "Article", "ArticlePrediction", "ClaimbasisError", "Classifier", "CorpusError", "InputError", "ModelError",
        "Prediction", "RecipeError", "Span", "Statement", "read_articles", "split_statements",
    ]  # fmt: skip


def test_the_shipped_model_knows_plain_cases(classifier: Classifier) -> None:
    prediction = classifier.predict(TEXT)
    assert [p.label for p in prediction] == ["anonymous_sourced", "officially_attributed", "action_corroborated", None]
    assert all(0 <= score <= 1 for p in prediction for score in p.scores.values())
    assert all(p.labels == tuple(sorted(p.labels, key=lambda name: -p.scores[name])) for p in prediction)


def test_rows_are_the_contract(classifier: Classifier) -> None:
    prediction = classifier.predict(Article(text=TEXT, id="a"))
    row = json.loads(json.dumps(prediction.to_dict()))["statements"][1]
    assert list(row) == [
        "article_id", "index", "start", "end", "text", "label", "labels", "scores", "source", "source_start", "source_end",
        "cue", "cue_start", "cue_end", "relay", "relay_start", "relay_end", "model_id",
    ]  # fmt: skip
    assert (row["article_id"], row["index"], row["text"]) == ("a", 1, TEXT[row["start"] : row["end"]])
    assert list(row["scores"]) == list(classifier.settings.labels)
    frame = prediction.to_frame()
    assert frame.shape == (4, 17 + len(classifier.settings.labels))
    assert frame["label"].tolist()[:1] == ["anonymous_sourced"]


def test_many_articles_come_back_in_order_and_as_if_each_were_alone(classifier: Classifier) -> None:
    articles = [Article(text=TEXT[n:], id=str(n)) for n in range(0, 150, 15)] + [Article(text="…", id="empty")]
    together = list(classifier.predict_many(articles, tokens_per_batch=200))
    assert [p.article.id for p in together] == [a.id for a in articles]
    assert len(together[-1]) == 0
    for one, article in zip(together, articles, strict=True):
        alone = next(classifier.predict_many([article], tokens_per_batch=200))
        assert [p.scores for p in one] == [p.scores for p in alone]


def test_a_stream_is_not_read_to_its_end_at_once(classifier: Classifier) -> None:
    read = 0

    def endless() -> Iterator[Article]:
        nonlocal read
        while True:
            read += 1
            yield Article(text="The ministry said so. " * 50, id=str(read))

    assert next(classifier.predict_many(endless())).article.id == "1"
    assert read < 9  # a few are cut into tokens while the model runs


def test_nothing_in_gives_nothing_out(classifier: Classifier) -> None:
    assert list(classifier.predict_many([])) == []
    assert len(classifier.predict("")) == 0


def test_half_a_character_is_an_input_error(classifier: Classifier) -> None:
    with pytest.raises(InputError, match="UTF-8"):
        classifier.predict("He said \ud800 so.")


def test_what_stands_before_a_text_that_cannot_be_encoded_is_not_lost(classifier: Classifier) -> None:
    stream = classifier.predict_many(Article(text=text) for text in (TEXT, TEXT, "He said \ud800 so.", TEXT))
    assert [len(next(stream)) for _ in range(2)] == [4, 4]
    with pytest.raises(InputError, match="UTF-8"):
        next(stream)


def test_another_reading_runs_on_the_same_weights(classifier: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    windows = Classifier.load(reading="windows")
    monkeypatch.setattr("claimbasis.inference.classifier.Runtime", None)  # nothing more can be loaded
    other = classifier.with_reading("windows")
    assert (other.settings.reading, other.model_id) == ("windows", windows.model_id)
    assert classifier.with_reading(classifier.settings.reading).model_id == classifier.model_id
    assert np.allclose(other.logits(["He left.", "She stayed."]), windows.logits(["He left.", "She stayed."]))


@pytest.mark.parametrize("damage", ["no folder", "no settings", "changed weights", "other version", "no precision"])
def test_a_model_that_cannot_be_trusted_is_refused(tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "model"
    if damage != "no folder":
        shutil.copytree(shipped_model(), folder)
    if damage == "no settings":
        (folder / "settings.json").unlink()
    if damage == "changed weights":
        with (folder / "model.int8.onnx").open("ab") as stream:
            stream.write(b"x")
    if damage == "other version":
        path = folder / "settings.json"
        path.write_text(
            path.read_text(encoding="utf-8").replace('"format_version": 1', '"format_version": 99'), encoding="utf-8"
        )
    with pytest.raises(ModelError, match=r"folder|again|fp32"):
        Classifier.load(folder, precision="fp32" if damage == "no precision" else None)


def test_offsets_move_scores_and_older_folders_have_none(classifier: Classifier, tmp_path: Path) -> None:
    settings = classifier.settings
    logits = np.array([[0.0, 1.0, -2.0]])
    expected = 1 / (1 + np.exp(-(logits / settings.temperatures + settings.offsets)))
    assert np.allclose(classifier.scores(logits), expected)
    assert any(settings.offsets)

    folder = tmp_path / "older"
    shutil.copytree(shipped_model(), folder)
    values = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    del values["offsets"]
    (folder / "settings.json").write_text(json.dumps(values), encoding="utf-8")
    assert Classifier.load(folder).settings.offsets == (0.0, 0.0, 0.0)


def test_importing_the_package_loads_nothing() -> None:
    code = (
        "import sys; import claimbasis;"
        "loaded = {'numpy', 'onnxruntime', 'tokenizers', 'sentencex', 'rich'} & sys.modules.keys();"
        "sys.exit(str(loaded) if loaded else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stderr.strip(), done.returncode) == ("", 0)
    with pytest.raises(ImportError, match="Clasifier"):
        from claimbasis import Clasifier  # noqa: F401, PLC0415


def test_labelling_loads_nothing_heavy_and_leaves_no_trace(tmp_path: Path) -> None:
    code = (
        "import sys; from claimbasis import Classifier; Classifier.load().predict('He left.');"
        "heavy = {'torch', 'transformers', 'mlflow', 'datasets', 'sklearn', 'pandas', 'trafilatura', 'scipy'} & sys.modules.keys();"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(ModelError, match=r"fp32|onnxruntime-gpu"):
        Classifier.load(device="cuda")
    with pytest.raises(ModelError, match="onnxruntime-gpu"):
        Runtime(shipped_model() / "model.int8.onnx", device="cuda")


def test_the_number_of_threads_changes_no_score() -> None:
    article = Article(text=TEXT * 12)
    one, four = (Classifier.load(n_threads=n).predict(article) for n in (1, 4))
    assert [p.scores for p in one] == [p.scores for p in four]


def test_an_abandoned_stream_leaves_the_classifier_usable(classifier: Classifier) -> None:
    stream = classifier.predict_many(Article(text=TEXT, id=str(n)) for n in range(9))
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert len(classifier.predict(TEXT)) == 4
