from __future__ import annotations

import csv
import gzip
import json
import logging
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from archive_rows import make_rows, make_text, read_output, write_jsonl

from claimbasis import Article, Classifier

Run = Callable[..., int]
ROWS = make_rows(25)


def test_statements_are_those_of_the_classifier_and_articles_sum_them_up(archive: Run, tiny_model: Path) -> None:
    write_jsonl(Path("news.jsonl"), ROWS)
    assert archive("news.jsonl") == 0
    output = read_output(Path("out"))
    classifier = Classifier.load(tiny_model)
    expected = [row for one in ROWS for row in classifier.predict(Article(text=one["text"], id=one["id"])).to_rows()]
    for row in expected:
        row |= {f"score_{label}": score for label, score in row.pop("scores").items()}
    assert [{name: row[name] for name in expected[0]} for row in output["statements"]] == expected
    assert {row["schema_version"] for row in output["statements"]} == {1}
    assert all(row["source"] is row["cue_start"] is row["relay_end"] is None for row in output["statements"])

    article = output["articles"][4]
    own = [row for row in output["statements"] if row["article_id"] == "a4"]
    assert (article["article_id"], article["input"], article["row"]) == ("a4", "news.jsonl", 5)
    assert (article["outlet"], article["date"], article["n_chars"]) == ("Outlet 1", "2026-02-01", len(ROWS[4]["text"]))
    assert article["n_statements"] == len(own)
    assert article["n_none"] == sum(not row["labels"] for row in own)
    assert article["share_anonymous_sourced"] * len(own) == pytest.approx(
        sum("anonymous_sourced" in row["labels"] for row in own)
    )
    assert article["lede_label"] == next((row["label"] for row in own[:3] if row["label"]), None)
    assert article["model_id"] == classifier.model_id


