from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from claimbasis import CorpusError
from claimbasis.cli import main
from claimbasis.cli.corpus.files import write_csv
from claimbasis.codebook import parse_codebook, shipped_codebook
from claimbasis.corpus.annotated import read_corpus
from claimbasis.corpus.answers import parse_labels, read_answers
from claimbasis.corpus.label_studio import render_form
from claimbasis.corpus.questions import Question, choose_questions
from claimbasis.corpus.scored_rows import ScoredStatement, read_scored_articles

LABELS = ("anonymous_sourced", "officially_attributed", "action_corroborated")
THRESHOLDS = dict.fromkeys(LABELS, 0.5)


def scored(article_id: str, *statements: tuple[str, float]) -> list[ScoredStatement]:
    """An article's rows, each with the score of its first label; those of the others are far from any threshold."""
    return [
        ScoredStatement(article_id, n, text, {LABELS[0]: score, LABELS[1]: 0.01, LABELS[2]: 0.99}, "m")
        for n, (text, score) in enumerate(statements)
    ]


def ask(articles: Iterable[list[ScoredStatement]], **options: Any) -> list[Question]:
    return list(choose_questions(articles, THRESHOLDS, **({"n": 10, "per_article": 1} | options)).questions)


def test_the_least_certain_come_first_and_few_of_one_article() -> None:
    articles = [
        scored("a", ("Aides spoke.", 0.45), ("It rained.", 0.99), ("Some hope.", 0.52)),
        scored("b", ("Tanks came.", 0.9), ("Envoys met.", 0.7)),
    ]
    assert [q.text for q in ask(articles)] == ["Some hope.", "Envoys met."]
    assert [q.text for q in ask(articles, per_article=2)] == [
        "Some hope.",
        "Aides spoke.",
        "Envoys met.",
        "Tanks came.",
    ]
    assert [q.text for q in ask(articles, n=1)] == ["Some hope."]


def test_the_threshold_counts_and_not_one_half() -> None:
    rows = scored("a", ("Aides spoke.", 0.5), ("It rained.", 0.72))
    (question,) = choose_questions([rows], THRESHOLDS | {LABELS[0]: 0.7}, n=1, per_article=1).questions
    assert question.text == "It rained."


def test_near_duplicates_are_asked_once() -> None:
    texts = (
        "The board said the pier would stay shut until spring.",
        "The board said the pier will stay shut until spring!",
    )
    articles = [scored(name, (text, 0.5)) for name, text in zip("ab", texts, strict=True)]
    assert [q.article_id for q in ask(articles)] == ["a"]


def test_a_question_has_the_statements_around_it() -> None:
    rows = scored("a", *((f"S{n}\n is here.", 0.5 if n == 8 else 0.1) for n in range(12)))
    (question,) = ask([rows], n=1)
    assert question.before.startswith("S2 is here. S3 is here.")
    assert (question.text, question.after) == ("S8 is here.", "S9 is here. S10 is here.")
    assert question.to_row()["labels"] == ""
    (question,) = ask([[rows[0], rows[7], rows[8], rows[11]]], n=1)  # as label --only writes them
    assert (question.before, question.after) == ("S7 is here.", "")
    assert not {"scores", "label"} & question.to_row().keys()


def test_rows_of_another_model_are_refused() -> None:
    with pytest.raises(CorpusError, match="--model"):
        choose_questions([scored("a", ("Aides spoke.", 0.5))], {"rumour": 0.5}, n=1, per_article=1)


def test_rows_are_read_from_an_archive(tmp_path: Path) -> None:
    (tmp_path / "news.jsonl").write_text(
        "\n".join(json.dumps({"id": name, "text": "Two aides spoke. Tanks crossed the river."}) for name in "ab"),
        encoding="utf-8",
    )
    output = tmp_path / "labels"
    assert main(["archive", str(tmp_path / "news.jsonl"), "--output", str(output), "--workers", "1"]) == 0
    articles = list(read_scored_articles([output]))
    assert [[row.text for row in rows] for rows in articles] == [["Two aides spoke.", "Tanks crossed the river."]] * 2
    assert articles[0][0].scores.keys() == set(LABELS)
    (tmp_path / "empty").mkdir()
    with pytest.raises(CorpusError, match="no Parquet"):
        list(read_scored_articles([tmp_path / "empty"]))
    with pytest.raises(CorpusError, match=r"news\.jsonl:1: no statement with scores"):
        list(read_scored_articles([tmp_path / "news.jsonl"]))


