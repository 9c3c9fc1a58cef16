from __future__ import annotations

import gzip
import json
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from archive_rows import make_rows, make_text, read_output, write_jsonl

Run = Callable[..., int]


def reasons(folder: str = "out") -> dict[str, str]:
    return {reject["place"]: reject["reason"] for reject in read_output(Path(folder))["rejects"]}


def test_each_bad_row_is_told_and_costs_no_good_one(archive: Run, caplog: pytest.LogCaptureFixture) -> None:
    good = [json.dumps(row).encode() for row in make_rows(3)]
    bad = {
        2: b'{"id": "no text", "title": "Headline"}',
        3: b'{"id": "wrong type", "text": ["a", "b"]}',
        4: b'{"id": "blank", "text": " \\n "}',
        5: b'{"id": "not UTF-8", "text": "caf\xe9 said so."}',
        6: b'{"id": "null byte", "text": "He said\\u0000 so."}',
        7: b'{"id": "half", "text": "He said \\ud800 so."}',
        8: b'["no", "object"]',
        9: b'{"id": "broken", "text": "He sa',
        10: b'{"id": "long line", "text": "' + b"He said so. " * 4_200_000 + b'"}',
        11: b'{"id": "many sentences", "text": "' + b"He left. " * 200_000 + b'"}',
        12: b'{"id": "two zeros", "text": "\x00\x00"}',
        13: b'{"id": "deep", "text": "He left.", "more": ' + b"[" * 200 + b"]" * 200 + b"}",
    }
    lines = [good[0], *bad.values(), good[1], b"", good[2]]
    Path("news.jsonl").write_bytes(b"\xef\xbb\xbf" + b"\n".join(lines))
    assert archive("news.jsonl") == 1
    found = reasons()
    assert list(found) == [f"news.jsonl:{number}" for number in bad]
    expected = [
        "missing or null", "list, not text", "is empty", "UTF-8", "null byte", "half a character", "no object",
        "no JSON object", "larger than 10 MB", "more than 20,000 statements", "no JSON object",
        "nested",
    ]  # fmt: skip
    assert [word for word, reason in zip(expected, found.values(), strict=True) if word not in reason] == []
    assert [row["article_id"] for row in read_output(Path("out"))["articles"]] == ["a0", "a1", "a2"]
    assert "3 articles" in caplog.text
    assert "12 rejected" in caplog.text
    assert "rejects.jsonl" in caplog.text
    assert archive("news.jsonl") == 1
    assert reasons() == found


def test_csv(archive: Run) -> None:
    lines = [
        b"id,text", b'1,"He said, ""no"".\nThen he left."', b"2,too,many", b"3,caf\xe9 said so.", b"4,", b"", b"5,She left.",
    ]  # fmt: skip
    Path("news.csv").write_bytes(b"\r\n".join(lines))
    assert archive("news.csv") == 1
    assert list(reasons()) == ["news.csv:4", "news.csv:5", "news.csv:6"]
    assert [row["article_id"] for row in read_output(Path("out"))["articles"]] == ["1", "5"]
    assert read_output(Path("out"))["statements"][1]["text"] == "Then he left."


def test_parquet(archive: Run) -> None:
    texts = pa.array([b"He left.", b"caf\xe9 said so.", None, b"She left."], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"id": ["a", "b", "c", "d"], "text": texts}), "news.parquet")
    assert archive("news.parquet") == 1
    assert list(reasons()) == ["news.parquet, row 2", "news.parquet, row 3"]
    assert [row["article_id"] for row in read_output(Path("out"))["articles"]] == ["a", "d"]


def test_a_date_beyond_the_calendar_costs_no_other_row(archive: Run) -> None:
    last = pa.array([0, 253_402_300_799_000_000, 0], pa.timestamp("us", tz="Europe/Berlin"))
    pq.write_table(
        pa.table({"id": ["a", "b", "c"], "text": ["He left."] * 2 + ["She left."], "date": last}), "news.parquet"
    )
    assert archive("news.parquet") == 1
    assert "cannot be read" in reasons()["news.parquet, row 2"]
    assert [row["article_id"] for row in read_output(Path("out"))["articles"]] == ["a", "c"]


