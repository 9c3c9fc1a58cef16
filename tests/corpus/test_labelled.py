"""Somebody's own table of labelled statements becomes a corpus: what spreadsheets and people write, and what is told of it."""

from __future__ import annotations

import codecs
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from claimbasis.cli import main
from claimbasis.codebook import parse_codebook, read_codebook, shipped_codebook
from claimbasis.corpus.annotated import read_corpus

TWO = 'version = "1"\n[[labels]]\nname = "opinion"\ncode = "o"\n[[labels]]\nname = "fact"\ncode = "f"\nshort = "Hard news, checked"\n'
Import = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Import:
    """Imports a table under a codebook of two labels; gives the articles, each as id and (statement, codes)."""
    monkeypatch.chdir(tmp_path)
    Path("two.toml").write_text(TWO, encoding="utf-8")

    def run(content: str | bytes, *options: str, name: str = "mine.csv", code: int = 0) -> list[dict[str, Any]]:
        Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
        codebook = () if "--new-codebook" in options else ("--codebook", "two.toml")
        assert main(["corpus", "import", name, *codebook, *options, "--output", "out.jsonl"]) == code
        if code == 2:
            assert not Path("out.jsonl").exists()
            return []
        articles = read_corpus(["out.jsonl"], codebook=None if codebook == () else read_codebook(Path("two.toml")))
        return [{"id": a.article.id, "rows": [(s.statement.text, s.codes) for s in a.statements]} for a in articles]

    return run


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_a_spreadsheet_writes_is_read(run: Import, delimiter: str, encoding: str) -> None:
    rows = [
        ("id", "text", "label"),
        ("1", '"Prices rose,\r\n she said; ""twice"" | more"', "opinion"),
        ("2", "Añ€o.", ""),
    ]
    table = "".join(delimiter.join(row) + "\r\n" for row in rows)
    assert run(table.encode(encoding)) == [
        {"id": "mine-2", "rows": [('Prices rose, she said; "twice" | more', "o")]},
        {"id": "mine-4", "rows": [("Añ€o.", "")]},
    ]


def test_windows_1252_is_read_with_a_warning(run: Import, caplog: pytest.LogCaptureFixture) -> None:
    ((statement, _),) = run("text,label\nGeäußert – „so“.,fact\n".encode("cp1252"))[0]["rows"]
    assert statement == "Geäußert – „so“."
    assert "not UTF-8; read as Windows-1252" in caplog.text


@pytest.mark.parametrize(
    ("cell", "codes"),
    [
        ("opinion", "o"), (" OPINION ", "o"), ("opinion; fact", "of"), ("fact|opinion", "fo"), ("opinion,opinion", "o"), ("", ""),
        ("none", ""), ("f", "f"), ("Hard news, checked", "f"), ("hearsay", "o"), ("off topic", ""),
    ],
)  # fmt: skip
def test_labels_are_taken_as_people_write_them(run: Import, cell: str, codes: str) -> None:
    (article,) = run(f'text;label\nHe left.;"{cell}"\n', "--map", "hearsay=opinion", "--map", "off topic=")
    assert article["rows"] == [("He left.", codes)]


def test_jsonl_holds_lists_flags_and_nothing(run: Import) -> None:
    rows = [{"text": "One.", "label": ["fact", "opinion"]}, {"text": "Two.", "label": None}, {"text": "Three."}]
    lines = "\n\n".join(map(json.dumps, rows))
    assert [a["rows"] for a in run(lines, name="a.jsonl")] == [[("One.", "fo")], [("Two.", "")], [("Three.", "")]]
    packed = gzip.compress(codecs.BOM_UTF8 + lines.encode())
    assert len(run(packed, name="a.jsonl.gz")) == 3
    flags = "text,opinion,Fakt\nOne.,1,0\nTwo.,0.0,\nThree.,no,TRUE\n"
    found = run(flags, "--flag-column", "opinion", "--flag-column", "Fakt", "--map", "Fakt=fact")
    assert [a["rows"][0][1] for a in found] == ["o", "", "f"]


def test_rows_of_an_article_become_its_statements_in_order(run: Import) -> None:
    table = "who,n,text,label,outlet\nb,10,Ten.,fact,Daily\na,1,One.,,\nb,9,Nine.,opinion,Daily\nb,11,Ten.,,Daily\n"
    first, second = run(table, "--article-column", "who", "--order-column", "n")
    assert first == {"id": "b", "rows": [("Nine.", "o"), ("Ten.", "f"), ("Ten.", "")]}
    assert second["id"] == "a"
    assert json.loads(Path("out.jsonl").read_text().splitlines()[0])["outlet"] == "Daily"
    assert [a["rows"][0][0] for a in run(table, "--article-column", "who")] == ["Ten.", "One."]


def test_a_statement_that_comes_again_is_kept_once(run: Import, caplog: pytest.LogCaptureFixture) -> None:
    table = "text,label\nA  b.,fact;opinion\nA b.,opinion;fact\nC.,fact\nC.,opinion\n"
    assert len(run(table, code=1)) == 2
    assert "mine.csv:5: the statement of line 4 again, with other labels" in caplog.text
    assert "of 4 rows 1 repeat others and 1 are left out" in caplog.text


