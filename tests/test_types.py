from __future__ import annotations

import csv
import io

import pytest

from claimbasis import Article, ArticlePrediction, Prediction, Statement
from claimbasis.codebook import shipped_codebook
from claimbasis.report.rows import render_csv, render_csv_header
from claimbasis.types import Span

TEXT = "=Two envoys= told Reuters that talks had failed. They said no more."
SOURCE, CUE, RELAY = (
    Span("source", 0, 12, "=Two envoys="),
    Span("cue", 13, 17, "told"),
    Span("relay", 18, 25, "Reuters"),
)


@pytest.fixture
def prediction() -> ArticlePrediction:
    first, second = Statement(0, 0, 48, TEXT[:48]), Statement(1, 49, 67, TEXT[49:])
    scores = {"anonymous_sourced": 0.9}
    items = (
        Prediction(first, scores, ("anonymous_sourced",), (SOURCE, CUE, RELAY), SOURCE, CUE, RELAY),
        Prediction(second, scores, ("anonymous_sourced",), (), SOURCE),
    )
    return ArticlePrediction(Article(TEXT, "a"), items, "tiny-1234", shipped_codebook())


def test_rows_tell_source_cue_and_relay_where_they_stand_in_the_article(prediction: ArticlePrediction) -> None:
    first, second = prediction.to_dict()["statements"]
    assert [first[name] for name in ("source", "cue", "relay")] == ["=Two envoys=", "told", "Reuters"]
    assert TEXT[first["relay_start"] : first["relay_end"]] == "Reuters"
    # The second statement rests on a source that stands in the first, and has no cue that the model found.
    assert (second["source"], second["source_start"], second["source_end"]) == ("=Two envoys=", 0, 12)
    assert (second["cue"], second["cue_start"], second["cue_end"], second["relay"]) == (None, None, None, None)


def test_a_frame_has_a_column_for_each(prediction: ArticlePrediction) -> None:
    pytest.importorskip("pandas", reason="frames are NOT tested: pip install 'claimbasis[frame]'")
    frame = prediction.to_frame()
    assert frame["source"].tolist() == ["=Two envoys=", "=Two envoys="]
    assert frame["cue_start"].isna().tolist() == [False, True]


def test_csv_has_them_too_and_no_formula_among_them(prediction: ArticlePrediction) -> None:
    lines = render_csv_header(["anonymous_sourced"]) + render_csv(prediction)
    first, second = csv.DictReader(io.StringIO(lines))
    assert (first["source"], first["relay"], first["relay_end"]) == ("'=Two envoys=", "Reuters", "25")
    assert (second["source_start"], second["cue"], second["cue_start"]) == ("0", "", "")
