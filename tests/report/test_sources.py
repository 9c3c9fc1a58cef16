from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from rich.console import Console

from claimbasis import ArticlePrediction, Prediction, Statement
from claimbasis.report.selection import Selection
from claimbasis.report.sources import summarise_sources
from claimbasis.report.table import render_table
from claimbasis.types import Span

Predict = Callable[..., ArticlePrediction]
ATTACK = """<img src=x onerror=alert(1)>"' & x"""
TEXT = (
    "Envoy Irina Valkova told Tass that talks had failed. It was a shame. She wept, Mrs. Valkova said.\n\n"
    f"{ATTACK} told us so."
)
STATEMENTS = [
    ("Envoy Irina Valkova told Tass that talks had failed.", (0.1, 0.9, 0.1)),
    ("It was a shame.", (0.1, 0.8, 0.1)),
    ("She wept, Mrs. Valkova said.", (0.1, 0.7, 0.6)),
    (f"{ATTACK} told us so.", (0.1, 0.2, 0.1)),
]


@pytest.fixture
def article(predict: Predict, rest_on: Predict) -> ArticlePrediction:
    return rest_on(
        predict(TEXT, STATEMENTS),
        {
            0: {"source": "Envoy Irina Valkova", "cue": "told", "relay": "Tass"},
            1: {"source": "Envoy Irina Valkova"},
            2: {"source": "Mrs. Valkova", "cue": "said"},
            3: {"source": ATTACK},
        },
        [(0, "source", "Envoy Irina Valkova"), (0, "cue", "told"), (2, "source", "She")],
    )


def _predict(names: Sequence[str | None]) -> list[Prediction]:
    return [
        Prediction(Statement(n, n, n + 1, "x"), {}, ("officially_attributed",) if n else (), source=name and Span("source", n, n, name))  # type: ignore[arg-type]
        for n, name in enumerate(names)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["the ministry", "The Ministry", "ministry’s"], [("the ministry", 3)]),
        (["Envoy Irina Valkova", "Irina Valkova", "Ms. Valkova"], [("Envoy Irina Valkova", 3)]),
        (["Irina Valkova, an envoy", "Valkova"], [("Irina Valkova, an envoy", 2)]),
        (["Irina Valkova", "Irina Valkova, an envoy"], [("Irina Valkova", 2)]),
        (["the bank's chief, Ann Hill,", "Hill"], [("the bank's chief, Ann Hill", 2)]),
        (["Ann Smith", "John Smith", "Smith"], [("Ann Smith", 1), ("John Smith", 1), ("Smith", 1)]),
        (["two officials", "officials"], [("two officials", 1), ("officials", 1)]),
        (["Valkova", "Irina Valkova"], [("Valkova", 1), ("Irina Valkova", 1)]),
        (["she", "She", None], [("she", 2)]),
        (["the", "—"], [("the", 1), ("—", 1)]),
        ([None, "Reuters", "Police", "Police"], [("Police", 2), ("Reuters", 1)]),
    ],
)
def test_names_of_one_source_are_put_together(names: list[str | None], expected: list[tuple[str, int]]) -> None:
    assert [(source.name, source.n_statements) for source in summarise_sources(_predict(names))] == expected


def test_a_source_tells_its_labels_and_its_other_names() -> None:
    (source,) = summarise_sources(_predict(["Irina Valkova", "Valkova", "VALKOVA", "irina valkova"]))
    assert (source.labels, source.other_names) == ({None: 1, "officially_attributed": 3}, ["Valkova"])


def test_the_page_underlines_source_cue_and_relay_and_lists_the_sources(article: ArticlePrediction) -> None:
    page = article.to_html()
    start = TEXT.index("told")
    for part in (
        '<span class="source" id="p1-0">Envoy Irina Valkova</span> ',
        f'<span class="cue" id="p1-{start}">told</span> <span class="relay" id="p1-{start + 5}">Tass</span> that',
        'data-grounds="p1-0">It was a shame.</span>',
        'source: Envoy Irina Valkova; cue: told; relay: Tass"',
        '<a href="#p1-0">Envoy Irina Valkova</a>',
        "who passed it on",
    ):
        assert part in page
    assert "also: Mrs. Valkova" in page
    assert "<img" not in page
    assert "0 statements have none" in page


def test_without_spans_the_page_does_not_speak_of_sources(predict: Predict) -> None:
    page = predict(TEXT, STATEMENTS).to_html()
    assert "Sources</h" not in page
    assert "who passed it on" not in page


def test_spans_that_overlap_lose_no_word(predict: Predict, rest_on: Predict) -> None:
    prediction = rest_on(
        predict(TEXT, STATEMENTS),
        {0: {"source": "Envoy Irina Valkova told", "cue": "told Tass", "relay": "failed. It was"}},
    )
    page = prediction.to_html()
    assert (
        '<span class="source" id="p1-0">Envoy Irina Valkova </span><span class="source cue" id="p1-20">told</span>'
        in page
    )
    assert ">failed.</span></span>" in page  # a span ends with the statement in which it begins


def test_a_notebook_shows_them_without_anchors(article: ArticlePrediction) -> None:
    made = article._repr_html_()
    assert '<span class="relay">Tass</span>' in made
    assert 'id="p1' not in made


def test_the_terminal_names_a_source_that_stands_elsewhere(article: ArticlePrediction) -> None:
    console = Console(width=100, force_terminal=True, color_system="standard")
    with console.capture() as capture:
        console.print(render_table(article, Selection()))
    printed = capture.get()
    assert "\x1b[1;4mEnvoy Irina Valkova\x1b[0m \x1b[4mtold\x1b[0m" in printed
    assert printed.count("← Envoy Irina Valkova") == 1