def test_bad_rows_are_left_out_with_line_and_reason(run: Import, caplog: pytest.LogCaptureFixture) -> None:
    assert (
        len(run("text,label,n\nA, b.,fact,1\n,fact,2\n\nC.,fact,last\nD.,fact,4\n", "--order-column", "n", code=1)) == 1
    )
    for words in ("mine.csv:2: 4 fields", "needs quotation marks", "mine.csv:3: column 'text' is empty",
                  "mine.csv:5: column 'n' holds 'last'; write a number"):  # fmt: skip
        assert words in caplog.text
    assert len(run("text,label\n\u200b,fact\nB.,fact\n", code=1)) == 1
    assert "mine.csv:2: column 'text' is empty" in caplog.text
    assert len(run("text,fact\nA.,maybe\nB.,1\n", "--flag-column", "fact", code=1)) == 1
    assert "mine.csv:2: column 'fact' holds 'maybe'; write 1 where the label holds, else 0" in caplog.text


@pytest.mark.parametrize(
    ("content", "name", "options", "message"),
    [
        ("text,label\nA.,fact\nB.,opnion\nC.,opnion\n", "a.csv", (), "'opnion' (line 3, 2 rows). It has opinion, fact"),
        ("text,label\nA.,opnion\n", "a.csv", (), "--map 'opnion=NAME'"),
        ("body,label\nA.,fact\n", "a.csv", (), "no column 'text'; it has body, label. Name yours with --text-column"),
        ("text,label\n", "a.csv", (), "not one statement could be used: it holds no rows but the first line"),
        ("", "a.csv", (), "holds no rows"),
        ("", "a.jsonl", (), "holds no rows"),
        ("text,text\n", "a.csv", (), "two columns are called 'text'"),
        (b"PK\x03\x04\x00\x00", "a.csv", (), "binary, not text; save the table as CSV"),
        (b"PK", "a.xlsx", (), "a spreadsheet; save its table as CSV"),
        ("[1]\n", "a.jsonl", (), "JSON, but no object; write one object a line"),
        (b"no gzip", "a.csv.gz", (), "cannot be read"),
        ("text,label\nA.,fact\n", "a.csv", ("--map", "fact"), "write OLD=NEW"),
        ("text,label\nA.,fact\n", "a.csv", ("--codebook", "none.toml"), "none.toml: cannot be read"),
        ("text,label\nA.,fact\n", "a.csv", ("--recipe", "two.toml"), "two.toml: is there already"),
    ],
)
def test_what_cannot_be_imported_says_what_to_do(
    run: Import, caplog: pytest.LogCaptureFixture, content: str | bytes, name: str, options: tuple[str, ...], message: str
) -> None:  # fmt: skip
    run(content, *options, name=name, code=2)
    assert message in caplog.text


def test_a_quotation_mark_that_is_never_closed_is_told(run: Import, caplog: pytest.LogCaptureFixture) -> None:
    run('text,label\nA.,fact\n"B.,fact\n' + "word word word word\n" * 60_000, code=1)
    assert "mine.csv:3: no CSV (field larger than field limit" in caplog.text


def test_a_codebook_is_made_of_the_labels_found(run: Import, caplog: pytest.LogCaptureFixture) -> None:
    table = "text;label\nA.;Hard news\nB.;Hard news\nC.;none\nD.;statements | «?»\nE.;Ämtlich\n"
    Path("mine.csv").write_text(table, encoding="utf-8")
    command = [
        "corpus",
        "import",
        "mine.csv",
        "--new-codebook",
        "new.toml",
        "--recipe",
        "r.toml",
        "--output",
        "out.jsonl",
    ]
    assert main(command) == 0
    codebook = parse_codebook(Path("new.toml").read_text(encoding="utf-8"))
    assert [(x.name, x.code, x.short) for x in codebook.labels] == [
        ("Hard_news", "H", "Hard news"), ("label_2", "L", "statements"), ("label_3", "A", "«?»"), ("Ämtlich", "Ä", "Ämtlich"),
    ]  # fmt: skip
    assert [a.statements[0].codes for a in read_corpus(["out.jsonl"], codebook=codebook)] == ["H", "H", "", "LA", "Ä"]
    assert "fewer than 30 statements carry Hard_news" in caplog.text
    assert main(command) == 2
    assert "new.toml: is there already" in caplog.text
    Path("out.jsonl").unlink()
    texts = "".join(f"Text {n}.;label {n}\n" for n in range(40))
    run("text;label\n" + texts, "--new-codebook", "other.toml", code=2)
    assert "Is it the right column?" in caplog.text


def test_under_the_shipped_codebook_none_has_a_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text(
        "text,label\nHe left.,action\nSo what?,\nHe said so.,named private person\n", encoding="utf-8"
    )
    assert main(["corpus", "import", "a.csv", "--output", "a.jsonl"]) == 0
    assert [a.statements[0].codes for a in read_corpus(["a.jsonl"])] == ["C", shipped_codebook().code_of_none, "P"]
