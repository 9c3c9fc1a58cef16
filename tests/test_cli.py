from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from claimbasis.cli import main

TEXT = "Two officials who asked not to be named said talks had failed. Tanks crossed the river at dawn."


@pytest.fixture
def article(tmp_path: Path) -> Path:
    path = tmp_path / "article.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_without_a_command_all_are_told_in_one_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    told = capsys.readouterr().err
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    assert capsys.readouterr().out == told
    lines = told.splitlines()
    assert lines.index("Read news:") < lines.index("Train and measure:") < lines.index("Models and corpora:")
    assert "  label           label the statements of articles" in lines


def test_jsonl_is_one_object_a_statement(article: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["label", str(article)]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [r["text"] for r in rows] == [TEXT[:62], TEXT[63:]]
    assert [r["label"] for r in rows] == ["anonymous_sourced", "action_corroborated"]
    assert all(TEXT[r["start"] : r["end"]] == r["text"] for r in rows)


def test_csv_is_for_spreadsheets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.txt"
    path.write_text('=cmd() said "so", twice.', encoding="utf-8")
    assert main(["label", str(path), "--format", "csv"]) == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert row["text"] == '\'=cmd() said "so", twice.'
    assert {"score_anonymous_sourced", "score_officially_attributed", "score_action_corroborated"} <= row.keys()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told_with_code_1(article: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert main(["label", str(article), "--output", "/dev/full"]) == 1
    assert "No space left" in caplog.text


def test_the_table_shows_statements_labels_and_a_summary(article: Path, capsys: pytest.CaptureFixture[str]) -> None:
    article.write_text(TEXT + "\n\n\x1b[31mRed\x1b[0m [bold]markup[/bold] stays text.", encoding="utf-8")
    assert main(["label", str(article), "--format", "table"]) == 0
    printed = capsys.readouterr().out
    assert "anonymous" in printed
    assert "3 statements: 1 anonymous" in printed
    assert "[bold]markup[/bold]" in printed
    assert "\x1b[31m" not in printed


def test_output_goes_to_a_file(article: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["label", str(article), "--output", str(tmp_path / "out.jsonl")]) == 0
    assert capsys.readouterr().out == ""
    assert len((tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()) == 2


@pytest.mark.parametrize("output", ["in/a.jsonl", "in/new.jsonl"])
def test_no_input_is_written_over_nor_output_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, output: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.jsonl").write_text(json.dumps({"text": TEXT}), encoding="utf-8")
    before = {file.name: file.read_bytes() for file in (tmp_path / "in").iterdir()}
    assert main(["label", "in", "--output", output]) == 2
    with (tmp_path / output).open("a", encoding="utf-8") as stream, monkeypatch.context() as patch:
        patch.setattr("sys.stdout", stream)
        assert main(["label", "in", "--format", "jsonl"]) == 2
    assert caplog.text.count("cannot be written too") == 2
    after = {file.name: file.read_bytes() for file in (tmp_path / "in").iterdir()}
    assert {name: content for name, content in after.items() if content} == before


def test_pages_of_a_report_take_no_inputs_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    page = tmp_path / "in/article-1.html"
    page.write_text("<p>Mine.</p>", encoding="utf-8")
    for arguments in (["in", "-o", "in"], ["in", "-o", "in/pages"], [str(page), "-o", "in"]):
        assert main(["report", *arguments]) == 2
    assert caplog.text.count("cannot be written too") == 3
    assert [path.name for path in (tmp_path / "in").iterdir()] == [page.name]
    sentences = "The ministry said on Monday that talks had failed. Two aides denied it. " * 3
    (tmp_path / "story.html").write_text(f"<html><body><p>{sentences}</p></body></html>", encoding="utf-8")
    assert main(["report", "story.html", "-o", "."]) == 0
    assert (tmp_path / "article-1.html").exists()


def test_standard_input_is_not_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    article = tmp_path / "x.txt"
    article.write_text(TEXT, encoding="utf-8")
    with article.open(encoding="utf-8") as stream:
        monkeypatch.setattr("sys.stdin", stream)
        assert main(["label", "-", "--output", str(article), "--format", "jsonl"]) == 2
    assert article.read_text(encoding="utf-8") == TEXT


def test_a_csv_file_begins_with_what_excel_needs(article: Path, tmp_path: Path) -> None:
    assert main(["label", str(article), "--format", "csv", "--output", str(tmp_path / "out.csv")]) == 0
    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbfarticle_id,")


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for raw, article_id in ((TEXT.encode(), "stdin"), (json.dumps({"id": "x", "text": TEXT}).encode(), "x")):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw)))
        assert main(["label", "-"]) == 0
        assert json.loads(capsys.readouterr().out.splitlines()[0])["article_id"] == article_id