def test_nanoseconds_of_all_kinds_need_no_pandas(archive: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    kinds = {"d": pa.duration("ns"), "t": pa.time64("ns"), "s": pa.timestamp("ns")}
    columns = {name: pa.array([1_500], pa.int64()).cast(kind) for name, kind in kinds.items()}
    columns["l"] = pa.array([[1_500]], pa.list_(pa.int64())).cast(pa.list_(kinds["s"]))
    for name, kind in (("g", pa.large_list(kinds["s"])), ("f", pa.list_(kinds["s"], 1))):
        columns[name] = columns["l"].cast(kind)
    columns["m"] = pa.array([[("x", 1_500)]], pa.map_(pa.string(), kinds["s"]))
    columns["r"] = pa.StructArray.from_arrays([columns["t"]], ["at"])
    pq.write_table(pa.table({"id": ["a"], "text": ["He left."], **columns}), "news.parquet")
    assert archive("news.parquet") == 0
    (row,) = read_output(Path("out"))["articles"]
    times = [row["t"], row["s"], row["l"][0], row["g"][0], row["f"][0], row["m"][0][1], row["r"]["at"]]
    assert [row["d"].microseconds, *(time.microsecond for time in times)] == [1] * 8


def test_folders_within_folders_count_once(archive: Run) -> None:
    Path("in/deep/deeper").mkdir(parents=True)
    for n, place in enumerate(("in/a.txt", "in/deep/b.txt", "in/deep/deeper/c.txt")):
        Path(place).write_text(make_text(n), encoding="utf-8")
    assert archive("in/**", "in", "in/deep") == 0
    ids = [row["article_id"] for row in read_output(Path("out"))["articles"]]
    assert sorted(ids) == ["in/a.txt", "in/deep/b.txt", "in/deep/deeper/c.txt"]


def test_documents(archive: Run) -> None:
    Path("in").mkdir()
    Path("in/a.txt").write_text(make_text(1), encoding="utf-8")
    Path("in/b.txt").touch()
    Path("in/c.txt").write_bytes(bytes(range(256)))
    Path("in/d.txt.gz").write_bytes(gzip.compress(make_text(2).encode())[:-20])
    Path("in/e.txt").write_text(json.dumps({"text": "no text file"}), encoding="utf-8")
    with zipfile.ZipFile("in/f.zip", "w") as file:
        file.writestr("x.txt", "")
        file.writestr("y.txt", make_text(3))
    assert archive("in") == 1
    assert list(reasons()) == ["in/b.txt", "in/c.txt", "in/d.txt.gz", "in/e.txt", "in/f.zip/x.txt"]
    assert [row["article_id"] for row in read_output(Path("out"))["articles"]] == ["in/a.txt", "in/f.zip/y.txt"]


@pytest.mark.parametrize("damage", ["zip", "parquet", "gzip", "zstd", "no such column", "utf-16"])
def test_an_input_that_cannot_be_read_is_told_and_the_others_are_done(
    archive: Run, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    write_jsonl(Path("z.jsonl"), make_rows(5))
    lines = "".join(json.dumps(row) + "\n" for row in make_rows(300)).encode()
    with pa.CompressedOutputStream("packed.zst", "zstd") as stream:
        stream.write(lines)
    bad = {
        "zip": ("a.zip", b"PK no zip"), "parquet": ("a.parquet", b"PAR1 none"), "gzip": ("a.jsonl.gz", gzip.compress(lines)[:-900]),
        "zstd": ("a.jsonl.zst", Path("packed.zst").read_bytes()[:-900]), "no such column": ("a.jsonl", b'{"message": "x"}'),
        "utf-16": ("a.csv", "id,text\n1,He left.".encode("utf-16")),
    }  # fmt: skip
    name, content = bad[damage]
    Path(name).write_bytes(content)
    assert archive(name, "z.jsonl") == 1
    assert reasons().keys() == {name}
    assert f"left out: {name}" in caplog.text
    articles = read_output(Path("out"))["articles"]
    assert [row["article_id"] for row in articles if row["input"] == "z.jsonl"] == ["a0", "a1", "a2", "a3", "a4"]
    # What stood before the damage is kept.
    assert (damage == "gzip") <= any(row["input"] == name for row in articles)


def test_a_column_that_is_named_and_not_there_is_told(archive: Run) -> None:
    write_jsonl(Path("news.jsonl"), make_rows(5))
    assert archive("news.jsonl", "--text-column", "body") == 1
    assert "no column 'body'; it has id, outlet, date, text" in reasons()["news.jsonl"]


def test_max_rejects_stops_a_job_that_has_gone_wrong(archive: Run, caplog: pytest.LogCaptureFixture) -> None:
    rows = [row | ({"text": None} if n % 2 else {}) for n, row in enumerate(make_rows(200))]
    write_jsonl(Path("news.jsonl"), rows)
    assert archive("news.jsonl", "--max-rejects", "100") == 0 + 1
    assert len(reasons()) == 100
    assert archive("news.jsonl", "--max-rejects", "20", output="other") == 2
    assert "more than --max-rejects 20" in caplog.text
    assert 20 < len(reasons("other")) < 60
    assert archive("news.jsonl", output="other") == 1
    assert read_output(Path("other")) == read_output(Path("out"))


def test_a_text_that_breaks_the_model_costs_no_other(archive: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from claimbasis.inference.classifier import Classifier  # noqa: PLC0415

    tokenize = Classifier._tokenize

    def fail(self: Classifier, texts: Sequence[str]) -> object:
        if any("cursed" in text for text in texts):
            raise ZeroDivisionError("of all things")
        return tokenize(self, texts)

    monkeypatch.setattr(Classifier, "_tokenize", fail)
    rows = make_rows(5)
    write_jsonl(Path("news.jsonl"), [*rows[:2], {"id": "x", "text": "He was cursed."}, *rows[2:]])
    assert archive("news.jsonl") == 1
    assert "ZeroDivisionError: of all things" in reasons()["news.jsonl:3"]
    assert len(read_output(Path("out"))["articles"]) == 5