@pytest.mark.parametrize(
    ("written", "codes"),
    [
        ("", None), (None, None), ([], None), ("A", "A"), ("a", "A"), ("CO", "CO"), ("none", "N"), ("official, action", "OC"),
        ("anonymous_sourced officially_attributed", "AO"), (["action_corroborated", "media or document"], "CM"),
        (" Anonymous ; A ", "A"), ("named private person", "P"),
    ],
)  # fmt: skip
def test_labels_may_be_written_in_several_ways(written: Any, codes: str | None) -> None:
    assert parse_labels(written, shipped_codebook()) == codes


@pytest.mark.parametrize("written", ["oficial", "AX", "none, A"])
def test_other_labels_are_refused(written: str) -> None:
    with pytest.raises(CorpusError):
        parse_labels(written, shipped_codebook())


def test_letters_that_differ_in_case_alone_are_told_apart() -> None:
    labels = "".join(
        f'[[labels]]\nname = "{name}"\ncode = "{code}"\n' for name, code in (("opinion", "a"), ("fact", "A"))
    )
    codebook = parse_codebook(f'version = "1"\n{labels}')
    assert [parse_labels(written, codebook) for written in ("a", "A", "aA")] == ["a", "A", "aA"]


def test_none_is_an_answer_also_without_a_code_for_it() -> None:
    codebook = parse_codebook('version = "1"\n[[labels]]\nname = "opinion"\ncode = "o"\n')
    assert (parse_labels("none", codebook), parse_labels("", codebook), parse_labels("Opinion", codebook)) == (
        "",
        None,
        "o",
    )
    form = ElementTree.fromstring(render_form(codebook))  # noqa: S314  # our own
    assert [choice.get("value") for choice in form.iter("Choice")] == ["opinion", "none"]


QUESTIONS = [
    Question("007", 3, "It was late.", "=SUM was not what he meant, aides said.", "He left."),
    Question("b", 0, "", "„Panzer“ crossed the river – at dawn.", ""),
    Question("c", 1, "She spoke.", "It rained.", "It snowed."),
]


def fill(
    path: Path, answers: dict[str, str], *, delimiter: str = ",", encoding: str = "utf-8-sig", **cells: str
) -> None:
    """Fills in a CSV file as a spreadsheet would save it."""
    rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    for row in rows:
        row |= {"labels": answers.get(row["article_id"], "")} | (cells if row["article_id"] == "c" else {})
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, rows[0], delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    write_csv(tmp_path / "ask.csv", (question.to_row() for question in QUESTIONS))
    return tmp_path / "ask.csv"


@pytest.mark.parametrize(("delimiter", "encoding"), [(",", "utf-8-sig"), (";", "cp1252"), ("\t", "utf-16")])
def test_a_spreadsheet_comes_back_as_annotated_articles(
    asked: Path, delimiter: str, encoding: str, tmp_path: Path
) -> None:
    fill(asked, {"007": "anonymous", "b": "C"}, delimiter=delimiter, encoding=encoding)
    assert main(["corpus", "answers", str(asked), "--output", str(tmp_path / "marked.jsonl")]) == 0
    first, second = read_corpus([tmp_path / "marked.jsonl"])
    assert (first.article.id, first.whole_id, [s.codes for s in first.statements]) == ("007#3", "007", ["A"])
    assert first.statements[0].statement.text == "=SUM was not what he meant, aides said."
    assert [s.text for s in first.context()] == ["It was late."]
    assert first.article.text.endswith("said. He left.")
    assert (second.article.id, second.statements[0].statement.text) == ("b#0", QUESTIONS[1].text)


