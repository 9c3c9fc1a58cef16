from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from claimbasis import CorpusError
from claimbasis.cli import main
from claimbasis.corpus.annotated import read_corpus, read_rows
from claimbasis.corpus.polnear import parse_attributions, read_polnear
from claimbasis.corpus.standoff import JoinReport, detach_text, join_texts

ROOT = Path(__file__).parents[2]
STANDOFF = ROOT / "data" / "standoff"
SHARED = ROOT.parent / "shared" / "data"
TEXT = "Lead. Two aides said so. The bridge fell. It rained."
ROW: dict[str, Any] = {
    "id": "a", "title": "A secret headline", "date": "2024-05-01", "text": TEXT,
    "statements": [
        {"start": 6, "end": 24, "codes": "A", "spans": [{"role": "source", "start": 6, "end": 15}]},
        {"start": 25, "end": 41, "codes": "C"},
    ],
}  # fmt: skip


def join(text: str) -> tuple[list[dict[str, Any]], JoinReport]:
    report = JoinReport()
    return list(join_texts([detach_text(ROW)], {"a": {"text": text, "title": "Mine"}}, report)), report


def test_detached_labels_hold_no_word_of_the_article() -> None:
    detached = detach_text(ROW)
    assert not any(word in json.dumps(detached) for word in ("aides", "bridge", "secret"))
    assert detached["date"] == "2024-05-01"
    assert detached["statements"][0]["spans"][0].keys() == {"role", "start", "end", "hash"}
    assert "hash" not in ROW["statements"][0]


def test_labels_and_the_same_text_give_back_the_annotated_article() -> None:
    rows, report = join(TEXT)
    assert rows == [ROW | {"title": "Mine"}]
    assert (report.n_articles, report.n_spans, report.n_moved) == (1, 3, 0)


def test_spans_are_found_where_a_copy_has_a_longer_beginning_or_lost_its_lead() -> None:
    for text in ("By our correspondent in the north. " + TEXT, TEXT.removeprefix("Lead. ")):
        rows, report = join(text)
        first, second = rows[0]["statements"]
        assert text[first["start"] : first["end"]] == "Two aides said so."
        assert text[first["spans"][0]["start"] : first["spans"][0]["end"]] == "Two aides"
        assert text[second["start"] : second["end"]] == "The bridge fell."
        assert report.n_moved == 3
        assert report.changed == {}


def test_statements_that_others_name_by_number_are_found_where_one_is_lost() -> None:
    pieces = ["Lead.", "Two aides said so.", "The bridge fell.", "They left."]
    text = " ".join(pieces)
    statements = [{"start": text.index(s), "end": text.index(s) + len(s), "codes": "A"} for s in pieces]
    statements[2]["source_in"] = 0
    statements[3]["source_in"] = 1
    links = [{"type": "supports", "first": 1, "second": 3}, {"type": "supports", "first": 0, "second": 1}]
    labels = detach_text({"id": "a", "text": text, "statements": statements, "links": links})
    (whole,) = join_texts([labels], {"a": {"text": text}}, JoinReport())
    assert whole == {"id": "a", "text": text, "statements": statements, "links": links}
    (row,) = join_texts([labels], {"a": {"text": text.removeprefix("Lead. ")}}, JoinReport())
    assert [s.get("source_in") for s in row["statements"]] == [None, None, 0]
    assert row["links"] == [{"type": "supports", "first": 0, "second": 2}]


def test_what_was_rewritten_or_is_missing_is_named() -> None:
    rows, report = join(TEXT.replace("bridge fell", "bridge held"))
    assert [s["codes"] for s in rows[0]["statements"]] == ["A"]
    assert report.changed == {"a": 1}
    assert join("Something else altogether.")[0] == []
    report = JoinReport()
    assert list(join_texts([detach_text(ROW)], {}, report)) == []
    assert report.missing == ["a"]


def test_labels_that_are_none_are_refused() -> None:
    with pytest.raises(CorpusError, match="no text"):
        detach_text({"id": "a"})
    with pytest.raises(CorpusError, match="do not fit"):
        detach_text(ROW | {"text": "Short."})
    with pytest.raises(CorpusError, match="no hash"):
        list(join_texts([ROW], {"a": {"text": TEXT}}, JoinReport()))
    with pytest.raises(CorpusError, match="without an id"):
        list(join_texts([{"statements": []}], {}, JoinReport()))


