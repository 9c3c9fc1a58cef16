from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from claimbasis import ArticlePrediction
from claimbasis.report.selection import Selection
from claimbasis.report.table import print_prediction


@pytest.fixture
def prediction(predict: Callable[..., ArticlePrediction]) -> ArticlePrediction:
    return predict(
        "One. Two. Three. Four.",
        [
            ("One.", (0.95, 0.1, 0.1)),
            ("Two.", (0.6, 0.9, 0.1)),
            ("Three.", (0.1, 0.1, 0.7)),
            ("Four.", (0.4, 0.1, 0.1)),
        ],
        title="Numbers",
    )


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(), ["One.", "Two.", "Three.", "Four."]),
        (Selection(only=("anonymous_sourced",)), ["One.", "Two."]),
        (Selection(only=("anonymous_sourced", "action_corroborated")), ["One.", "Two.", "Three."]),
        (Selection(min_score=0.8), ["One.", "Two."]),
        (Selection(min_score=0.4), ["One.", "Two.", "Three.", "Four."]),
        # Its great score is for another label.
        (Selection(only=("anonymous_sourced",), min_score=0.8), ["One."]),
        (Selection(only=("anonymous_sourced",), min_score=1.0), []),
    ],
)
def test_what_is_selected(prediction: ArticlePrediction, selection: Selection, expected: list[str]) -> None:
    assert [item.statement.text for item in selection.select(prediction)] == expected


def test_the_table_says_how_many_of_all_it_shows(prediction: ArticlePrediction) -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=110)
    print_prediction(console, prediction, Selection(only=("anonymous_sourced",)))
    print_prediction(console, prediction, Selection(), summary_only=True)
    rows, summary = stream.getvalue().split("\n\n")[:2]
    assert "2 of 4 statements: 2 anonymous, 1 official, 0 action, 0 none of these" in rows
    assert "Three." not in rows
    assert summary.splitlines() == [
        "Numbers", "4 statements: 2 anonymous, 1 official, 1 action, 1 none of these  (tiny-1234)",
    ]  # fmt: skip
