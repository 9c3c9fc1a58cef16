"""Exact matches of spans, counted as published scores are, and sources that stand in another statement."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from claimbasis.cli import main
from claimbasis.corpus.annotated import read_corpus
from claimbasis.corpus.cofenet import read_cofenet
from claimbasis.corpus.marked import read_polnear_rows, roles_of, spans_of
from claimbasis.errors import CorpusError
from claimbasis.evaluation.span_scores import annotated_sources, keep_marked, measure_spans
from claimbasis.types import Span


def test_only_exact_matches_count() -> None:
    annotated = {("source", 0, 0, 2), ("source", 0, 5, 7), ("cue", 0, 2, 3)}
    predicted = {("source", 0, 0, 2), ("source", 0, 5, 8), ("source", 1, 0, 1), ("cue", 0, 2, 3), ("relay", 0, 0, 9)}
    metrics = measure_spans([(annotated, predicted), (set(), set())], ("source", "cue"))
    source, cue = metrics.labels["source"], metrics.labels["cue"]
    assert (source.precision.value, source.recall.value) == (pytest.approx(1 / 3), 0.5)
    assert source.f1.value == pytest.approx(2 * 1 / (3 + 2))
    assert cue.f1.value == 1


def write_rows(path: Path, *rows: dict[str, object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_cofenet_sentences_become_articles_with_token_spans(tmp_path: Path) -> None:
    path = write_rows(
        tmp_path / "test.txt",
        {
            "id": "a_1",
            "tokens": ["He", "said", "``", "no", "''"],
            "labels": ["B-source", "B-cue", "O", "B-content", "O"],
        },
        {
            "id": "a_1",
            "tokens": ["Two", "aides", "left", ".", "Both", "said", "why", "."],
            "labels": ["B-source", "I-source", "O", "O", "B-source", "B-cue", "O", "O"],
        },
        {"id": "a_2", "tokens": ["X", "Y"], "labels": ["B-source", "B-source"]},
    )
    first, second = read_cofenet(path)
    assert first.text == 'He said " no " Two aides left . Both said why .'
    # A sentence of theirs may be a paragraph: it is cut as any text is.
    assert [s.text for s in first.statements()] == ['He said " no "', "Two aides left .", "Both said why ."]
    assert [s.index for s in first.statements()] == [0, 1, 2]
    ours = [first.statements()[k].start for k in (1, 2)]
    marked = [Span("source", ours[0], ours[0] + 9, "Two aides"), Span("source", ours[1], ours[1] + 4, "Both")]
    assert first.locate(marked) == {("source", 1, 0, 2), ("source", 1, 4, 5)}
    assert {("source", 1, 0, 2), ("source", 1, 4, 5), ("cue", 1, 5, 6)} < first.spans()
    assert {("source", 0, 0, 1), ("cue", 0, 1, 2), ("content", 0, 3, 4)} < first.spans()
    assert second.spans() == {("source", 0, 0, 1), ("source", 0, 1, 2)}


def test_a_file_that_is_none_of_cofenets_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"other\.jsonl: no sentence of CofeNet's"):
        read_cofenet(write_rows(tmp_path / "other.jsonl", {"id": "a", "text": "b"}))


def test_polnear_gives_one_split_each_article_once(tmp_path: Path) -> None:
    text = "He said no."
    span = {"start": 0, "end": 2}
    row = {"text": text, "attributions": [{"source": [span], "cue": [], "content": [{"start": 8, "end": 10}]}]}
    ids = ("polnear/train/a", "polnear/train/a", "polnear/test/b")
    path = write_rows(tmp_path / "polnear.jsonl", *({"id": name, "annotator": "x"} | row for name in ids))
    (article,) = read_polnear_rows([path], split="train")
    assert [(s.role, s.text) for s in article.spans] == [("source", "He")]
    assert article.roles == ("source", "cue")


def test_articles_whose_spans_nobody_marked_do_not_count(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    statement = {"start": 0, "end": 19, "codes": "A"}
    text = "Three aides said so"
    marked = {"id": "a", "text": text, "statements": [{**statement, "spans": []}]}
    path = write_rows(tmp_path / "dev.jsonl", marked, {"id": "b", "text": f"{text}.", "statements": [statement]})
    assert [item.article.id for item in keep_marked(read_corpus([path]))] == ["a"]
    assert main(["evaluate-spans", str(path)]) == 0
    assert "left out 1 of 2 articles: nobody marked spans in them" in caplog.text
    with pytest.raises(CorpusError, match="nobody marked spans in any of 1 articles"):
        keep_marked(read_corpus([path])[1:])


def test_our_corpus_names_the_source_of_a_statement_that_only_points_at_it() -> None:
    article = next(a for a in read_corpus(["data/corpus/dev.jsonl"]) if a.article.id == "own/b1-15")
    assert roles_of(article) == ("source", "cue", "relay")
    assert {s.text for s in spans_of(article)} >= {"prosecutors", "accuse"}
    found = annotated_sources(article, [s.statement for s in article.statements])
    assert found[0] == (False, spans_of(article)[0])
    is_elsewhere, source = found[2]
    assert (is_elsewhere, source.text) == (True, "Assistant U.S. Attorney Renee Dubrowski")
    assert 3 not in found
