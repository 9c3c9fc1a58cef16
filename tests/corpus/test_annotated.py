from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import datasets
import numpy as np
import pytest
from rapidfuzz import fuzz, process

from claimbasis import CorpusError
from claimbasis.codebook import parse_codebook, shipped_codebook
from claimbasis.corpus.annotated import PART_OF, data_hash, read_corpus, require_separate
from claimbasis.corpus.hub import to_dataset
from claimbasis.corpus.splits import split_by_article
from claimbasis.evaluation.protocol import annotated_targets

ROOT = Path(__file__).parents[2]
CODEBOOK = ROOT / "data" / "codebook" / "codebook.md"
RULES = ROOT / "data" / "corpus" / "rules.toml"
OWN = [ROOT / "data" / "corpus" / f"{side}.jsonl" for side in ("train", "dev")]


LEFT = {"start": 0, "end": 8, "codes": "C"}
ONE = {"id": "a", "text": "He left.", "statements": [LEFT]}


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
        ({"id": "a", "text": "He left.", "statements": [{"start": 0, "end": 8, "codes": ""}]}, "N for none"),
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
        (ONE | {"outlet": ["Reuters"]}, "outlet is .* write text"),
        (ONE | {"statements": [{"start": 0, "end": 8, "codes": ["C"]}]}, "as one text"),
        (ONE | {"statements": [{**LEFT, "spans": [{"role": "speaker", "start": 0, "end": 2}]}]}, "none of source, cue"),
        (
            ONE | {"statements": [{**LEFT, "spans": [{"role": "source", "start": 0, "end": 9}]}]},
            "do not fit a text of 8",
        ),
        (ONE | {"statements": [{**LEFT, "spans": [{"start": 0, "end": 2}]}]}, "role"),
        (ONE | {"statements": [{**LEFT, "source_in": 1}]}, "source in 1"),
        (["no", "object"], "no annotated article"),
    ],
)
def test_broken_annotation_is_refused_with_its_place(tmp_path: Path, row: object, reason: str) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_text("\n" + json.dumps(row), encoding="utf-8")
    with pytest.raises(CorpusError, match=reason) as caught:
        read_corpus([path])
    assert str(caught.value).startswith(f"{path}:2: ")


