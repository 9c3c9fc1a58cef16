from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from claimbasis.corpus.annotated import read_corpus
from claimbasis.evaluation.decisions import Decisions, place_statements
from claimbasis.evaluation.slices import Members, find_slices, measure_slices


def members_of(*paths: Path) -> Members:
    return find_slices(place_statements(read_corpus(paths)))


def names(members: Members, group: str) -> list[str]:
    return [name for found, name in members if found == group]


def test_each_statement_is_where_its_article_and_its_words_put_it(write_corpus: Callable[..., Path]) -> None:
    first = write_corpus(
        ("a", [("He left.", "N"), ("“Go,” she said.", "O"), ("word " * 12 + "end.", "N"), ("word " * 30 + "end.", "N")]),
        name="a.jsonl", date="2015-12-31", domain="war",
    )  # fmt: skip
    second = write_corpus(("b", [("Rain fell.", "C")]), name="b.jsonl", date="2024-01-01")
    third = write_corpus(("c", [("Snow fell.", "C")]), name="c.jsonl", date="last week")
    rows = {key: rows.nonzero()[0].tolist() for key, rows in members_of(first, second, third).items()}
    assert rows == {
        ("year", "before 2016"): [0, 1, 2, 3],
        ("year", "2024 on"): [4],
        ("year", "unknown"): [5],
        ("domain", "war"): [0, 1, 2, 3],
        ("length", "under 12 words"): [0, 1, 4, 5],
        ("length", "12–30 words"): [2],
        ("length", "over 30 words"): [3],
        ("quotation", "quotation mark"): [1],
        ("quotation", "no quotation mark"): [0, 2, 3, 4, 5],
        ("position", "first 3 of the article"): [0, 1, 2, 4, 5],
        ("position", "the rest"): [3],
    }


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2016-01-01", "2016–2019"),
        ("2019-12-31", "2016–2019"),
        ("2020", "2020–2023"),
        ("2023-12-31", "2020–2023"),
        ("2031-05-05", "2024 on"),
        ("", "unknown"),
    ],
)
def test_years(write_corpus: Callable[..., Path], date: str, expected: str) -> None:
    assert names(members_of(write_corpus(("a", [("He left.", "N")]), date=date)), "year") == [expected]


def test_a_passage_from_the_middle_does_not_begin_its_article(
    write_corpus: Callable[..., Path], tmp_path: Path
) -> None:
    text = "One came. Two came. Three came. Four came."
    path = tmp_path / "passage.jsonl"
    path.write_text(
        f'{{"id": "a", "text": "{text}", "statements": [{{"start": 20, "end": 31, "codes": "N"}}, {{"start": 32, "end": 42, "codes": "N"}}]}}',
        encoding="utf-8",
    )
    members = members_of(path)
    assert members["position", "first 3 of the article"].tolist() == [True, False]


def test_small_outlets_have_no_slice(write_corpus: Callable[..., Path]) -> None:
    large = write_corpus(("a", [("He left.", "N")] * 30), name="a.jsonl", outlet="Large")
    small = write_corpus(("b", [("She left.", "N")] * 29), name="b.jsonl", outlet="Small")
    assert names(members_of(small, large), "outlet") == ["Large"]


def test_a_collection_is_what_stands_before_the_slash_of_an_id(write_corpus: Callable[..., Path]) -> None:
    large = write_corpus(("wires/a", [("He left.", "N")] * 30), name="a.jsonl")
    small = write_corpus(("blogs/b", [("She left.", "N")] * 29), name="b.jsonl")
    plain = write_corpus(("c", [("It left.", "N")] * 30), name="c.jsonl")
    assert names(members_of(large, small, plain), "collection") == ["wires"]


def test_context_kinds_are_slices_and_together_one(write_corpus: Callable[..., Path]) -> None:
    statements = place_statements(read_corpus([write_corpus(("a", [("He left.", "N")] * 3))]))
    kinds = {"pronoun": np.array([True, False, False]), "said": np.array([True, True, False])}
    members = find_slices(statements, kinds)
    assert members["context", "needs context"].tolist() == [True, True, False]
    assert members["context", "stands alone"].tolist() == [False, False, True]
    assert names(members, "kind of context") == ["pronoun", "said"]


def test_a_label_with_few_statements_does_not_enter_the_macro_mean(
    write_corpus: Callable[..., Path], make_decisions: Callable[..., Decisions]
) -> None:
    # Five official statements, four of them found; four actions, none of them found.
    path = write_corpus(("a", [("They said so.", "O")] * 5 + [("Rain fell.", "C")] * 4))
    decisions = make_decisions([path], [[0, 0.9, 0]] * 4 + [[0, 0.2, 0]] * 5)
    (found,) = measure_slices(decisions, {("all", "all"): np.ones(9, dtype=bool)})
    assert (found.n_statements, found.n_articles) == (9, 1)
    assert found.n_positive == {"anonymous_sourced": 0, "officially_attributed": 5, "action_corroborated": 4}
    assert found.f1["action_corroborated"] is found.f1["anonymous_sourced"] is None
    assert found.f1["officially_attributed"] is not None
    assert found.f1["officially_attributed"].value == pytest.approx(8 / 9)
    assert found.macro_f1 is not None
    assert found.macro_f1.value == pytest.approx(8 / 9)


def test_one_article_gives_no_interval_and_nothing_to_measure_no_mean(
    write_corpus: Callable[..., Path], make_decisions: Callable[..., Decisions]
) -> None:
    path = write_corpus(("a", [("They said so.", "O")] * 6), ("b", [("He left.", "N")]))
    decisions = make_decisions([path])
    in_a = decisions.article_index == 0
    with_label, without = measure_slices(decisions, {("article", "a"): in_a, ("article", "b"): ~in_a})
    assert with_label.macro_f1 is not None
    assert math.isnan(with_label.macro_f1.low)
    assert str(with_label.macro_f1) == "1.000"
    assert without.macro_f1 is None
