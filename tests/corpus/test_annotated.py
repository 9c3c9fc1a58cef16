from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from rapidfuzz import fuzz, process

from claimbasis import CorpusError
from claimbasis.codebook import parse_codebook, shipped_codebook
from claimbasis.corpus.annotated import data_hash, read_corpus, require_separate
from claimbasis.corpus.hub import to_dataset
from claimbasis.corpus.splits import split_by_article

ROOT = Path(__file__).parents[2]
OWN = [ROOT / "data" / "corpus" / f"{side}.jsonl" for side in ("train", "dev")]


def test_a_file_becomes_articles_with_codes(write_corpus: Callable[..., Path]) -> None:
    (article,) = read_corpus([write_corpus(("a", [("He left.", "C"), ("Aides said so.", "AO")]), domain="war")])
    assert [(s.statement.text, s.codes) for s in article.statements] == [("He left.", "C"), ("Aides said so.", "AO")]
    assert article.extra == {"domain": "war"}
    assert shipped_codebook().targets("AO") == (1.0, 1.0, 0.0)
    assert shipped_codebook().targets("P") == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (
            {"id": "a", "text": "He left.", "statements": [{"start": 0, "end": 99, "codes": "C"}]},
            "do not fit a text of 8",
        ),
        ({"id": "a", "text": "He left.", "statements": [{"start": 0, "end": 8, "codes": "X"}]}, "codebook"),
        ({"id": "a", "text": "He left.", "statements": [{"start": 0, "end": 8, "codes": "CC"}]}, "at most once"),
        ({"id": "a", "text": "He left.", "statements": [{"start": 0, "end": 8, "codes": ""}]}, "at least one"),
        ({"id": "a", "text": "He left.", "statements": []}, "at least one statement"),
        (
            {
                "id": "a",
                "text": "He left.",
                "statements": [{"start": 0, "end": 5, "codes": "C"}, {"start": 3, "end": 8, "codes": "C"}],
            },
            "without overlap",
        ),
        ({"id": "a", "text": "He left."}, "statements"),
        (["no", "object"], "no annotated article"),
    ],
)
def test_broken_annotation_is_refused_with_its_place(tmp_path: Path, row: object, reason: str) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_text("\n" + json.dumps(row), encoding="utf-8")
    with pytest.raises(CorpusError, match=reason) as caught:
        read_corpus([path])
    assert str(caught.value).startswith(f"{path}:2: ")


def test_missing_and_empty_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    for name, reason in (("missing.jsonl", "cannot be read"), ("empty.jsonl", "no annotated article")):
        with pytest.raises(CorpusError, match=reason):
            read_corpus([tmp_path / name])


def test_no_article_may_occur_twice_or_on_two_sides(write_corpus: Callable[..., Path]) -> None:
    one = write_corpus(("a", [("He left.", "C")]), name="one.jsonl")
    same_text = write_corpus(("b", [("He left.", "C")]), name="two.jsonl")
    with pytest.raises(CorpusError, match="occurs twice"):
        read_corpus([one, same_text])
    with pytest.raises(CorpusError, match="train and dev overlap"):
        require_separate(read_corpus([one]), read_corpus([same_text]))


def test_an_article_never_lands_on_both_sides_of_a_split(write_corpus: Callable[..., Path]) -> None:
    articles = read_corpus([write_corpus(*((name, [(f"It is {name}.", "N")]) for name in "abcde"))])
    train, dev = split_by_article(articles, dev_share=0.4, rng=np.random.default_rng(7))
    assert sorted(a.article.id for a in [*train, *dev]) == ["a", "b", "c", "d", "e"]
    assert len(dev) == 2
    with pytest.raises(CorpusError):
        split_by_article(articles[:1], dev_share=0.4, rng=np.random.default_rng(7))


def test_the_data_hash_knows_codes_but_not_order(write_corpus: Callable[..., Path]) -> None:
    first, second = ("a", [("He left.", "C")]), ("b", [("She stayed.", "N")])
    hashes = [
        data_hash(read_corpus([write_corpus(*x)]))
        for x in ((first, second), (second, first), (first, ("b", [("She stayed.", "C")])))
    ]
    assert hashes[0] == hashes[1] != hashes[2]


def test_context_is_what_stands_in_front_of_an_annotated_passage(tmp_path: Path) -> None:
    text = "The minister spoke. She was tired. She left."
    path = tmp_path / "corpus.jsonl"
    path.write_text(
        json.dumps({"id": "a", "text": text, "statements": [{"start": 35, "end": 44, "codes": "C"}]}), encoding="utf-8"
    )
    assert [s.text for s in read_corpus([path])[0].context()] == ["The minister spoke.", "She was tired."]


def test_as_a_hugging_face_data_set(write_corpus: Callable[..., Path]) -> None:
    dataset = to_dataset(read_corpus([write_corpus(("a", [("He left.", "C"), ("Aides said so.", "A")]))]))
    assert dataset["action_corroborated"] == [1, 0]
    assert dataset[1]["text"] == "Aides said so."


def test_a_broken_codebook_is_refused() -> None:
    with pytest.raises(CorpusError, match=r"codebook\.toml"):
        parse_codebook("version = '1'")


def test_our_own_corpus_is_whole_and_large_enough_to_train() -> None:
    train, dev = (read_corpus([path]) for path in OWN)
    require_separate(train, dev)
    assert len(train) + len(dev) >= 200
    codes = "".join(s.codes for item in [*train, *dev] for s in item.statements)
    assert len(codes) >= 5000
    assert all(codes.count(code) >= 200 for code in "AOCPMN")


def test_our_own_corpus_holds_no_near_duplicates() -> None:
    texts = [s.statement.text for item in read_corpus(OWN) for s in item.statements if len(s.statement.text) > 40]
    scores = process.cdist(texts, texts, scorer=fuzz.ratio, score_cutoff=85)
    assert [(texts[i], texts[j]) for i, j in np.argwhere(scores > 0) if i < j] == []


def test_spans_and_links_of_our_own_corpus_point_where_they_should() -> None:
    for item in read_corpus(OWN):
        for s in item.statements:
            spans = s.extra.get("spans", [])
            assert all(s.statement.start <= span["start"] < span["end"] <= s.statement.end for span in spans), (
                item.article.id
            )
            assert {span["role"] for span in spans} <= {"source", "cue", "relay"}
            assert s.extra.get("source_in", 0) in range(len(item.statements))
        for link in item.extra.get("links", []):
            assert link["type"] in ("contradicts", "supports", "neither")
            assert link["first"] != link["second"]
            assert {link["first"], link["second"]} <= set(range(len(item.statements)))


def test_our_own_corpus_was_read_twice() -> None:
    statements = [s for item in read_corpus(OWN) for s in item.statements]
    assert all(len(s.readings) == 2 and s.codes == s.readings[0] for s in statements)
    assert sum(set(s.readings[0]) == set(s.readings[1]) for s in statements) / len(statements) > 0.9
