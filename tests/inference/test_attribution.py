"""Who a statement rests on, from the spans in it and before it."""

from __future__ import annotations

import pytest

from claimbasis import Prediction, Span, Statement
from claimbasis.inference.attribution import attribute


def predict(index: int, source: str | None, *labels: str, text: str = "x" * 90) -> Prediction:
    statement = Statement(index, 100 * index, 100 * index + len(text), text)
    spans = () if source is None else (Span("source", 100 * index, 100 * index + len(source), source),)
    return Prediction(statement, {}, labels, spans)


def sources(*predictions: Prediction) -> list[str | None]:
    return [p.source.text if p.source else None for p in attribute(predictions, {"official", "anonymous"})]


def test_a_named_source_stands_for_itself() -> None:
    assert sources(predict(0, "Mr. Lavrov", "official"), predict(1, "two aides", "anonymous")) == [
        "Mr. Lavrov",
        "two aides",
    ]


@pytest.mark.parametrize(
    "pointer", ["He", "they", "her", "The official", "one of the people", "one of them", "another"]
)
def test_what_points_back_becomes_the_source_before_it(pointer: str) -> None:
    assert sources(predict(0, "two aides", "anonymous"), predict(1, pointer, "anonymous")) == ["two aides", "two aides"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It sparked the ire of Trump, who urged calm.", "Trump"),
        ("He was told so by the Greek defense minister, who said little.", "the Greek defense minister"),
        ("Chabot was one of many Republicans who said so.", "many Republicans"),
        ("It was put off by the president, who said little.", "the president"),
        ("Who said so?", "Walmart"),
    ],
)
def test_who_is_named_by_the_words_before_it(text: str, found: str) -> None:
    at = text.lower().index("who")
    statement = Statement(1, 100, 100 + len(text), text)
    span = Span("source", 100 + at, 103 + at, text[at : at + 3])
    before = predict(0, "Walmart", "official", text=f"{'Walmart':90}")
    _, who = attribute([before, Prediction(statement, {}, ("official",), (span,))], {"official"})
    assert who.source is not None
    assert who.source.text == found
    assert f"{before.statement.text:100}{text}"[who.source.start : who.source.end] == found


def test_who_is_no_source_beside_another() -> None:
    text = "Among buyers, who want little, Palmer said so."
    spans = tuple(Span("source", text.index(word), text.index(word) + len(word), word) for word in ("who", "Palmer"))
    (found,) = attribute([Prediction(Statement(0, 0, len(text), text), {}, (), spans)], {"official"})
    assert found.source is not None and found.source.text == "Palmer"


@pytest.mark.parametrize("name", ["The Kremlin", "the GOP", "This Washington"])
def test_names_behind_an_article_are_names(name: str) -> None:
    assert sources(predict(0, "Mr. Zelensky", "official"), predict(1, name, "official"))[1] == name


def test_a_quotation_that_runs_on_keeps_its_source_but_deeds_and_opinions_have_none() -> None:
    found = sources(
        predict(0, "the mayor of Lviv", "official"),
        predict(1, None, "official"),
        predict(2, None, "action"),
        predict(3, None),
    )
    assert found == ["the mayor of Lviv", "the mayor of Lviv", None, None]


@pytest.mark.parametrize(
    "text", ['"Everyone knew it."', "“Everyone knew it.”", 'And I believed it."', "And I believed it.”"]
)
def test_a_private_persons_quotation_runs_on_without_a_label(text: str) -> None:
    assert (
        sources(predict(0, "Ann Okoro, who sells bait"), predict(1, None, text=text))[1] == "Ann Okoro, who sells bait"
    )


@pytest.mark.parametrize("text", ['The firm makes what it calls "clean fuel"', "'90s rock is back."])
def test_words_in_quotation_marks_are_no_quotation(text: str) -> None:
    assert sources(predict(0, "Ann Okoro"), predict(1, None, text=text)) == ["Ann Okoro", None]


def test_where_labels_credit_nobody_quotations_do_not_either() -> None:
    found = attribute([predict(0, "Ann Okoro"), predict(1, None, text='"Everyone knew it."')], frozenset())
    assert found[1].source is None


def test_a_source_far_back_is_not_guessed_at() -> None:
    between = [predict(index, None) for index in range(1, 8)]
    assert sources(predict(0, "two aides", "anonymous"), *between, predict(8, None, "anonymous"))[-1] is None


def test_a_pronoun_without_anybody_before_it_is_shown_as_it_stands() -> None:
    assert sources(predict(0, "He", "official")) == ["He"]


def test_unnamed_sources_are_not_whoever_was_quoted_last() -> None:
    predictions = [
        predict(0, "two aides", "anonymous"),
        predict(1, "the prime minister's office", "official"),
        predict(2, "The sources", "anonymous"),
    ]
    found = attribute(predictions, {"official", "anonymous"}, unnamed={"anonymous"})
    assert found[2].source == found[0].source
    alone = attribute(predictions[1:], {"official", "anonymous"}, unnamed={"anonymous"})
    assert alone[1].source == Span("source", 200, 211, "The sources")


def test_a_doubtful_source_counts_where_there_is_no_other() -> None:
    predictions = [predict(0, None, "official"), predict(1, "Mr. Lavrov", "official"), predict(2, None)]
    aides = Span("source", 3, 12, "two aides")
    found = attribute(predictions, {"official"}, doubtful=lambda index: None if index == 2 else aides)
    assert [p.source.text if p.source else None for p in found] == ["two aides", "Mr. Lavrov", None]
