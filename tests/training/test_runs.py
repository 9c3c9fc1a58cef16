"""Runs after they are done: listed, compared, repeated."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import mlflow
import pytest

from claimbasis import ModelError
from claimbasis.cli import main
from claimbasis.model import read_settings
from claimbasis.training.run_table import order_runs, render_runs, summarise
from claimbasis.training.store import RunRecord, pick_run

NOON = datetime.datetime(2030, 1, 1, 12, tzinfo=datetime.UTC)
SHORT = ("--set", "optimisation.epochs=3", "--set", "encoder.dropout=0.2", "--set", "windows.reading=alone")


@pytest.fixture
def store(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # MLflow keeps one store an address open for the whole process: a relative one would be that of an earlier test.
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{workplace}/mlflow.db")


def make_run(run_id: str, parent_id: str | None = None, *, minutes_ago: int = 0, **metrics: float) -> RunRecord:
    started = NOON - datetime.timedelta(minutes=minutes_ago)
    return RunRecord(run_id, parent_id, "a name", "FINISHED", started, {"train_hash": "0123456789"}, metrics, {})


def list_json(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    capsys.readouterr()
    assert main(["runs", "--format", "json"]) == 0
    return list(json.loads(capsys.readouterr().out))


def test_a_store_without_runs_says_what_to_do_and_leaves_nothing_behind(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert list_json(capsys) == []
    assert "claimbasis train experiments/" in caplog.text
    assert main(["compare", "abcd1234", "abcd5678"]) == 2
    assert "abcd1234: not among the 0 runs" in caplog.text
    assert list(tmp_path.iterdir()) == []


def test_the_newest_comes_first_and_parts_stand_below_their_run() -> None:
    runs = [make_run("new"), make_run("late", "old", minutes_ago=5), make_run("early", "old", minutes_ago=8)]
    runs += [make_run("orphan", "deleted", minutes_ago=30), make_run("old", minutes_ago=9)]
    ordered = [(depth, run.run_id) for depth, run in order_runs(runs)]
    assert ordered == [(0, "new"), (0, "old"), (1, "early"), (1, "late"), (0, "orphan")]


def test_a_row_tells_score_cost_and_age() -> None:
    run = make_run(
        "abcdefghij", minutes_ago=150, macro_f1=0.8126, macro_f1_low=0.79, macro_f1_high=0.83, calibration_error=0.031,
        model_bytes=23_400_000, statements_per_second=84.6,
    )  # fmt: skip
    seeds = make_run("klmnopqrst", macro_f1_mean=0.8, macro_f1_sd=0.004)
    table = render_runs([run, seeds, make_run("empty")], NOON)
    cells = [list(column.cells) for column in table.columns]
    assert cells[0] == ["empty", "klmnopqr", "abcdefgh"]
    assert cells[4] == ["-", "0.800 ± 0.004", "0.813 [0.790, 0.830]"]
    assert [column[-1] for column in cells[5:]] == ["0.031", "23.4 MB", "85", "finished", "2 h"]


def test_an_id_may_be_shortened_while_it_is_the_only_one() -> None:
    runs = [make_run("abcd1"), make_run("abcd2")]
    assert pick_run(runs, "abcd2") is runs[1]
    with pytest.raises(ModelError, match="2 ids begin so"):
        pick_run(runs, "abcd")
    with pytest.raises(ModelError, match="4 characters"):
        pick_run(runs, "abc")


@pytest.mark.slow
def test_a_run_comes_back_number_for_number_and_is_compared(
    workplace: Path, store: None, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert main(["train", "recipe.toml", "--set", "seeds=[7]", *SHORT]) == 0
    parent, child = list_json(capsys)
    assert (parent["seeds"], child["seeds"], child["parent_id"]) == ([7], [7], parent["run_id"])
    assert child["macro_f1_low"] <= child["macro_f1"] <= child["macro_f1_high"]
    assert parent["macro_f1"] == child["macro_f1"]
    assert child["model_bytes"] > 1000
    assert child["statements_per_second"] > 0
    recorded = mlflow.get_run(parent["run_id"]).data.metrics
    assert recorded["baseline_most_frequent_macro_f1"] < recorded["baseline_tfidf_macro_f1"]
    assert recorded["gain_over_tfidf"] == recorded["macro_f1_mean"] - recorded["baseline_tfidf_macro_f1"]
    assert "over TF-IDF with logistic regression" in caplog.text
    command = ["train", "--run", str(child["run_id"])[:8]]
    assert (
        f"claimbasis train --run {child['run_id']}" in mlflow.get_run(child["run_id"]).data.tags["mlflow.note.content"]
    )

    # The same recipe, data and seed: the same weights, and so the same scores.
    assert main(command) == 0
    assert "the same" in caplog.text
    assert "may differ" not in caplog.text
    (again,) = workplace.glob(f"runs/repeat-of-{child['run_id']}/seed-7/model")
    (first,) = workplace.glob("runs/tiny-*/seed-7/model")
    assert read_settings(again).run_id != child["run_id"]
    for name in ("model.fp32.onnx", "model.int8.onnx"):
        assert read_settings(again).files[name] == read_settings(first).files[name]
    assert read_settings(again).scores == read_settings(first).scores

    # Another seed is another model; both are found, and the recorded dev articles are what they are compared on.
    assert main(["train", "recipe.toml", "--set", "seeds=[8]", *SHORT]) == 0
    other = list_json(capsys)[0]
    capsys.readouterr()
    assert main(["compare", str(first), str(other["run_id"])[:8], "--output", "page.html"]) == 0
    printed = capsys.readouterr().out
    assert "6 articles, 72 statements" in printed
    assert "wrong → right" in printed
    assert "<svg" in Path("page.html").read_text(encoding="utf-8")
    (compared,) = mlflow.search_runs(
        experiment_names=["claimbasis"], filter_string="tags.`claimbasis.compares` != ''", output_format="list"
    )
    assert {a.path for a in mlflow.MlflowClient().list_artifacts(compared.info.run_id)} == {
        "changed_statements.svg", "difference.svg"
    }  # fmt: skip
    assert "f1_difference_macro_low" in compared.data.metrics
    assert len(list_json(capsys)) == 6  # comparisons are no trainings

    # Data that have changed are no data of this run.
    Path("train.jsonl").write_text(Path("train.jsonl").read_text().replace('"O"', '"A"', 1), encoding="utf-8")
    assert main(command) == 2
    assert "train_hash was" in caplog.text
    assert main([*command, "--smoke"]) == 2


def test_simple_systems_train_with_the_same_command_and_leave_the_same_record(
    workplace: Path, store: None, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    Path("phrases.txt").write_text("not to be named\n", encoding="utf-8")
    for name, more in (("words", ["system=tfidf"]), ("list", ["system=phrases", "data.phrases=phrases.txt"])):
        overrides = [part for value in (f"name={name}", "seeds=[0]", *more) for part in ("--set", value)]
        assert main(["train", "recipe.toml", *overrides]) == 0
    _, phrases, _, words = list_json(capsys)
    assert (phrases["system"], words["system"]) == ("phrases", "tfidf")
    # Every unnamed source has the phrase, and nothing else is looked for: F1 of 1, 0 and 0.
    assert phrases["macro_f1"] == pytest.approx(1 / 3)
    assert words["macro_f1"] == 1
    run = mlflow.get_run(words["run_id"])
    assert {
        "macro_f1_low",
        "f1_anonymous_sourced",
        "calibration_error",
        "statements_per_second",
    } <= run.data.metrics.keys()
    artifacts = {a.path for a in mlflow.MlflowClient().list_artifacts(words["run_id"])}
    assert artifacts == {"environment.txt", "precision_recall.svg", "reliability.svg"}

    assert main(["compare", str(phrases["run_id"]), str(words["run_id"])]) == 0
    assert "the second is better" in capsys.readouterr().out
    assert main(["train", "--run", str(words["run_id"])]) == 0
    assert "it was 1.000000: the same" in caplog.text
    assert main(["train", "recipe.toml", "--set", "system=phrases"]) == 2
    assert "needs data.phrases" in caplog.text


def test_commit_and_environment_that_differ_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from claimbasis.training import repeat  # noqa: PLC0415

    run = make_run("abcd1")
    run.params["git_commit"] = "1234567"
    monkeypatch.setattr(repeat, "git_commit", lambda: "7654321-dirty")
    monkeypatch.setattr(repeat, "read_text", lambda *_: "numpy==1\ntorch==2")
    monkeypatch.setattr(repeat, "environment", lambda: ["numpy==1", "torch==3"])
    assert repeat.describe_changes(run) == [
        "commit was 1234567, is 7654321-dirty",
        "environment: torch==2 (then), torch==3 (now)",
    ]
    assert summarise(run).macro_f1 is None