BRAT = (
    "T1\tSource 0 3\tShe\nT2\tCue 4 8;20 24\tsaid ... said\nT3\tContent 9 19\tit was so.\n"
    "T4\tAttribution 4 8\tsaid\nE1\tAttribution:T4 Content:T3 Cue:T2 Source:T1\n"
    "T5\tCue 30 40\tallegation\nT6\tAttribution-no-source 30 40\tallegation\nE2\tAttribution-no-source:T6 Cue:T5\n"
)


def test_brat_annotations_become_attributions() -> None:
    first, second = parse_attributions(BRAT)
    assert first == {
        "source": [{"start": 0, "end": 3}],
        "cue": [{"start": 4, "end": 8}, {"start": 20, "end": 24}],
        "content": [{"start": 9, "end": 19}],
    }
    assert second == {"source": [], "cue": [{"start": 30, "end": 40}], "content": []}


def test_a_clone_of_polnear_is_read_and_any_other_folder_refused(tmp_path: Path) -> None:
    for kind, name, content in (
        ("text", "nyt_1.txt", "She said it was so.\r\nx"),
        ("attributions", "nyt_1_ab.ann", BRAT),
    ):
        (tmp_path / "data" / "dev" / kind).mkdir(parents=True)
        (tmp_path / "data" / "dev" / kind / name).write_bytes(content.encode())
    (row,) = read_polnear(tmp_path)
    assert (row["id"], row["annotator"], row["text"][19:21]) == ("polnear/dev/nyt_1", "ab", "\r\n")
    with pytest.raises(CorpusError, match="no PolNeAR here"):
        list(read_polnear(tmp_path / "data" / "dev"))


def test_the_commands_say_what_is_missing_and_still_write_the_rest(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    annotated, labels, texts, joined = (tmp_path / name for name in ("a.jsonl", "l.jsonl.gz", "t.jsonl", "j.jsonl"))
    annotated.write_text("\n".join(json.dumps(ROW | {"id": name}) for name in "ab"), encoding="utf-8")
    texts.write_text(json.dumps({"id": "a", "text": "New lead. " + TEXT}), encoding="utf-8")
    assert main(["corpus", "detach", str(annotated), "--output", str(labels)]) == 0
    assert b"aides" not in gzip.decompress(labels.read_bytes())
    assert main(["corpus", "join", str(labels), str(texts), "--output", str(joined)]) == 1
    assert "1 of 2 articles, 3 spans, 3 of them at other offsets" in caplog.text
    assert "no text for 1 articles: b" in caplog.text
    assert read_corpus([joined])[0].statements[0].statement.text == "Two aides said so."
    texts.write_text(json.dumps({"id": "z", "text": TEXT}), encoding="utf-8")
    assert main(["corpus", "join", str(labels), str(texts), "--output", str(joined)]) == 2


def test_our_stand_off_labels_hold_offsets_codes_and_fingerprints_only() -> None:
    for path in sorted(STANDOFF.glob("*.jsonl.gz")):
        rows = list(read_rows(path))
        assert len(rows) >= 54
        assert not any(row.keys() & {"text", "title"} for row in rows)
        for row in rows:
            for s in row.get("statements", []):
                assert s.keys() <= {"start", "end", "codes", "annotators", "hash", "settled_by", "kind", "phrase"}
                assert s["start"] < s["end"]


@pytest.mark.skipif(not SHARED.exists(), reason="the public corpora are not beside the project: nothing to join with")
@pytest.mark.parametrize(
    ("name", "n_articles", "n_statements"),
    [("annotated-dev", 54, 1153), ("annotated-train", 234, 5068), ("more-news", 450, 9150)],
)
def test_stand_off_labels_meet_real_copies(name: str, n_articles: int, n_statements: int) -> None:
    labels = list(read_rows(STANDOFF / f"{name}.jsonl.gz"))
    wanted = {row["id"] for row in labels}
    files = ("isw", "news2016", "allsides", "news2025", "news2026", "cnn2024")
    rows = (row for file in files for row in read_rows(SHARED / "corpora" / f"{file}.jsonl.gz"))
    texts = {row["id"]: row for row in rows if row["id"] in wanted}
    report = JoinReport()
    rows = list(join_texts(labels, texts, report))
    found = sum(len(row["statements"]) for row in rows)
    assert (report.n_articles, found) == (n_articles, n_statements)
    assert all(key.startswith("polnear/") for key in report.missing)
    assert sum(report.changed.values()) + found == sum(
        len(row["statements"]) for row in labels if row["id"] not in report.missing
    )