def test_half_filled_files_say_what_is_left(asked: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    output = str(tmp_path / "marked.jsonl")
    assert main(["corpus", "answers", str(asked), "--output", output]) == 2
    assert "nobody has filled in labels (3 rows)" in caplog.text
    fill(asked, {"b": "none"})
    other = asked.with_name("other.csv")
    other.write_bytes(asked.read_bytes())
    assert main(["corpus", "answers", str(asked), str(other), "--output", output]) == 0
    assert "1 statements, 4 left out without an answer, 1 answered twice alike" in caplog.text


def test_changed_words_unknown_labels_and_two_answers_are_refused(asked: Path) -> None:
    def refuse(reason: str) -> None:
        with pytest.raises(CorpusError, match=reason) as caught:
            read_answers([asked.with_name("first.csv"), asked], shipped_codebook())
        assert str(caught.value).startswith(f"{asked}:4: ")

    asked.with_name("first.csv").write_bytes(asked.read_bytes())
    fill(asked, {"c": "oficial"})
    refuse(r"'oficial' is not in codebook .* anonymous_sourced \(A\)")
    fill(asked, {"c": "C"}, text="It rained a lot.")
    refuse("words, id or index of the question were changed")
    fill(asked, {"c": "C"}, text=" It rained. ", index="2")
    refuse("were changed")
    fill(asked, {"c": "C"}, text=" It rained. ", index="1")
    fill(asked.with_name("first.csv"), {"c": "N"})
    refuse("says C of a statement of which .* says N")


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    for name, content in (
        ("a.jsonl", '{"labels": "A"}'),
        ("a.csv", "labels,text\nA,x\n"),
        ("b.csv", "article_id,index,before,text,after,hash\na,0,,It rained.,,h1\n"),
        ("a.json", '{"a": 1}'),
    ):
        (tmp_path / name).write_text(content, encoding="utf-8")
        with pytest.raises(CorpusError, match=name):
            read_answers([tmp_path / name], shipped_codebook())
    with pytest.raises(CorpusError, match="cannot be read"):
        read_answers([tmp_path / "gone.csv"], shipped_codebook())


def test_label_studio_there_and_back(tmp_path: Path) -> None:
    rows, tasks = tmp_path / "rows.jsonl", tmp_path / "ask.json"
    article = tmp_path / "a.txt"
    article.write_text("Two aides spoke. Tanks crossed the river. Analysts doubt it.", encoding="utf-8")
    assert main(["label", str(article), "--output", str(rows), "--format", "jsonl"]) == 0
    assert main(["corpus", "ask", str(rows), "--per-article", "3", "--output", str(tasks)]) == 0
    asked = json.loads(tasks.read_text(encoding="utf-8"))
    form = ElementTree.fromstring(tasks.with_suffix(".xml").read_text(encoding="utf-8"))  # noqa: S314  # our own
    assert {element.get("value", "")[1:] for element in form.iter("Text")} <= asked[0]["data"].keys()
    choices = [{"from_name": "labels", "to_name": "text", "type": "choices", "value": {"choices": ["official"]}}]
    exported = [
        task | {"id": n, "annotations": [{"result": choices, "was_cancelled": cancelled}]}
        for n, (task, cancelled) in enumerate(zip(asked, (False, True, True), strict=True))
    ]
    short = [asked[1]["data"] | {"id": 1, "labels": {"choices": ["anonymous_sourced", "action_corroborated"]}}]
    for name, content in (("export.json", exported), ("min.json", short)):
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    answers = read_answers([tmp_path / "export.json", tmp_path / "min.json"], shipped_codebook())
    assert [(q.text, codes) for q, codes in answers.codes.items()] == [
        (asked[0]["data"]["text"], "O"), (asked[1]["data"]["text"], "AC"),
    ]  # fmt: skip
    assert answers.n_empty == 2


def test_the_form_offers_every_code_of_the_codebook() -> None:
    form = ElementTree.fromstring(render_form(shipped_codebook()))  # noqa: S314  # our own
    assert [choice.get("value") for choice in form.iter("Choice")] == [
        *LABELS,
        "named private person",
        "media or document",
        "none",
    ]
