from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from claimbasis import CorpusError
from claimbasis.cli import main
from claimbasis.codebook import shipped_codebook
from claimbasis.corpus.checks import Finding, Kind, find_leakage, find_odd_statements, read_places
from claimbasis.evaluation.label_errors import cross_validate, find_label_errors
from claimbasis.evaluation.near_duplicates import find_near_articles, find_near_statements

ROOT = Path(__file__).parents[2]
LONG = "The harbour board said on Monday that the northern pier would stay shut until the spring."
WriteCorpus = Callable[..., Path]


def check(paths: list[Path], find: Callable[..., object]) -> list[Finding]:
    return list(find(read_places(paths, shipped_codebook())))  # type: ignore[call-overload, no-any-return]


def test_leakage_is_an_article_or_a_long_statement_in_two_files(write_corpus: WriteCorpus) -> None:
    train = write_corpus(
        ("a", [("He left.", "C")]), ("b", [("She stayed.", "N")]), ("c", [(LONG, "O"), ("It rained.", "C")]),
        name="train.jsonl",
    )  # fmt: skip
    dev = write_corpus(
        ("a", [("Another text.", "N")]), ("x", [("She  STAYED.", "N")]), ("y", [("It rained.", "C"), (LONG.upper(), "O")]),
        name="dev.jsonl",
    )  # fmt: skip
    found = check([train, dev], find_leakage)
    assert [(f.kind, f.place.item.article.id, f.other and f.other.item.article.id) for f in found] == [
        (Kind.SAME_ARTICLE, "a", "a"),
        (Kind.SAME_TEXT, "x", "b"),
        (Kind.SAME_STATEMENT, "y", "c"),
    ]
    assert found[2].place.text == LONG.upper()


def test_what_is_no_statement_is_named(write_corpus: WriteCorpus, tmp_path: Path) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_text(
        '{"id": "a", "text": "09.40   Aides left. He came", "statements": [{"start": 0, "end": 5, "codes": "N"}, '
        '{"start": 6, "end": 7, "codes": "N"}, {"start": 7, "end": 19, "codes": "C"}, {"start": 21, "end": 24, "codes": "C"}]}'
    )
    assert [f.detail for f in check([path], find_odd_statements)] == [
        "no letters", "nothing but blanks", "blanks at the edge", "begins inside a word",
    ]  # fmt: skip


def test_nearly_the_same_is_found_across_articles_only(write_corpus: WriteCorpus) -> None:
    near = LONG.replace("Monday", "Tuesday").replace('"', "”")
    other = "Farmers in the valley have begun to sell their cattle because the wells ran dry in June."
    one = write_corpus(("a", [(LONG, "O"), (near, "O")]), ("b", [(other, "C")]), name="one.jsonl")
    two = write_corpus(
        ("c", [(near, "N")]),
        ("d", [("Fish were caught off the coast of the island again today.", "C")]),
        name="two.jsonl",
    )
    (found,) = check([one, two], find_near_statements)
    assert (found.place.item.article.id, found.other and found.other.text) == ("c", near)
    assert found.detail == f"the other in {one}; codes N here, O there"


def test_a_reprint_with_another_end_is_nearly_the_same_article(write_corpus: WriteCorpus) -> None:
    body = [(f"w{5 * n} w{5 * n + 1} w{5 * n + 2} w{5 * n + 3} w{5 * n + 4}", "C") for n in range(10)]
    path = write_corpus(("a", body), ("b", [*body[:8], ("Another end.", "N")]), ("c", [("Nothing of it.", "N")]))
    (found,) = check([path], find_near_articles)
    assert (found.place.item.article.id, found.kind) == ("b", Kind.NEAR_ARTICLE)
    # 50 words have 47 runs of four, 42 have 39; 40 words in a row are the same, so 37 runs are.
    assert found.score == pytest.approx(37 / (47 + 39 - 37))


def doubtful_corpus(write_corpus: WriteCorpus) -> Path:
    """Forty articles that say plainly what they rest on, and one label that is wrong."""
    articles = []
    for n in range(40):
        statements = [
            (f"Two officials who asked not to be named spoke of plan {n}.", "A"),
            (f"The ministry said in a statement that plan {n} was ready.", "O"),
            (f"Tanks crossed the river near village {n} at dawn.", "C"),
            (f"It is unclear whether plan {n} can work at all.", "N"),
        ]
        articles.append((f"a{n}", statements))
    articles[7][1][0] = (articles[7][1][0][0], "C")
    return write_corpus(*articles)


def test_a_wrong_label_is_found_and_the_right_one_suggested(write_corpus: WriteCorpus) -> None:
    codebook = shipped_codebook()
    places = read_places([doubtful_corpus(write_corpus)], codebook)
    scores = cross_validate([place.item for place in places], codebook)
    assert scores.shape == (160, 3)
    (found,) = find_label_errors(places, codebook, scores, judge="a test")
    assert (found.place.item.article.id, found.given, found.suggested) == (
        "a7", ("action_corroborated",), ("anonymous_sourced",),
    )  # fmt: skip
    assert found.score is not None
    assert found.score < 0.5


