from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from claimbasis import CorpusError
from claimbasis.cli import main
from claimbasis.codebook import shipped_codebook
from claimbasis.corpus.annotated import read_corpus
from claimbasis.evaluation.agreement import Agreement, Reading, measure_agreement, read_by

ROOT = Path(__file__).parents[2]


def agree(*codes: dict[int, str]) -> Agreement:
    """Agreement of readers who wrote codes for statements with a number, two an article."""
    readings = [
        Reading(f"r{n}", {(f"a{key // 2}", key, key + 1): code for key, code in read.items()}, {f"a{key // 2}": "." * 99 for key in read})
        for n, read in enumerate(codes)
    ]  # fmt: skip
    return measure_agreement(readings, shipped_codebook(), rng=np.random.default_rng(5))


def test_kappa_is_cohens() -> None:
    first, second = "AAAAOOCCNN", "AAAOOOCCNA"
    (pair,) = agree(dict(enumerate(first)), dict(enumerate(second))).pairs
    # A: both 3, first 4, second 4 of 10: observed 0.8, expected 0.16 + 0.36.
    assert pair.kappa["anonymous"].value == pytest.approx((0.8 - 0.52) / (1 - 0.52))
    for name, letter in (("anonymous", "A"), ("official", "O"), ("none", "N")):
        expected = cohen_kappa_score([c == letter for c in first], [c == letter for c in second])
        assert pair.kappa[name].value == pytest.approx(expected)
    assert pair.kappa["anonymous"].low <= pair.kappa["anonymous"].value <= pair.kappa["anonymous"].high
    assert np.isnan(pair.kappa["media or document"].value)
    assert (pair.n_statements, pair.same_codes_share) == (10, 0.8)


def test_alpha_is_krippendorffs_also_where_readings_are_missing() -> None:
    # Four statements read by two or three. A: 1 1 | 1 0 | 0 0 0 | 1 1 0; the last was read by one alone and does not count.
    agreement = agree({0: "A", 1: "A", 2: "N", 3: "A"}, {0: "A", 1: "N", 2: "N", 3: "A"}, {2: "N", 3: "N", 4: "A"})
    # 10 values, 5 yes; pairs that differ, each weighing 1 / (m - 1): 1 and 2 · 1 / 2.
    assert agreement.alpha["anonymous"].value == pytest.approx(1 - 9 * 2 / 25)
    assert agreement.n_alone == {"r0": 0, "r1": 0, "r2": 1}
    assert [pair.names for pair in agreement.pairs] == [("r0", "r1"), ("r0", "r2"), ("r1", "r2")]
    assert [row["start"] for row in agreement.disputes] == [1, 3]
    assert agreement.disputes[0]["codes of r2"] is None


def test_who_is_named_first_does_not_matter() -> None:
    first, second = dict(enumerate("AAOO")), dict(enumerate("ACOO"))
    # A: 2 · 1 / 3, O: 1, C, which one of them wrote: 0.
    assert [agree(*readers).pairs[0].macro_f1 for readers in ((first, second), (second, first))] == [
        pytest.approx(5 / 9)
    ] * 2


def test_order_of_codes_is_no_disagreement() -> None:
    agreement = agree({0: "AO", 1: "C"}, {0: "OA", 1: "C"})
    assert agreement.disputes == ()
    assert agreement.pairs[0].same_codes_share == 1


def test_other_texts_and_nothing_in_common_are_refused(write_corpus: Callable[..., Path]) -> None:
    files = {
        name: write_corpus((article, [(text, "C")]), name=name)
        for name, article, text in (("1", "a", "He left."), ("2", "a", "He left!"), ("3", "b", "She left."))
    }
    readings = [read_by(name, read_corpus([path])) for name, path in files.items()]
    for chosen, reason in ((readings[:2], "one text in 1 and another in 2"), (readings[1:], "no statement in common")):
        with pytest.raises(CorpusError, match=reason):
            measure_agreement(chosen, shipped_codebook(), rng=np.random.default_rng(5))


def test_the_command_compares_files_and_lists_disputes(
    write_corpus: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    statements = ["He left.", "Aides said so.", "It rained."]
    files = [
        str(write_corpus(("a", list(zip(statements, codes, strict=True))), ("b", [("She came.", "C")]), name=f"{n}.jsonl"))
        for n, codes in enumerate(("CAN", "CAC", "CON"))
    ]  # fmt: skip
    assert main(["corpus", "agreement", *files, "--output", str(tmp_path / "disputes.jsonl")]) == 0
    assert "alpha, all" in capsys.readouterr().out
    rows = [json.loads(line) for line in (tmp_path / "disputes.jsonl").read_text().splitlines()]
    assert [row["text"] for row in rows] == ["Aides said so.", "It rained."]
    assert [row[f"codes of {file}"] for row in rows for file in files] == ["A", "A", "O", "N", "C", "N"]
    assert main(["corpus", "agreement", files[0]]) == 2


def test_the_readings_of_our_own_corpus_agree_as_its_card_says(
    capsys: pytest.CaptureFixture[str], write_corpus: Callable[..., Path], caplog: pytest.LogCaptureFixture
) -> None:
    card = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    corpus = [str(ROOT / "data" / "corpus" / f"{side}.jsonl") for side in ("train", "dev")]
    assert main(["corpus", "agreement", "--within", *corpus]) == 0
    printed = capsys.readouterr().out
    assert "Cohen's kappa over all statements: A 0.987, O 0.955, C 0.926, P 0.970,\nM 0.970, N 0.932" in card
    for kappa in ("0.987", "0.955", "0.926", "0.970", "0.932", "95.2 %", "0.967"):
        assert kappa in printed
    assert main(["corpus", "agreement", "--within", str(write_corpus(("a", [("He left.", "C")])))]) == 2
    assert "keep 0 readings" in caplog.text
