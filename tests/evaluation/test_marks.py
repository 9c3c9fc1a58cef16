from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from claimbasis import CorpusError
from claimbasis.corpus.annotated import read_corpus
from claimbasis.evaluation.decisions import Decisions, PlacedStatement, place_statements
from claimbasis.evaluation.marks import find_seen, normalise_phrase, read_context_kinds, read_source_phrases
from claimbasis.evaluation.source_phrases import find_phrase_slices, measure_phrase_recall

STATEMENTS = [
    ("Two aides said so.", "A"),
    ("He added more.", "A"),
    ("A dozen insiders agreed.", "A"),
    ("Rain fell.", "C"),
]


@pytest.fixture
def corpus(write_corpus: Callable[..., Path]) -> Path:
    return write_corpus(("a", STATEMENTS))


@pytest.fixture
def statements(corpus: Path) -> tuple[PlacedStatement, ...]:
    return place_statements(read_corpus([corpus]))


def write_marks(path: Path, *marks: dict[str, Any], article: str = "a") -> Path:
    rows = [{"id": article, "statements": marks}, {"id": "of another corpus", "statements": "unread"}]
    data = "\n".join(map(json.dumps, rows)).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def test_context_is_found_by_offsets(
    statements: tuple[PlacedStatement, ...], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_marks(
        tmp_path / "context.jsonl.gz",
        {"start": 19, "end": 33, "kind": "pronoun"},
        {"start": 34, "end": 58, "kind": "number"},
        {"start": 59, "end": 69, "kind": "number"},
        {"start": 1, "end": 2, "kind": "lost"},
    )
    kinds = read_context_kinds(path, statements)
    assert {kind: rows.tolist() for kind, rows in kinds.items()} == {
        "number": [False, False, True, True],
        "pronoun": [False, True, False, False],
    }
    assert "1 of its entries" in caplog.text


@pytest.mark.parametrize(
    "mark",
    [
        {"start": 19, "end": 33},
        {"start": 19, "end": 33, "kind": 7},
        {"start": "19", "end": 33, "kind": "pronoun"},
        {"end": 33, "kind": "pronoun"},
        {"start": 20, "end": 33, "kind": "pronoun"},
    ],
)
def test_marks_that_cannot_be_used_name_the_file(
    statements: tuple[PlacedStatement, ...], tmp_path: Path, mark: dict[str, Any]
) -> None:
    with pytest.raises(CorpusError, match=r"context\.jsonl"):
        read_context_kinds(write_marks(tmp_path / "context.jsonl", mark), statements)


@pytest.mark.parametrize(("start", "end"), [(0, 70), (5, 5), (-1, 4), (None, 4)])
def test_phrases_outside_the_text_are_refused(
    statements: tuple[PlacedStatement, ...], tmp_path: Path, start: int | None, end: int
) -> None:
    mark = {"start": 0, "end": 18, "phrase": {"start": start, "end": end}}
    with pytest.raises(CorpusError, match="69 characters"):
        read_source_phrases(write_marks(tmp_path / "sources.jsonl", mark), statements)


def test_phrases_are_compared_without_case_spaces_and_digits() -> None:
    assert normalise_phrase("Some  12\nU.S. Aides") == "some 00 u.s. aides"
    phrases = ["some 00 u.s. aides", "ally", "aides said. they"]
    assert find_seen(phrases, ["It was SOME 34 U.S. aides, really.", "Two aides said.", "They left."]) == {phrases[0]}


def test_recall_on_seen_and_unseen_phrases(
    corpus: Path, statements: tuple[PlacedStatement, ...], tmp_path: Path, make_decisions: Callable[..., Decisions]
) -> None:
    path = write_marks(
        tmp_path / "sources.jsonl",
        {"start": 0, "end": 18, "phrase": {"start": 0, "end": 9}},
        {"start": 34, "end": 58, "phrase": {"start": 34, "end": 50}},
        {"start": 59, "end": 69, "phrase": {"start": 59, "end": 63}},  # not of an unnamed source: does not count
    )
    phrases = read_source_phrases(path, statements)
    assert phrases == {0: ["two aides"], 2: ["a dozen insiders"], 3: ["rain"]}
    decisions = make_decisions([corpus], [[0.9, 0, 0], [0.9, 0, 0], [0.1, 0, 0], [0.9, 0, 0]])
    members = find_phrase_slices(decisions, phrases, ["Two aides knew.", "A dozen people knew. Rain fell."])
    recalls = measure_phrase_recall(decisions, members)
    assert [(r.phrase, r.n_statements, r.n_articles, r.recall.value) for r in recalls] == [
        ("seen in training", 1, 1, 1),
        ("unseen in training", 1, 1, 0),
        ("not given", 1, 1, 1),
    ]
