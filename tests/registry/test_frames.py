from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas
import pytest

from claimbasis import Article, Classifier, InputError
from claimbasis.registry.frames import predict_frame

TEXT = "Aides said talks had failed. Troops crossed the river."


@pytest.fixture(scope="module")
def tiny(tiny_model: Path) -> Classifier:
    return Classifier.load(tiny_model)


def test_a_row_a_statement_as_the_contract_has_it(tiny: Classifier) -> None:
    found = predict_frame(tiny, pandas.DataFrame({"text": [TEXT, "She left."], "id": [7, None]}))
    expected = [tiny.predict(Article(TEXT, id="7")).to_frame(), tiny.predict(Article("She left.", id="1")).to_frame()]
    assert list(found["row"]) == [0, 0, 1]
    assert list(found["article_id"]) == ["7", "7", "1"]
    assert set(found.columns) == {"row", *expected[0].columns, "error"}
    for name in expected[0].columns.drop("article_id"):
        wanted = [v for e in expected for v in e[name]]
        assert [None if pandas.isna(v) is True else v for v in found[name]] == [
            None if pandas.isna(v) is True else v for v in wanted
        ]


@pytest.mark.parametrize("unit", ["article", "statement"])
def test_a_bad_row_comes_back_with_its_reason_and_stops_nothing(tiny: Classifier, unit: str) -> None:
    texts = ["She left.", None, float("nan"), 7, " \n", "half \ud800 a character", "He left."]
    found = predict_frame(tiny, pandas.DataFrame({"text": pandas.Series(texts, dtype=object)}), unit=unit)
    assert list(found["row"]) == list(range(7))
    assert [error is None for error in found["error"]] == [True, False, False, False, False, False, True]
    assert [word in found["error"][row] for row, word in ((1, "nothing under"), (4, "empty"), (5, "surrogate"))] == [
        True
    ] * 3
    assert found["start"].isna().tolist() == [False, True, True, True, True, True, False]
    # Scores of rows that have none are null in JSON, not a word that no reader knows.
    assert json.loads(found.to_json(orient="records"))[1]["score_anonymous_sourced"] is None


def test_what_breaks_the_model_is_told_too(tiny: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Classifier._tokenize

    def fail(self: Classifier, texts: Sequence[str]) -> object:
        if any("crash" in text for text in texts):
            raise MemoryError("too large")
        return real(self, texts)

    monkeypatch.setattr(Classifier, "_tokenize", fail)
    frame = pandas.DataFrame({"text": ["A crash.", "She left."], "id": ["a", "b"]})
    for unit in ("article", "statement"):
        found = predict_frame(tiny, frame, unit=unit)
        assert list(found["error"]) == ["a: cannot be labelled (MemoryError: too large)", None]


def test_statements_with_one_id_are_read_together(tiny: Classifier) -> None:
    frame = pandas.DataFrame({"text": ["Aides said so.", "", "She left.", "She left."], "id": ["a", "a", "a", "b"]})
    found = predict_frame(tiny, frame, unit="statement")
    assert found["index"].tolist() == [0, pandas.NA, 1, 0]
    assert (found["start"][2], found["end"][2]) == (15, 24)
    assert "Aides said so. She left."[15:24] == found["text"][2]
    whole = tiny.predict(Article("Aides said so. She left.", id="a")).to_frame()
    for label in tiny.settings.labels:
        assert found[f"score_{label}"][2] == whole[f"score_{label}"][1]


def test_only_what_reaches_the_score(tiny: Classifier) -> None:
    frame = pandas.DataFrame({"text": [TEXT] * 3 + [None]})
    best = max(max(p.scores.values()) for p in tiny.predict(TEXT))
    assert list(predict_frame(tiny, frame, min_score=1.0)["row"])[-1] == 3
    assert len(predict_frame(tiny, frame, min_score=0.0)) == 7
    kept = predict_frame(tiny, frame, min_score=round(best, 4))
    assert 3 < len(kept) <= 7


def test_nested_is_one_row_a_row_with_the_same_rows(tiny: Classifier) -> None:
    frame = pandas.DataFrame({"text": [TEXT, None]})
    nested = predict_frame(tiny, frame, nested=True)
    assert [[row["text"] for row in rows] for rows in nested["rows"]] == [
        ["Aides said talks had failed.", "Troops crossed the river."], [None],
    ]  # fmt: skip
    assert nested["rows"][1][0]["error"].startswith("1: nothing under")
    flat = predict_frame(tiny, frame)
    assert list(nested["rows"][0][0]) == list(flat.columns)


def test_a_frame_without_rows_has_all_columns(tiny: Classifier) -> None:
    frame = pandas.DataFrame({"text": []})
    assert list(predict_frame(tiny, frame).columns) == list(
        predict_frame(tiny, pandas.DataFrame({"text": [TEXT]})).columns
    )


@pytest.mark.parametrize("options", [{"unit": "word"}, {"min_score": 1.5}])
def test_parameters_are_checked(tiny: Classifier, options: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"word|1\.5"):
        predict_frame(tiny, pandas.DataFrame({"text": [TEXT]}), **options)
