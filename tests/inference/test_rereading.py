"""What a second pass puts in front of a statement."""

from __future__ import annotations

from claimbasis import Prediction, Span, Statement
from claimbasis.inference.rereading import plan_second_pass
from claimbasis.windows import Window

TEXTS = (
    "Tim Rock, spokesman for the agency, said roads were closed.",
    "It rained.",
    "Rock said more rain would come.",
    "He called for help.",
    "Nobody answered.",
)


def make_predictions(sources: dict[int, tuple[int, str]]) -> tuple[list[Statement], list[Prediction]]:
    """Statements, and predictions in which some have a source: the statement where it stands, and its words."""
    statements, start = [], 0
    for index, text in enumerate(TEXTS):
        statements.append(Statement(index, start, start + len(text), text))
        start += len(text) + 1
    predictions = []
    for index, statement in enumerate(statements):
        source = None
        if index in sources:
            place, words = sources[index]
            begin = statements[place].start + TEXTS[place].index(words)
            source = Span("source", begin, begin + len(words), words)
        predictions.append(Prediction(statement, {}, (), source=source))
    return statements, predictions


def test_a_statement_is_read_behind_those_that_tell_whose_word_it_is() -> None:
    sources = {0: (0, "Tim Rock"), 2: (2, "Rock"), 3: (2, "Rock")}
    assert plan_second_pass(range(5), *make_predictions(sources)) == [
        Window(0, 1, 0),
        Window(1, 2, 1),
        Window(2, 3, 2),
        Window(2, 3, 2, before=(0,)),
        Window(3, 4, 3),
        Window(3, 4, 3, before=(0, 2)),
        Window(4, 5, 4),
    ]


def test_only_what_is_asked_for_is_planned() -> None:
    assert plan_second_pass([1], *make_predictions({})) == [Window(1, 2, 1)]
    assert plan_second_pass([], *make_predictions({})) == []
