from __future__ import annotations

import gzip
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from archive_rows import make_rows, make_text, read_output, write_jsonl
from tiny_model import write_tiny_model

from claimbasis.archive.output import OutputFolder

Run = Callable[..., int]
N_KILLS = 20
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def command(model: Path, *arguments: str, workers: int = 1, part_rows: int = 10) -> list[str]:
    more = ["--model", str(model), "--workers", str(workers), "--part-rows", str(part_rows)]
    return ["archive", *arguments, *more]


def write_archive(folder: Path) -> None:
    """Three inputs with duplicates within and across them, and bad rows."""
    folder.mkdir()
    bad = [{"id": "bad", "text": 7}, {"id": "worse", "text": "nul\0"}]
    write_jsonl(folder / "a.jsonl", make_rows(120))
    write_jsonl(folder / "b.jsonl", [*make_rows(30), *bad, *make_rows(80, start=110)])
    write_jsonl(folder / "c.jsonl", make_rows(60, start=190, section="World"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the kill test needs fork")
def test_killed_at_twenty_moments_the_output_is_that_of_an_undisturbed_run(tiny_model: Path, tmp_path: Path) -> None:
    write_archive(tmp_path / "in")
    arguments = [*command(tiny_model, str(tmp_path / "in")), "--output", str(tmp_path / "out")]
    program = [sys.executable, str(Path(__file__).with_name("kill_jobs.py")), "11", str(N_KILLS), *arguments]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert f"{N_KILLS} kills" in done.stdout
    output = read_output(tmp_path / "out")
    assert len({(row["input"], row["row"]) for row in output["articles"]}) == len(output["articles"]) == 290
    assert len(output["rejects"]) == 2


@contextmanager
def started(model: Path, *arguments: str, workers: int = 2, part_rows: int = 10) -> Iterator[subprocess.Popen[str]]:
    """The command line in a process of its own."""
    program = [
        sys.executable,
        "-m",
        "claimbasis.cli",
        *command(model, *arguments, workers=workers, part_rows=part_rows),
    ]
    process = subprocess.Popen(program, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for(happens: Callable[[], object], process: subprocess.Popen[str]) -> None:
    for _ in range(600):
        if happens():
            return
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.05)
    raise AssertionError("it never happened")


def test_a_killed_job_leaves_no_workers_and_goes_on(archive: Run, tiny_model: Path, tmp_path: Path) -> None:
    write_jsonl(Path("news.jsonl"), make_rows(300))
    with started(tiny_model, "news.jsonl", "--output", "out") as process:
        wait_for(lambda: len(list(tmp_path.glob("out/articles/*"))) >= 2, process)
        workers = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait()
        psutil.wait_procs(workers, timeout=10)
        assert not [worker for worker in workers if worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE]
    assert len(list(tmp_path.glob("out/articles/*"))) < 30
    assert archive("news.jsonl", workers=2) == 0
    assert archive("news.jsonl", output="whole") == 0
    assert read_output(Path("out")) == read_output(Path("whole"))


def test_ctrl_c_finishes_the_parts_in_hand_and_says_how_to_go_on(
    archive: Run, tiny_model: Path, tmp_path: Path
) -> None:
    write_jsonl(Path("news.jsonl"), make_rows(600))
    with started(tiny_model, "news.jsonl", "--output", "out") as process:
        wait_for(lambda: list(tmp_path.glob("out/articles/*")), process)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them
        said = process.communicate(timeout=30)[1]
    assert process.returncode == 130
    assert "parts in hand" in said
    assert "the same command goes on" in said
    assert "Traceback" not in said
    assert 0 < len(list(tmp_path.glob("out/articles/*.parquet"))) < 60
    assert archive("news.jsonl") == 0
    assert len(read_output(Path("out"))["articles"]) == 600


def test_a_second_job_on_the_same_output_refuses(
    archive: Run, tiny_model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_jsonl(Path("news.jsonl"), make_rows(600))
    with started(tiny_model, "news.jsonl", "--output", "out", workers=1) as process:
        wait_for(lambda: list(tmp_path.glob("out/articles/*")), process)
        assert archive("news.jsonl") == 2
    assert "another job works in this folder" in caplog.text


def written(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_mtime_ns for file in folder.glob("statements/*")}


def test_nothing_is_done_twice_and_only_what_changed_is_done_again(archive: Run) -> None:
    write_archive(Path("in"))
    assert archive("in") == 1
    before, output = written(Path("out")), read_output(Path("out"))
    assert archive("in") == 1
    assert (written(Path("out")), read_output(Path("out"))) == (before, output)

    lines = Path("in/b.jsonl").read_text().splitlines()
    lines[15] = json.dumps({"id": "new", "text": "Something else was said on the same day."})
    Path("in/b.jsonl").write_text("\n".join([*lines, json.dumps({"id": "more", "text": make_text(9_999)})]))
    assert archive("in") == 1
    changed = {name for name, when in written(Path("out")).items() if before.get(name) != when}
    # The part of line 16 and the last one, which has a new line.
    assert sorted((name[0], name[-13:-8]) for name in changed) == [("b", "00001"), ("b", "00011")]
    assert archive("in", output="fresh") == 1
    assert read_output(Path("out")) == read_output(Path("fresh"))


def test_a_file_that_became_shorter_leaves_nothing_behind(archive: Run) -> None:
    write_jsonl(Path("news.jsonl"), make_rows(45))
    assert archive("news.jsonl") == 0
    write_jsonl(Path("news.jsonl"), make_rows(12))
    assert archive("news.jsonl") == 0
    assert len(read_output(Path("out"))["articles"]) == 12
    assert len(list(Path("out/articles").iterdir())) == 2


def test_when_the_first_of_two_equal_texts_goes_the_other_takes_its_place(archive: Run) -> None:
    write_jsonl(Path("a.jsonl"), [{"id": "a", "text": make_text(1)}])
    write_jsonl(Path("b.jsonl"), [{"id": "b", "text": make_text(1)}])
    assert archive("a.jsonl", "b.jsonl") == 0
    assert [row["duplicate_of"] for row in read_output(Path("out"))["articles"]] == [None, "a"]
    write_jsonl(Path("a.jsonl"), [{"id": "a", "text": make_text(2)}])
    assert archive("a.jsonl", "b.jsonl") == 0
    assert [row["duplicate_of"] for row in read_output(Path("out"))["articles"]] == [None, None]
    assert archive("a.jsonl", "b.jsonl", output="fresh") == 0
    assert read_output(Path("out")) == read_output(Path("fresh"))


def test_another_model_does_everything_again(archive: Run, tmp_path: Path) -> None:
    write_jsonl(Path("news.jsonl"), make_rows(25))
    assert archive("news.jsonl") == 0
    other = write_tiny_model(tmp_path / "other-model", seed=8)
    assert archive("news.jsonl", model=other) == 0
    assert archive("news.jsonl", model=other, output="fresh") == 0
    assert read_output(Path("out")) == read_output(Path("fresh"))
    assert len({row["model_id"] for row in read_output(Path("out"))["statements"]}) == 1


def test_another_column_for_ids_and_a_file_that_somebody_removed_are_noticed(archive: Run) -> None:
    write_jsonl(Path("news.jsonl"), make_rows(25))
    assert archive("news.jsonl") == 0
    assert archive("news.jsonl", "--id-column", "outlet") == 0
    assert {row["article_id"] for row in read_output(Path("out"))["articles"]} == {"Outlet 0", "Outlet 1", "Outlet 2"}
    next(iter(Path("out/statements").iterdir())).unlink()
    assert archive("news.jsonl", "--id-column", "outlet") == 0
    assert archive("news.jsonl", "--id-column", "outlet", output="fresh") == 0
    assert read_output(Path("out")) == read_output(Path("fresh"))


def test_a_new_column_reaches_all_parts(archive: Run) -> None:
    write_jsonl(Path("a.jsonl"), make_rows(15))
    assert archive("a.jsonl") == 0
    before = written(Path("out"))
    write_jsonl(Path("b.jsonl"), make_rows(5, start=90, section="World"))
    assert archive("a.jsonl", "b.jsonl") == 0
    assert {row["section"] for row in read_output(Path("out"))["articles"]} == {None, "World"}
    assert before.keys() < written(Path("out")).keys()


def test_inputs_that_are_gone_are_only_removed_when_asked_for(archive: Run, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("a", "b"):
        write_jsonl(Path(f"{name}.jsonl"), make_rows(5, start=ord(name)))
    assert archive("a.jsonl", "b.jsonl") == 0
    assert archive("b.jsonl") == 2
    assert "such as a.jsonl" in caplog.text
    assert archive("b.jsonl", "--prune") == 0
    assert {row["input"] for row in read_output(Path("out"))["articles"]} == {"b.jsonl"}


def test_a_full_disk_is_told_and_finished_parts_stay(
    archive: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=700k", "none", str(small)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a full disk is NOT tested: no right to mount a small one")
    try:
        write_jsonl(Path("news.jsonl"), make_rows(600))
        assert archive("news.jsonl", output="small/out") == 2
        assert "finished parts are valid" in caplog.text
        n_before = len(read_output(small / "out")["articles"])
        assert 0 < n_before < 600
        subprocess.run(["mount", "-o", "remount,size=20m", str(small)], check=True)
        assert archive("news.jsonl", output="small/out") == 0
        assert archive("news.jsonl", output="whole") == 0
        assert read_output(small / "out") == read_output(Path("whole"))
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_failing_disk_loses_no_finished_part(
    archive: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write_jsonl(Path("news.jsonl"), make_rows(45))
    write_part = OutputFolder.write_part

    def fail(self: OutputFolder, name: str, *tables: object) -> None:
        if name.endswith("00003"):
            raise OSError(28, "No space left on device")
        write_part(self, name, *tables)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(OutputFolder, "write_part", fail)
        assert archive("news.jsonl") == 2
    assert "No space left" in caplog.text
    assert len(read_output(Path("out"))["articles"]) == 30
    assert archive("news.jsonl") == 0
    assert len(read_output(Path("out"))["articles"]) == 45


def test_an_input_that_changed_is_done_again_though_the_start_that_saw_it_failed(
    archive: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_jsonl(Path("news.jsonl"), make_rows(12))
    assert archive("news.jsonl") == 0
    write_jsonl(Path("news.jsonl"), make_rows(12, start=500))
    write_part = OutputFolder.write_part

    def fail(self: OutputFolder, name: str, *tables: object) -> None:
        if name.endswith("00001"):  # the last: by then the whole input has been read
            raise OSError(28, "No space left on device")
        write_part(self, name, *tables)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(OutputFolder, "write_part", fail)
        assert archive("news.jsonl") == 2
    assert [row["article_id"] for row in read_output(Path("out"))["articles"]][-3:] == ["a509", "a10", "a11"]
    assert archive("news.jsonl") == 0
    assert archive("news.jsonl", output="fresh") == 0
    assert read_output(Path("out")) == read_output(Path("fresh"))


def test_no_article_takes_over_the_labels_of_a_text_that_has_changed(archive: Run) -> None:
    def write(text: str, *, cut: int = 0) -> None:
        rows = make_rows(25)
        rows[10]["text"] = text
        whole = gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode())
        Path("a.jsonl.gz").write_bytes(whole[: len(whole) - cut])

    write(make_text(700))
    assert archive("a.jsonl.gz") == 0
    write(make_text(800), cut=40)
    write_jsonl(Path("b.jsonl"), [{"id": "b", "text": make_text(800)}])
    assert archive("a.jsonl.gz", "b.jsonl") == 1
    assert "document 800" in read_output(Path("out"))["statements"][-1]["text"]
    write(make_text(800))
    assert archive("a.jsonl.gz", "b.jsonl") == 0
    assert archive("a.jsonl.gz", "b.jsonl", output="fresh") == 0
    assert read_output(Path("out")) == read_output(Path("fresh"))


def test_a_file_that_shrinks_while_it_is_read_is_told(
    archive: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # Long enough not to be in the reader's buffer as a whole.
    rows = make_rows(45, padding="x" * 20_000)
    path = write_jsonl(Path("news.jsonl"), rows)
    write_part = OutputFolder.write_part

    def shrink(self: OutputFolder, name: str, *tables: object) -> None:
        write_part(self, name, *tables)  # type: ignore[arg-type]
        os.truncate(path, 700_000)

    with monkeypatch.context() as patch:
        patch.setattr(OutputFolder, "write_part", shrink)
        assert archive("news.jsonl") == 1
    assert "was changed while it was read" in caplog.text
    output = read_output(Path("out"))
    assert [row["article_id"] for row in output["articles"]] == [f"a{n}" for n in range(30)]
    assert [row["place"] for row in output["rejects"]] == ["news.jsonl"]
    write_jsonl(path, rows)
    assert archive("news.jsonl") == 0
    assert archive("news.jsonl", output="whole") == 0
    assert read_output(Path("out")) == read_output(Path("whole"))


def test_the_record_says_what_was_labelled_with_what(archive: Run) -> None:
    write_jsonl(Path("news.jsonl"), make_rows(12))
    assert archive("news.jsonl") == 0
    with sqlite3.connect("out/manifest.sqlite") as connection:
        (row,) = connection.execute("SELECT name, n_bytes, sha256, n_parts FROM inputs")
        models = {model for (model,) in connection.execute("SELECT model FROM parts")}
    connection.close()
    assert row[:2] == ("news.jsonl", Path("news.jsonl").stat().st_size)
    assert len(row[2]) == 64
    assert row[3] == 2
    assert len(models) == 1
