from __future__ import annotations

import json
from pathlib import Path

import pytest

from claimbasis.cli import main

TEXT = "Two officials who asked not to be named said talks had failed. Tanks crossed the river at dawn."


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "archive.jsonl"
    rows = [{"id": str(n), "text": TEXT, "outlet": "Daily", "date": f"2026-03-{n + 1:02}"} for n in range(3)]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def test_several_articles_become_one_page(archive: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    output = tmp_path / "new" / "report.html"
    assert main(["report", str(archive), "-o", str(output)]) == 0
    assert 'href="#article-3"' in output.read_text(encoding="utf-8")
    assert [file.name for file in output.parent.iterdir()] == ["report.html"]
    assert "3 articles, 6 statements, 0 skipped" in caplog.text


def test_any_other_name_is_a_folder_of_pages(archive: Path, tmp_path: Path) -> None:
    assert main(["report", str(archive), "gone.txt", "--output", str(tmp_path / "report")]) == 1
    names = sorted(file.name for file in (tmp_path / "report").iterdir())
    assert names == ["article-1.html", "article-2.html", "article-3.html", "index.html"]
    assert 'href="article-3.html"' in (tmp_path / "report" / "index.html").read_text(encoding="utf-8")


def test_what_cannot_be_reported_says_why_with_code_2(
    archive: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    many = tmp_path / "many.jsonl"
    many.write_text((json.dumps({"text": TEXT}) + "\n") * 51, encoding="utf-8")
    empty = tmp_path / "empty.txt"
    empty.touch()
    for arguments, expected in (
        ([many, "-o", tmp_path / "page.html"], "name a folder"),
        ([empty, "-o", tmp_path / "page.html"], "no article could be read"),
        ([empty, "-o", tmp_path / "folder"], "no article could be read"),
        ([archive, "-o", archive / "page.html"], "choose another place"),
        (["gone.txt", "-o", tmp_path / "page.html"], "no such file"),
    ):
        caplog.clear()
        assert main(["report", *map(str, arguments)]) == 2
        assert expected in caplog.text
    assert not (tmp_path / "page.html").exists()


def test_label_selects_statements_in_every_format(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    only = ["label", str(archive), "--only", "action_corroborated", "--min-score", "0.5"]
    assert main([*only, "--format", "jsonl"]) == 0
    assert [json.loads(line)["index"] for line in capsys.readouterr().out.splitlines()] == [1, 1, 1]
    assert main([*only, "--format", "csv"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4
    assert main([*only, "--format", "table"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("1 of 2 statements: 0 anonymous, 0 official, 1 action") == 3
    assert "asked not to be named" not in printed
    assert main(["label", str(archive), "--summary"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("2 statements: 1 anonymous, 0 official, 1 action") == 3
    assert "Tanks" not in printed


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--only", "anonymous"], "use one of anonymous_sourced, officially_attributed, action_corroborated"),
        (["--summary", "--format", "csv"], "--summary is for the table"),
    ],
)
def test_selections_that_cannot_be_say_why(
    archive: Path, arguments: list[str], expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert main(["label", str(archive), *arguments]) == 2
    assert expected in caplog.text


@pytest.mark.parametrize("score", ["2", "nan", "much"])
def test_a_score_is_a_number_from_0_to_1(score: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["label", "a", "--min-score", score])
    assert "from 0 to 1" in capsys.readouterr().err