def test_numbers_are_taken_for_texts(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_text(json.dumps(ONE | {"id": 0, "date": 2024, "title": None}), encoding="utf-8")
    (item,) = read_corpus([path])
    assert (item.article.id, item.article.date, item.article.title) == ("0", "2024", "")


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


def test_pieces_of_an_article_stay_together_and_count_as_one(tmp_path: Path) -> None:
    rows = [
        {"id": f"{whole}#{n}", PART_OF: whole, "text": f"{whole} left in {n}.", "statements": [LEFT]}
        for n in range(4) for whole in "abc"
    ]  # fmt: skip
    path = tmp_path / "pieces.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    articles = read_corpus([path])
    train, dev = split_by_article(articles, dev_share=0.4, rng=np.random.default_rng(7))
    assert (len(train), len(dev)) == (8, 4)
    assert not {item.whole_id for item in train} & {item.whole_id for item in dev}
    assert annotated_targets(articles, shipped_codebook())[1].tolist() == [0, 1, 2] * 4
    with pytest.raises(CorpusError, match="pieces of article 'a' stand in both"):
        require_separate(articles[:4], articles[6:7])


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


def test_our_own_corpus_was_read_twice_and_disagreements_are_settled_by_a_rule() -> None:
    statements = [s for item in read_corpus(OWN) for s in item.statements]
    assert all(len(s.readings) == 2 for s in statements)
    assert sum(set(s.readings[0]) == set(s.readings[1]) for s in statements) / len(statements) > 0.9
    n_rules = len(re.findall(r"^\d+\. \*\*", CODEBOOK.read_text(encoding="utf-8"), re.MULTILINE))
    for s in statements:
        rule = s.extra.get("settled_by")
        if rule is None:
            assert set(s.codes) == set(s.readings[0]) == set(s.readings[1])
        else:
            assert rule == "codebook" or 1 <= int(rule) <= n_rules


def test_our_own_corpus_spreads_over_domains_and_countries() -> None:
    articles = read_corpus(OWN)
    domains = Counter(item.extra["domain"] for item in articles)
    assert len(domains) >= 15
    assert len({item.extra["country"] for item in articles}) >= 12
    assert sum(domains[d] for d in ("war", "conflict", "diplomacy", "peacekeeping")) >= len(articles) / 4


def test_every_credited_statement_of_our_own_corpus_names_its_source() -> None:
    phrases, without = set(), []
    for item in read_corpus(OWN):
        for s in item.statements:
            sources = [span for span in s.extra.get("spans", []) if span["role"] == "source"]
            if "A" in s.codes:
                phrases |= {item.article.text[span["start"] : span["end"]].lower() for span in sources}
            if set(s.codes) & set("AOP") and not sources and "source_in" not in s.extra:
                without.append(s.statement.text)
    assert len(phrases) >= 120
    # "Reportedly", "said to", "officially": a cue, and nobody in sight.
    assert len(without) <= 8
    assert all(re.search(r"reportedly|said to|officially", text, re.IGNORECASE) for text in without)


def test_our_own_corpus_links_claims_that_agree_and_that_do_not() -> None:
    links = [item.extra["links"] for item in read_corpus(OWN) if item.extra.get("links")]
    kinds = Counter(link["type"] for found in links for link in found)
    n_pairs = kinds["contradicts"] + kinds["supports"]
    assert len(links) >= 60
    assert n_pairs >= 400
    assert kinds["contradicts"] >= n_pairs / 3
    assert kinds["neither"] >= n_pairs


def test_our_own_corpus_shows_every_hard_rule_and_its_near_misses() -> None:
    statements = {
        f"{item.article.id}#{s.statement.index}": s.codes for item in read_corpus(OWN) for s in item.statements
    }
    rules = {rule["key"]: rule for rule in tomllib.loads(RULES.read_text(encoding="utf-8"))["rule"]}
    assert len(rules) >= 20
    for rule in rules.values():
        for side in ("holds", "near_misses"):
            assert len(set(rule[side])) >= 5, rule["key"]
            assert set(rule[side]) <= statements.keys(), rule["key"]
    assert all(statements[place] == "N" for place in rules["planned"]["holds"])
    assert all("C" in statements[place] for place in rules["planned"]["near_misses"])
    assert all("A" in statements[place] for place in rules["relay"]["holds"])


def sentence_frame(text: str) -> str:
    """A sentence without what a template would fill in: quotations, numbers, names."""
    masked = re.sub(r'["“][^"”]*["”]?', "Q", text)
    masked = re.sub(r"\d[\d.,:]*", "0", masked)
    words = [word.lower() if i == 0 or word.islower() else "X" for i, word in enumerate(re.findall(r"\w+", masked))]
    return re.sub(r"(X )+X", "X", " ".join(words))


def test_our_own_corpus_was_not_made_from_templates() -> None:
    assert sentence_frame('Mayor Ann Low said 12 people "fell ill".') == "mayor X said X people X"
    frames = Counter(sentence_frame(s.statement.text) for item in read_corpus(OWN) for s in item.statements)
    # A tag behind a quotation ("…, he said") is grammar, not a template: four words of its own make a frame.
    repeated = {f: n for f, n in frames.items() if n > 3 and sum(w not in ("X", "q") for w in f.split()) >= 4}
    assert repeated == {}


def test_our_own_corpus_loads_as_a_hugging_face_data_set_without_our_code(tmp_path: Path) -> None:
    loaded = datasets.load_dataset(
        "json", data_files={"train": str(OWN[0]), "validation": str(OWN[1])}, cache_dir=str(tmp_path)
    )
    assert loaded["train"].num_rows + loaded["validation"].num_rows == len(read_corpus(OWN))
    first = loaded["train"][0]
    assert first["text"][first["statements"][0]["start"] :].startswith("The Kremlin said")