def test_no_statement_is_judged_by_what_it_taught(write_corpus: WriteCorpus) -> None:
    # Chance words: whoever learned from a statement would know its label, nobody else can.
    rng = np.random.default_rng(3)
    words = ["".join(rng.choice(list("abcdefghij"), 6)) for _ in range(30)]
    articles = [
        (f"a{n}", [(" ".join(rng.choice(words, 4)) + ".", "C" if rng.random() < 0.5 else "N") for _ in range(8)])
        for n in range(20)
    ]  # fmt: skip
    places = read_places([write_corpus(*articles)], shipped_codebook())
    scores = cross_validate([place.item for place in places], shipped_codebook())[:, 2]
    is_c = np.array([s.codes == "C" for place in places for s in place.item.statements])
    assert abs(scores[is_c].mean() - scores[~is_c].mean()) < 0.2


def test_the_command_tells_writes_and_ends_with_1_on_leakage(
    write_corpus: WriteCorpus, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    corpus = doubtful_corpus(write_corpus).rename(tmp_path / "train.jsonl")
    before = corpus.read_bytes()
    assert main(["corpus", "check", str(corpus), "--output", str(tmp_path / "found.csv")]) == 0
    printed = capsys.readouterr().out
    assert "40 articles, 160 statements" in printed
    assert "by cross-validation" in printed
    rows = list(csv.DictReader((tmp_path / "found.csv").read_text(encoding="utf-8-sig").splitlines()))
    wrong = next(row for row in rows if row["kind"] == "labels unlikely")
    assert (wrong["article_id"], wrong["index"], wrong["suggested"]) == ("a7", "0", "anonymous_sourced")
    dev = write_corpus(("z", [("The ministry said in a statement that plan 3 was ready.", "O")]), name="dev.jsonl")
    assert main(["corpus", "check", str(corpus), str(dev), "--output", str(tmp_path / "found.jsonl")]) == 1
    assert "same statement in two files" in capsys.readouterr().out
    assert corpus.read_bytes() == before
    assert main(["corpus", "check", str(dev)]) == 0
    assert "1 articles are too few for cross-validation" in caplog.text


def test_a_model_judges_what_it_has_not_seen(write_corpus: WriteCorpus, capsys: pytest.CaptureFixture[str]) -> None:
    text = "Two officials who asked not to be named said talks had failed."
    dev = write_corpus(*((f"a{n}", [(text.replace("Two", str(n + 2)), "A" if n else "N"), (f"Tanks crossed river {n} at dawn.", "C")]) for n in range(6)))  # fmt: skip
    assert main(["corpus", "check", "--unseen", str(dev)]) == 0
    printed = capsys.readouterr().out
    assert "by claimbasis-small" in printed
    assert "2 officials who asked" in printed


def test_no_command_writes_over_what_it_reads(write_corpus: WriteCorpus, caplog: pytest.LogCaptureFixture) -> None:
    path = write_corpus(("a", [("He left.", "C"), ("They stayed.", "C")]))
    before = path.read_bytes()
    for command in ("check", "detach", "agreement --within"):
        assert main(["corpus", *command.split(), str(path), "--output", str(path)]) == 2
        assert "cannot be written too" in caplog.text
        caplog.clear()
    assert path.read_bytes() == before


def test_mistakes_in_the_command_are_named(write_corpus: WriteCorpus, caplog: pytest.LogCaptureFixture) -> None:
    path = write_corpus(("a", [("He left.", "C")]))
    with pytest.raises(CorpusError, match="named twice"):
        read_places([path, path], shipped_codebook())
    assert main(["corpus", "check"]) == 2
    assert "nothing to check" in caplog.text
    with pytest.raises(SystemExit):
        main(["corpus", "check", str(path), "--output", "found.xlsx"])


@pytest.mark.parametrize("code", ["C", "N"])
def test_one_label_alone_is_not_judged_and_leakage_is_still_told(
    code: str, write_corpus: WriteCorpus, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    statements = [(f"Tanks crossed river {n} at dawn and went on to the town.", code) for n in range(12)]
    train = write_corpus(*((f"a{n}", [statement]) for n, statement in enumerate(statements)))
    dev = write_corpus(("z", statements[:1]), name="dev.jsonl")
    assert main(["corpus", "check", str(train), str(dev)]) == 1
    assert "labels not judged" in caplog.text
    assert "same statement in two files" in capsys.readouterr().out


def test_a_label_that_nobody_gave_is_no_obstacle(write_corpus: WriteCorpus, caplog: pytest.LogCaptureFixture) -> None:
    articles = [
        (f"a{n}", [(f"Tanks crossed river {n} at dawn.", "C"), (f"Hope is not lost in town {n}.", "N")])
        for n in range(12)
    ]
    path = write_corpus(*articles)
    assert main(["corpus", "check", str(path)]) == 0
    assert "labels not judged" not in caplog.text
    places = read_places([path], shipped_codebook())
    scores = cross_validate([place.item for place in places], shipped_codebook())
    assert find_label_errors(places, shipped_codebook(), scores, judge="a test") == []