def write_formats(rows: list[dict[str, Any]]) -> None:
    lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
    Path("in/deep").mkdir(parents=True)
    Path("in/a.jsonl").write_bytes(lines)
    Path("in/b.jsonl.gz").write_bytes(gzip.compress(lines))
    with pa.CompressedOutputStream("in/deep/c.ndjson.zst", "zstd") as stream:
        stream.write(lines)
    with Path("in/d.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    pq.write_table(pa.Table.from_pylist(rows), "in/e.parquet")
    with zipfile.ZipFile("in/f.zip", "w") as file:
        for row in rows:
            file.writestr(f"{row['id']}.txt", row["text"])
            file.writestr(f"__MACOSX/._{row['id']}.txt", "x")
    Path("in/g").mkdir()
    for row in rows:
        Path(f"in/g/{row['id']}.txt").write_text(row["text"], encoding="utf-8")
    Path("in/.hidden").mkdir()
    Path("in/.hidden/x.txt").write_text("Nobody reads this.", encoding="utf-8")
    Path("in/picture.png").write_bytes(b"\x89PNG")


def test_all_formats_give_the_same(archive: Run, caplog: pytest.LogCaptureFixture) -> None:
    rows = [
        row | {"text": make_text(n) + "\nWritten over two lines, \u201cquoted; so\u201d."}
        for n, row in enumerate(ROWS[:12])
    ]
    write_formats(rows)
    assert archive("in") == 0
    assert "left out 1 files of other kinds: .png (1)" in caplog.text
    statements = read_output(Path("out"))["statements"]
    inputs = sorted({row["input"] for row in statements})
    assert inputs == [
        "in",
        "in/a.jsonl",
        "in/b.jsonl.gz",
        "in/d.csv",
        "in/deep/c.ndjson.zst",
        "in/e.parquet",
        "in/f.zip",
    ]
    by_input = {
        name: sorted((row["text"], row["score_anonymous_sourced"]) for row in statements if row["input"] == name)
        for name in inputs
    }
    assert all(found == by_input["in/a.jsonl"] for found in by_input.values())
    outlets = {row["outlet"] for row in read_output(Path("out"))["articles"] if row["input"] == "in/d.csv"}
    assert outlets == {"Outlet 0", "Outlet 1", "Outlet 2"}


def test_a_pattern_finds_files_and_their_order_on_the_command_line_does_not_matter(archive: Run) -> None:
    write_formats(ROWS[:12])
    assert archive("in/**/*.jsonl*", "in/d.csv") == 0
    assert archive("in/d.csv", "in/b.jsonl.gz", "in/a.jsonl", output="other") == 0
    assert read_output(Path("out")) == read_output(Path("other"))


def test_html_in_a_folder_brings_its_metadata(archive: Run) -> None:
    pytest.importorskip("trafilatura")
    Path("pages").mkdir()
    page = "<html><head><title>Talks fail</title></head><body><article>{}</article></body></html>"
    text = "".join(f"<p>{make_text(n)}</p>" for n in range(4))
    Path("pages/a.html").write_text(page.format(text), encoding="utf-8")
    assert archive("pages") == 0
    (article,) = read_output(Path("out"))["articles"]
    assert (article["article_id"], article["title"]) == ("pages/a.html", "Talks fail")
    assert article["n_statements"] > 8


def test_the_number_of_workers_changes_nothing(archive: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("claimbasis.archive.labelling._TEXTS_A_TASK", 3)
    write_jsonl(Path("news.jsonl"), make_rows(70))
    assert archive("news.jsonl", workers=2) == 0
    assert archive("news.jsonl", output="other") == 0
    assert read_output(Path("out")) == read_output(Path("other"))
    files = [sorted(file.name for file in Path(name).rglob("*.parquet")) for name in ("out", "other")]
    assert files[0] == files[1]
    assert len(files[0]) == 14


def test_columns_are_named_guessed_and_handed_on_untouched(archive: Run) -> None:
    when = datetime(2026, 2, 1, 12, tzinfo=UTC)
    table = pa.table({
        "Body": [make_text(1), make_text(2)], "key": [7, 8], "published": [when, None], "tags": [["a", "b"], []],
        "words": pa.array([3, None], pa.int16()), "row": ["x", "y"], "DATE": ["1", "2"], "date": ["3", "4"],
    })  # fmt: skip
    pq.write_table(table, "news.parquet")
    write_jsonl(Path("other.jsonl"), [{"body": make_text(3), "key": "k", "authors": ["A", {"b": 1}], "words": 2.5}])
    assert archive("news.parquet", "other.jsonl", "--id-column", "key") == 0
    first, second, third = read_output(Path("out"))["articles"]
    assert [row["article_id"] for row in (first, second, third)] == ["7", "8", "k"]
    assert (first["published"], first["tags"], first["words"], first["input_row"]) == (when, ["a", "b"], 3.0, "x")
    assert (second["published"], second["tags"], second["words"]) == (None, [], None)
    assert json.loads(third["authors"]) == ["A", {"b": 1}]
    assert third["words"] == 2.5
    # Many readers take these two for one column.
    assert (first["DATE"], json.loads(first["extra"])) == ("1", {"date": "3"})


def test_what_turns_up_late_or_does_not_fit_is_not_lost(archive: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("claimbasis.archive.columns._N_SAMPLED", 11)
    rows = [{"text": make_text(n), "page": n} for n in range(11)]
    write_jsonl(Path("news.jsonl"), [*rows, {"text": make_text(2_000), "page": "front", "desk": "Foreign"}])
    assert archive("news.jsonl") == 0
    articles = read_output(Path("out"))["articles"]
    assert articles[5]["page"] == 5
    assert articles[-1]["page"] is None
    assert json.loads(articles[-1]["extra"]) == {"page": "front", "desk": "Foreign"}


def test_without_an_id_the_text_makes_one(archive: Run) -> None:
    write_jsonl(Path("a.jsonl"), [{"text": make_text(1), "url": "u"}, {"text": make_text(2)}, {"text": make_text(1)}])
    assert archive("a.jsonl") == 0
    ids = [row["article_id"] for row in read_output(Path("out"))["articles"]]
    assert len(set(ids)) == 3
    Path("a.jsonl").rename("b.jsonl")
    assert archive("b.jsonl", output="other") == 0
    assert [row["article_id"] for row in read_output(Path("other"))["articles"]] == ids


def test_the_output_may_lie_among_the_inputs(archive: Run) -> None:
    write_jsonl(Path("news.jsonl"), ROWS)
    assert archive(".") == 0
    assert archive(".") == 0
    assert {row["input"] for row in read_output(Path("out"))["articles"]} == {"news.jsonl"}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["gone.jsonl"], "no such file or folder"),
        (["empty"], "nothing to read here"),
        (["news.jsonl", "--output", "news.jsonl"], "choose another place"),
        (["news.jsonl", "--output", "foreign"], "choose another folder"),
        (["news.jsonl", "--output", "broken"], "no record of a job"),
        (["news.jsonl", "--model", "nowhere"], "no model folder"),
    ],
)
def test_what_cannot_start_says_why(
    archive: Run, caplog: pytest.LogCaptureFixture, arguments: list[str], expected: str
) -> None:
    write_jsonl(Path("news.jsonl"), ROWS[:2])
    Path("empty").mkdir()
    Path("foreign/articles").mkdir(parents=True)
    Path("broken").mkdir()
    Path("broken/manifest.sqlite").write_text("x" * 5_000, encoding="utf-8")
    options: dict[str, Any] = {"output": "out", "model": None}
    given = [a for a in arguments if a not in ("--output", "--model")]
    if "--output" in arguments:
        options["output"] = given.pop()
    if "--model" in arguments:
        options["model"] = Path(given.pop())
    assert archive(*given, **{name: value for name, value in options.items() if value}) == 2
    assert expected in caplog.text


def test_a_log_says_how_far_it_is(caplog: pytest.LogCaptureFixture) -> None:
    from claimbasis.archive.progress import JobProgress  # noqa: PLC0415

    caplog.set_level(logging.INFO, "claimbasis")
    with JobProgress(1_000, lambda: 60, log_seconds=0.01) as progress:
        progress.skip(20, 100)
        progress.add(80, 400)
        while "articles/s" not in caplog.text and "left" not in caplog.text:
            pass
    assert "60 of about 200 articles" in caplog.text
    assert " left" in caplog.text


def test_the_command_line_starts_without_what_archives_need() -> None:
    code = "import sys, claimbasis.cli; sys.exit(bool({'pyarrow', 'rensa', 'ray'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
