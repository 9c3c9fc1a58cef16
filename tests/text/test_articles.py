from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

from claimbasis import Article, InputError, read_articles
from claimbasis.text import articles as module


def read(*paths: Path | str) -> tuple[list[Article], list[str]]:
    rejects: list[InputError] = []
    found = list(read_articles([str(p) for p in paths], on_reject=rejects.append))
    return found, [str(r) for r in rejects]


def test_plain_text_keeps_every_character(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("Zürich  fell.\r\n\r\nIt rose.".encode())
    (article,), rejects = read(tmp_path / "a.txt")
    assert article.text == "Zürich  fell.\r\n\r\nIt rose."
    assert article.id == str(tmp_path / "a.txt")
    assert rejects == []


def test_html_gives_the_main_text_and_its_metadata(tmp_path: Path) -> None:
    body = "".join(f"<p>Paragraph {n} tells how the council of Aldersley voted on the flood wall.</p>" for n in "ABCDE")
    page = f"<html><head><title>Wall</title><meta property='og:site_name' content='Echo'></head><body><nav>Home News</nav><article><h1>Wall</h1>{body}</article></body></html>"
    (tmp_path / "a.html").write_text(page, encoding="utf-8")
    (article,), _ = read(tmp_path / "a.html")
    assert "Paragraph C tells" in article.text
    assert "Home News" not in article.text
    assert (article.title, article.outlet) == ("Wall", "Echo")


def test_jsonl_rejects_bad_lines_and_keeps_the_good_ones(tmp_path: Path) -> None:
    lines = [
        json.dumps({"id": "one", "text": "He left."}),
        "{broken",
        json.dumps({"text": 7}),
        "[]",
        '{"text": " "}',
        '{"text": "\\ud800"}',
        json.dumps({"text": "She stayed."}),
    ]
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode() + b'\n{"text": "\xff"}'))
    found, rejects = read(path)
    assert [a.id for a in found] == ["one", f"{path}:7"]
    assert [r.split(": ")[0] for r in rejects] == [f"{path}:{n}" for n in (2, 3, 4, 5, 6, 8)]


def test_bytes_that_are_not_utf8_are_read_as_windows_1252_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a.txt").write_bytes("Der Rat in Zürich tagte.".encode("latin-1"))
    (article,), _ = read(tmp_path / "a.txt")
    assert article.text == "Der Rat in Zürich tagte."
    assert "not UTF-8" in caplog.text


@pytest.mark.parametrize("text", ["“Talks failed,” she said in Zürich", "Переговоры сорвались, сказала она"])
def test_a_few_damaged_bytes_do_not_spoil_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    text = f"{text}. " * 3
    (tmp_path / "a.txt").write_bytes(text.encode() + b"\xe2\x80")  # cut within a character
    (article,), rejects = read(tmp_path / "a.txt")
    assert article.text == text + "�"
    assert "1 characters are damaged" in caplog.text
    assert rejects == []


def test_names_that_are_no_unicode_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"id": "a\ud83d", "text": "He left."}), encoding="utf-8")
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_text("She stayed.", encoding="utf-8")
    found, _ = read(tmp_path)
    assert [article.id.rpartition("/")[2] for article in found] == ["a\\ud83d", "caf\\udce9.txt"]


def test_rows_of_no_known_file_are_read_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ARTICLE_BYTES", 100)
    rows = "".join(json.dumps({"id": f"{n}", "text": "He left."}) + "\n" for n in range(50))
    (tmp_path / "rows").write_text(rows, encoding="utf-8")
    (tmp_path / "text").write_text("He left.\n" * 50, encoding="utf-8")
    found, rejects = read(tmp_path / "rows", tmp_path / "text")
    assert [article.id for article in found] == [str(n) for n in range(50)]
    assert len(rejects) == 1


@pytest.mark.parametrize(
    ("name", "raw", "reason"),
    [
        ("a.txt", b"", "empty"),
        ("a.txt", bytes(range(256)) * 10, "binary"),
        ("a.json", b'[{"id": "1", "text": "He left."}]', "one JSON object a line"),
        ("a.rtf", b"{\\rtf1 He left.}", "RTF"),
        ("a.csv", b"id,text\n1,He left.", "claimbasis archive"),
        ("a.txt", b"\x00text", "binary"),
        ("a.html", b"<html><body></body></html>", "no article"),
        ("a.jsonl.gz", b"not gzip", "cannot be read"),
        ("a.txt.gz", gzip.compress(b"text" * 1000)[:-30], "cannot be read"),
    ],
)
def test_unreadable_files_are_rejected_with_the_reason(tmp_path: Path, name: str, raw: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(raw)
    (tmp_path / "good.txt").write_text("He left.", encoding="utf-8")
    found, rejects = read(tmp_path / name, tmp_path / "missing.txt", tmp_path / "good.txt")
    assert [a.text for a in found] == ["He left."]
    assert reason in rejects[0]
    assert str(tmp_path / name) in rejects[0]
    assert "missing.txt" in rejects[1]


def test_a_folder_gives_its_files_in_order(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("b.txt", "a.md", "deep/c.txt", "ignored.png"):
        (tmp_path / name).write_text(f"Text of {name}.", encoding="utf-8")
    found, rejects = read(tmp_path)
    assert [a.text for a in found] == ["Text of a.md.", "Text of b.txt.", "Text of deep/c.txt."]
    assert rejects == []


def test_too_large_an_article_is_refused_with_a_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ARTICLE_BYTES", 1000)
    (tmp_path / "a.txt").write_text("long " * 300, encoding="utf-8")
    (tmp_path / "b.jsonl").write_text(json.dumps({"text": "long " * 300}) + '\n{"text": "Short."}', encoding="utf-8")
    found, rejects = read(tmp_path / "a.txt", tmp_path / "b.jsonl")
    assert [a.text for a in found] == ["Short."]
    assert "JSONL" in rejects[0]
    assert "split the article" in rejects[1]