def test_bad_articles_do_not_stop_good_ones(
    article: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "empty.txt").touch()
    (tmp_path / "binary.txt").write_bytes(bytes(range(256)))
    assert main(["label", str(tmp_path / "empty.txt"), str(tmp_path / "binary.txt"), str(article), "gone.txt"]) == 1
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert [word for word in ("empty", "binary", "gone.txt", "1 articles, 2 statements, 3 skipped") if word in caplog.text] == [
        "empty", "binary", "gone.txt", "1 articles, 2 statements, 3 skipped",
    ]  # fmt: skip


def test_a_web_address_is_read_only_when_asked_for(
    article: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert main(["label", "http://127.0.0.1:9/a", str(article)]) == 2
    assert "add --fetch" in caplog.text
    assert main(["label", "http://127.0.0.1:9/a", str(article), "--fetch"]) == 1
    assert "not a public address" in caplog.text
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["label", "gone.txt"],
        ["label", "ARTICLE", "https://gone.example/a"],
        ["label", "ARTICLE", "--model", "nowhere"],
        ["label", "ARTICLE", "--output", "no/such/folder/out"],
        ["info", "--model", "nowhere"],
        ["evaluate", "gone.jsonl"],
        ["export", "nowhere", "--output", "new"],
    ],
)
def test_what_cannot_start_says_why_with_code_2(
    arguments: list[str],
    article: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([str(article) if a == "ARTICLE" else a for a in arguments]) == 2
    assert any(word in caplog.text for word in ("gone", "nowhere", "no/such"))


def test_info_tells_what_the_model_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info"]) == 0
    printed = capsys.readouterr().out
    assert "claimbasis-small-" in printed
    assert "anonymous_sourced" in printed


OFFICIAL, ANONYMOUS = "The ministry said talks had failed.", "Two officials who asked not to be named said so."


def test_evaluate_prints_tables_and_writes_what_can_be_looked_at(
    write_corpus: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # No statement rests on an action, so that one label can neither be measured nor drawn.
    articles = [(str(n), [(OFFICIAL, "O"), (f"{ANONYMOUS[:-1]} on day {n}.", "A")]) for n in range(6)]
    data = write_corpus(*articles, domain="[bold]\x1b[31mwar", date="2025-01-01")
    marks = tmp_path / "marks.jsonl"
    start = len(OFFICIAL) + 1
    mark = {"start": start, "end": start + len(articles[0][1][1][0]), "kind": "follows"}
    mark |= {"phrase": {"start": start, "end": start + len("Two officials")}}
    marks.write_text(json.dumps({"id": "0", "statements": [mark]}), encoding="utf-8")
    output = tmp_path / "new" / "folder"
    arguments = ["--context", str(marks), "--sources", str(marks), "--train", str(data), "--output", str(output)]
    assert main(["evaluate", str(data), *arguments]) == 0
    printed = capsys.readouterr().out
    for words in (
        "average precision",
        "in windows, cut by our splitter",
        "needs context",
        "2024 on",
        "seen in training",
    ):
        assert words in printed
    assert "\x1b" not in printed
    assert {file.name for file in output.iterdir()} == {
        "errors.html", "metrics.json", "precision_recall.svg", "reliability.svg", "risk_coverage.svg",
    }  # fmt: skip
    numbers = json.loads((output / "metrics.json").read_text(encoding="utf-8"))
    assert numbers["systems"]["alone"]["labels"]["action_corroborated"]["average_precision"]["value"] is None
    assert numbers["slices"][0]["n_statements"] == 12
    assert [row["code"] for row in numbers["confusion"]] == ["A", "O"]
    assert numbers["risk_coverage"][-1]["kept_share"] == 1
    assert numbers["phrase_recall"][0]["phrase"] == "seen in training"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--sources", "CORPUS"], "--train"),
        (["--context", "gone.jsonl"], "gone.jsonl"),
        (["--output", "CORPUS"], "another place"),
    ],
)
def test_evaluate_says_why_it_cannot_start(
    write_corpus: Callable[..., Path], caplog: pytest.LogCaptureFixture, arguments: list[str], expected: str
) -> None:
    corpus = str(write_corpus(("a", [(OFFICIAL, "O")])))
    assert main(["evaluate", corpus, *(corpus if a == "CORPUS" else a for a in arguments)]) == 2
    assert expected in caplog.text


@pytest.mark.parametrize("arguments", [["label"], ["label", "a", "--threads", "0"], ["label", "a", "--format", "xml"]])
def test_usage_mistakes_end_with_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "usage" in capsys.readouterr().err
