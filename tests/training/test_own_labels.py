"""Labels that nobody but their user knows, from a table to every place where a model's labels are shown."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest

from claimbasis import Classifier
from claimbasis.cli import main
from claimbasis.model import CARD_FILE, CODEBOOK_FILE, read_settings

pytest.importorskip("pyarrow", reason="archives are NOT tested: pip install 'claimbasis[dev]'")
pytest.importorskip("starlette.testclient", reason="the service is NOT tested: pip install 'claimbasis[dev]'")

CODEBOOK = """
version = "mine-3"
note = "Rumours can be right."

[[labels]]
name = "rumour"
code = "r"
short = "hearsay"
definition = "Told by somebody who asked for silence."

[[labels]]
name = "Amtlich"
code = "Ä"
definition = "Told by a ministry."

[[labels]]
name = "deed"
code = "3"
credits = false

[[labels]]
name = "doubt"
code = "?"
"""
ROWS = [
    ("the ministry said it .", "Amtlich"),
    ("aides asked not to be named .", "hearsay"),
    ("troops crossed the river .", "deed; Amtlich"),
    ("it is unclear .", ""),
]


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory, encoder: Path) -> Iterator[Path]:
    """A working directory with a model trained on a table, by the three commands of the how-to."""
    folder = tmp_path_factory.mktemp("own")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        Path("codes.toml").write_text(CODEBOOK.replace('"?"', '"d"'), encoding="utf-8")
        with Path("mine.csv").open("w", encoding="cp1252", newline="") as file:
            writer = csv.writer(file, delimiter=";")
            writer.writerow(["Aussage", "Art", "Artikel"])
            writer.writerows((f"{n}ä {text}", label, n) for n in range(12) for text, label in ROWS * 2)
        table = ["mine.csv", "--text-column", "Aussage", "--label-column", "Art", "--article-column", "Artikel"]
        assert (
            main(
                [
                    "corpus",
                    "import",
                    *table,
                    "--codebook",
                    "codes.toml",
                    "--recipe",
                    "mine.toml",
                    "--output",
                    "mine.jsonl",
                ]
            )
            == 0
        )
        settings = [f"encoder.base={encoder}", "encoder.dropout=0.0", "optimisation.learning_rate=5e-3", "windows.max_tokens=48",
                    "windows.overlap_tokens=8", "optimisation.patience=12", "optimisation.tokens_per_batch=256"]  # fmt: skip
        assert (
            main(["train", "mine.toml", *(part for one in settings for part in ("--set", one)), "--output", "model"])
            == 0
        )
        Path("news.txt").write_text("\n\n".join(text for text, _ in ROWS), encoding="utf-8")
        yield folder
    mlflow.set_tracking_uri("")


def test_the_codebook_travels_in_the_model_folder(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = read_settings(Path("model"))
    assert settings.labels == ("rumour", "Amtlich", "deed", "doubt")
    assert settings.codebook_version == "mine-3"
    assert {CODEBOOK_FILE, CARD_FILE} <= settings.files.keys()
    # Nobody marked a source, and so the model marks none.
    assert settings.roles == ()
    card = Path("model", CARD_FILE).read_text(encoding="utf-8")
    assert "`rumour`: Told by somebody who asked for silence." in card
    assert "96 statements of mine.csv" in card
    assert main(["info", "--model", "model"]) == 0
    assert "codebook mine-3" in (printed := capsys.readouterr().out)
    assert all(label in printed for label in settings.labels)


def test_labels_are_learned_and_given(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prediction = Classifier.load("model").predict(Path("news.txt").read_text(encoding="utf-8"))
    assert [set(item.labels) for item in prediction] == [{"Amtlich"}, {"rumour"}, {"deed", "Amtlich"}, set()]
    assert all(item.grounds == () for item in prediction)
    assert main(["label", "news.txt", "--model", "model", "--format", "csv", "--only", "rumour"]) == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert [name for name in row if name.startswith("score_")] == [
        "score_rumour",
        "score_Amtlich",
        "score_deed",
        "score_doubt",
    ]
    assert main(["label", "news.txt", "--model", "model", "--format", "table"]) == 0
    assert "4 statements: 1 hearsay, 2 Amtlich, 1 deed, 0 doubt, 1 none of these" in capsys.readouterr().out
    assert main(["label", "news.txt", "--model", "model", "--only", "anonymous"]) == 2


def test_the_report_shows_names_letters_and_what_they_mean(workplace: Path) -> None:
    assert main(["report", "news.txt", "--model", "model", "--output", "report.html"]) == 0
    page = Path("report.html").read_text(encoding="utf-8")
    for words in (
        "Told by a ministry.",
        "codebook mine-3",
        "Rumours can be right.",
        'data-labels="r"',
        "hearsay",
        "says no more of it",
    ):
        assert words in page
    assert "unnamed source" not in page
    assert main(["report", "news.txt", "--model", "model", "--output", "pages"]) == 0
    assert "hearsay" in Path("pages/index.html").read_text(encoding="utf-8")


def test_an_evaluation_counts_them(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["evaluate", "mine.jsonl", "--model", "model", "--output", "eval", "--baselines"]
    assert main([*arguments, "mine.jsonl"]) == 2  # simple systems would know the answers by heart
    rows = map(json.loads, Path("mine.jsonl").read_text(encoding="utf-8").splitlines())
    others = [row | {"id": f"other-{row['id']}", "text": f"{row['text']} More."} for row in rows]
    Path("others.jsonl").write_text("\n".join(map(json.dumps, others)), encoding="utf-8")
    assert main([*arguments, "others.jsonl"]) == 0
    assert "Amtlich" in capsys.readouterr().out
    numbers = json.loads(Path("eval/metrics.json").read_text(encoding="utf-8"))
    assert list(numbers["systems"]["alone"]["labels"]) == ["rumour", "Amtlich", "deed", "doubt"]
    by_code = {row["code"]: row for row in numbers["confusion"]}
    assert by_code[""]["n_statements"] == by_code["r"]["n_statements"] == 24
    assert by_code[""]["none_share"] == 1
    assert "Told" not in Path("eval/errors.html").read_text(encoding="utf-8")


def test_an_evaluation_under_another_codebook_is_refused(workplace: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert main(["evaluate", "mine.jsonl"]) == 2
    assert "do not fit codebook 1.1" in caplog.text


def test_an_archive_has_a_column_for_each(workplace: Path) -> None:
    import pyarrow.parquet  # noqa: PLC0415

    Path("news.jsonl").write_text(json.dumps({"id": "a", "text": Path("news.txt").read_text()}), encoding="utf-8")
    assert main(["archive", "news.jsonl", "--model", "model", "--output", "labels", "--workers", "1"]) == 0
    (article,) = pyarrow.parquet.read_table("labels/articles").to_pylist()
    assert (article["n_Amtlich"], article["n_rumour"], article["n_none"], article["share_deed"]) == (2, 1, 1, 0.25)
    assert "score_doubt" in pyarrow.parquet.read_table("labels/statements").column_names


def test_the_service_describes_them(workplace: Path) -> None:
    from starlette.testclient import TestClient  # noqa: PLC0415

    from claimbasis.serve.app import make_app  # noqa: PLC0415
    from claimbasis.serve.limits import Limits  # noqa: PLC0415

    with TestClient(make_app(Classifier.load("model"), Limits())) as client:
        home = client.get("/").text
        assert "Told by somebody who asked for silence." in home
        assert "codebook mine-3" in home
        described = client.get("/v1/model").json()
        assert {label["name"]: label["definition"] for label in described["labels"]}["Amtlich"] == "Told by a ministry."
        (article,) = client.post("/v1/label", json={"text": "aides asked not to be named ."}).json()["articles"]
        assert article["statements"][0]["label"] == "rumour"
        page = client.post("/report", data={"text": "the ministry said it ."}).text
        assert "Rumours can be right." in page


def test_one_label_is_enough(workplace: Path, encoder: Path) -> None:
    Path("flags.jsonl").write_text(
        "".join(
            json.dumps({"text": f"{n} {text}", "rumour": int("aides" in text)}) + "\n"
            for n in range(8)
            for text, _ in ROWS
        ),
        encoding="utf-8",
    )
    table = ["flags.jsonl", "--flag-column", "rumour", "--new-codebook", "one.toml", "--recipe", "one-label.toml"]
    assert main(["corpus", "import", *table, "--output", "one.jsonl"]) == 0
    assert main(["train", "one-label.toml", "--smoke", "--set", f"encoder.base={encoder}", "--output", "one"]) == 0
    (item,) = Classifier.load("one").predict("aides said it .")
    assert list(item.scores) == ["rumour"]
