from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from archive_rows import make_rows, make_text, read_output, write_jsonl

from claimbasis.archive import labelling
from claimbasis.codebook import shipped_codebook
from claimbasis.types import Article, ArticlePrediction, Prediction, Span, Statement

Run = Callable[..., int]


def make_report(seed: int, n_sentences: int = 30) -> str:
    """A long made-up report, of which each sentence is its own."""
    chance = random.Random(seed)  # noqa: S311  # nothing secret
    words = [f"word{n}" for n in range(2_000)]
    return " ".join("The " + " ".join(chance.choices(words, k=15)) + "." for _ in range(n_sentences))


def test_the_same_text_is_computed_once_and_every_copy_has_its_statements(
    archive: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[str] = []
    articles = labelling._articles

    def count(texts: tuple[tuple[int, str], ...]) -> object:
        computed.extend(text for _, text in texts)
        return articles(texts)

    monkeypatch.setattr(labelling, "_articles", count)
    text = make_text(1)
    write_jsonl(Path("a.jsonl"), [{"id": f"a{n}", "url": f"u{n}", "text": text} for n in range(25)])
    write_jsonl(Path("b.jsonl"), [{"id": "b", "text": text}, {"id": "c", "text": make_text(2)}])
    assert archive("a.jsonl", "b.jsonl") == 0
    assert sorted(computed) == sorted([text, make_text(2)])
    output = read_output(Path("out"))
    assert [row["duplicate_of"] for row in output["articles"]] == [None, *["a0"] * 25, None]
    assert len({row["cluster_id"] for row in output["articles"]}) == 2
    assert [row["url"] for row in output["articles"]][:3] == ["u0", "u1", "u2"]
    by_article = {
        row["article_id"]: [s["text"] for s in output["statements"] if s["article_id"] == row["article_id"]]
        for row in output["articles"]
    }
    assert by_article["a24"] == by_article["b"] == by_article["a0"] != []


def test_reprints_share_a_cluster_and_other_reports_do_not(archive: Run) -> None:
    report, other = make_report(1), make_report(2)
    sentences = report.split(". ")
    reprints = [
        f"KYIV (Reuters) - {report}",
        ". ".join(sentences[:27]) + ".",
        report.replace("The ", "the ").upper(),
        f"{report} This story was corrected on Monday to add a name in its last line.",
    ]
    rows = [{"text": text} for text in (report, other, *reprints, " ".join([report, make_report(3)]))]
    write_jsonl(Path("news.jsonl"), rows)
    assert archive("news.jsonl") == 0
    articles = read_output(Path("out"))["articles"]
    clusters = [row["cluster_id"] for row in articles]
    assert clusters[2:6] == [clusters[0]] * 4
    assert len({clusters[0], clusters[1], clusters[6]}) == 3
    assert all(row["duplicate_of"] is None for row in articles)


def test_short_texts_are_no_reprints_of_one_another(archive: Run) -> None:
    write_jsonl(Path("news.jsonl"), [{"text": "He left."}, {"text": "She stayed."}, {"text": "He left!"}])
    assert archive("news.jsonl") == 0
    assert len({row["cluster_id"] for row in read_output(Path("out"))["articles"]}) == 3


def test_a_copy_of_what_was_rejected_is_rejected_too(archive: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("claimbasis.archive.labelling.MAX_STATEMENTS", 20)
    rows = make_rows(12)
    rows[1]["text"] = rows[11]["text"] = make_report(1)
    write_jsonl(Path("news.jsonl"), rows)
    assert archive("news.jsonl") == 1
    assert [reject["row"] for reject in read_output(Path("out"))["rejects"]] == [2, 12]


def test_a_text_without_statements_is_an_article_all_the_same(archive: Run) -> None:
    write_jsonl(Path("news.jsonl"), [{"id": "a", "text": "…"}, {"id": "b", "text": "…"}])
    assert archive("news.jsonl") == 0
    first, second = read_output(Path("out"))["articles"]
    assert (first["n_statements"], first["share_none"], second["duplicate_of"]) == (0, None, "a")


def test_spans_come_out_where_a_model_marks_them() -> None:
    text = "Two officials said so."
    source = Span("source", 0, 13, "Two officials")
    marked = Prediction(Statement(0, 0, len(text), text), {"x": 0.9}, ("x",), (source,), source)
    (values,) = labelling.list_statements(ArticlePrediction(Article(text=text), (marked,), "m-1", shipped_codebook()))
    assert (values["source"], values["source_start"], values["source_end"]) == ("Two officials", 0, 13)
    assert values["cue"] is None
