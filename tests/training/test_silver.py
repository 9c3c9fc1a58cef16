from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from claimbasis.cli import main
from claimbasis.errors import CorpusError
from claimbasis.inference.locations import shipped_model
from claimbasis.training.encoder import load_tokenizer
from claimbasis.training.lessons import encode_silver
from claimbasis.training.silver import choose_articles, read_silver
from claimbasis.types import ROLES, Article

LABELS = ("anonymous_sourced", "officially_attributed", "action_corroborated")
ROW: dict[str, Any] = {
    "id": "a",
    "text": "She left. Aides said no.",
    "labels": [*LABELS],
    "roles": ["source", "cue"],
    "statements": [
        {"start": 0, "end": 9, "scores": [0.1, 0.2, 0.9]},
        {"start": 10, "end": 24, "scores": [0.8, 0, 0], "spans": [{"role": "source", "start": 10, "end": 15}]},
    ],
}


def write(path: Path, *rows: object) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def test_from_raw_articles_to_a_student(workplace: Path, caplog: pytest.LogCaptureFixture) -> None:
    story = (
        "Two officials said talks had failed on Monday evening. Tanks crossed the river at dawn near the old bridge."
    )
    other = "The ministry denied that any soldier had been hurt in the fire that burned down its northern depot."
    texts = write(workplace / "texts.jsonl", {"id": "x", "text": story}, {"id": "y", "text": other})
    known = write(workplace / "known.jsonl", {"id": "z", "text": other})
    command = ["corpus", "silver", texts, "--model", str(shipped_model()), "--model", str(shipped_model())]
    assert main([*command, "--apart", known, "--output", "silver.jsonl"]) == 0
    [row] = [json.loads(line) for line in (workplace / "silver.jsonl").read_text().splitlines()]
    assert (row["id"], row["text"]) == ("x", story)
    assert [story[s["start"] : s["end"]] for s in row["statements"]] == [story[:54], story[55:]]
    assert row["statements"][0]["scores"][0] > 0.5 < row["statements"][1]["scores"][2]
    assert {"role": "source", "start": 0, "end": 13} in row["statements"][0]["spans"]
    settings = ["seeds=[1]", "optimisation.epochs=1", 'silver.files=["silver.jsonl"]', "windows.reading=alone"]
    assert main(["train", "recipe.toml", *(part for s in settings for part in ("--set", s))]) == 0
    (workplace / "silver.jsonl").write_text(json.dumps(row | {"id": "dev0"}), encoding="utf-8")
    assert main(["train", "recipe.toml", *(part for s in settings for part in ("--set", s))]) == 2
    assert "dev0" in caplog.text
    assert main([*command, "--apart", "nowhere.jsonl", "--output", "none.jsonl"]) == 2
    assert not (workplace / "none.jsonl").exists()
    assert main([*command, "--apart", texts, "--output", "none.jsonl"]) == 2
    assert "--apart" in caplog.text


def test_scores_are_targets_and_spans_are_tags_where_the_models_agreed(tmp_path: Path, encoder: Path) -> None:
    tokenizer, _ = load_tokenizer(str(encoder))
    silver = read_silver([write(tmp_path / "silver.jsonl", ROW)], labels=LABELS)
    [article] = encode_silver(silver, tokenizer, max_statement_tokens=20)
    assert article.targets.tolist() == [pytest.approx([0.1, 0.2, 0.9]), pytest.approx([0.8, 0, 0])]
    assert (article.tags[0] == -1).all()
    assert article.tags[1][:, 0].tolist()[:2] == [1, 0]
    assert (article.tags[1][:, ROLES.index("relay")] == -1).all()


def test_what_is_no_silver_is_refused_with_its_place(tmp_path: Path) -> None:
    first, second = ROW["statements"]
    for faulty in (
        ROW | {"statements": [{"start": 0}]},
        ROW | {"statements": []},
        ROW | {"text": None},
        ROW | {"roles": ["villain"]},
        ROW | {"statements": [first | {"end": 99}, second]},
        ROW | {"statements": [first, second | {"spans": [{"role": "villain", "start": 10, "end": 15}]}]},
    ):
        with pytest.raises(CorpusError, match=r"silver.jsonl:2: no silver article"):
            read_silver([write(tmp_path / "silver.jsonl", ROW, faulty)], labels=LABELS)
    with pytest.raises(CorpusError, match="the codebook has action_corroborated, rumour"):
        read_silver([write(tmp_path / "silver.jsonl", ROW)], labels=("action_corroborated", "rumour"))
    short = ROW | {"statements": [first | {"scores": [0.1, 0.2]}]}
    with pytest.raises(CorpusError, match="not 3 numbers"):
        read_silver([write(tmp_path / "silver.jsonl", short)], labels=LABELS)


def test_near_copies_are_not_chosen() -> None:
    words = [f"word{n}" for n in range(60)]
    article, copy = Article(" ".join(words), id="a"), Article(" ".join(["Updated:", *words]), id="b")
    apart = Article(" ".join(f"other{n}" for n in range(60)), id="c")
    assert choose_articles([article, copy], [], n=5, seed=1) in ([article], [copy])
    assert choose_articles([article, apart], [copy], n=5, seed=1) == [apart]
    assert len(choose_articles([article, apart], [], n=1, seed=1)) == 1
