from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from claimbasis import ArticlePrediction
from claimbasis.report.page import render_page

if TYPE_CHECKING:
    from playwright.sync_api import Page

Predict = Callable[..., ArticlePrediction]
OpenPage = Callable[..., "Page"]
TEXT = "Envoy Irina Valkova told Tass that talks had failed.\n\nTwo sources saw tanks. It was a shame. Nobody knows."
STATEMENTS = [
    ("Envoy Irina Valkova told Tass that talks had failed.", (0.1, 0.9, 0.1)),
    ("Two sources saw tanks.", (0.93, 0.04, 0.61)),
    ("It was a shame.", (0.1, 0.7, 0.1)),
    ("Nobody knows.", (0.2, 0.1, 0.3)),
]
ATTACK = "<script>alert(1)</script><img src=x onerror=alert(1)>\"' onmouseover='alert(1) </title></style>"


@pytest.fixture
def article(predict: Predict, rest_on: Predict) -> ArticlePrediction:
    prediction = predict(TEXT, STATEMENTS, title="Talks", outlet="Daily", date="2026-03-04")
    first = {"source": "Envoy Irina Valkova", "cue": "told", "relay": "Tass"}
    return rest_on(prediction, {0: first, 2: {"source": "Envoy Irina Valkova"}})


@pytest.fixture
def show(open_page: OpenPage, tmp_path: Path) -> OpenPage:
    """Opens a report of predictions."""

    def show(*predictions: ArticlePrediction, fragment: str = "", **options: Any) -> Page:
        file = tmp_path / "page.html"
        file.write_text(render_page(predictions), encoding="utf-8")
        return open_page(f"file://{file}{fragment}", **options)

    return show


def test_the_filter_shows_what_is_wanted_and_counts_it(show: OpenPage, article: ArticlePrediction) -> None:
    page = show(article)
    count = page.locator("#count")
    assert count.inner_text() == "4 of 4 statements"
    page.get_by_role("checkbox", name="official").uncheck()
    assert count.inner_text() == "2 of 4 statements"
    assert page.locator(".statement.off").all_inner_texts() == [STATEMENTS[0][0], STATEMENTS[2][0]]
    page.get_by_role("button", name="All").click()
    page.get_by_label("from score").fill("0.9")
    assert count.inner_text() == "2 of 4 statements"
    assert page.locator(".strip a").count() == 5  # one statement has two labels
    assert page.locator(".strip a.off").count() == 2


def test_the_keyboard_alone_reaches_every_statement(show: OpenPage, article: ArticlePrediction) -> None:
    page = show(article)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the text"
    page.get_by_role("checkbox", name="none of these").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Next").focus()
    told = []
    for _ in range(4):
        page.keyboard.press("Enter")
        told.append(page.evaluate("document.activeElement.getAttribute('aria-label')"))
        page.get_by_role("button", name="Next").focus()
    assert [words.split(":")[0] for words in told] == [
        "O, statement 1", "AC, statement 2", "O, statement 3", "O, statement 1",
    ]  # fmt: skip
    assert told[2].endswith("official 0.70, action 0.10; source: Envoy Irina Valkova")


def test_pointer_and_focus_show_scores_and_whom_a_statement_rests_on(
    show: OpenPage, article: ArticlePrediction
) -> None:
    page = show(article)
    panel = page.locator("#scores")
    page.locator("#s1-2").hover()
    assert panel.locator("tr").all_inner_texts() == [
        "A anonymous\t\n\t0.93",
        "O official\t\n\t0.04",
        "C action\t\n\t0.61",
    ]
    assert panel.locator("dd").all_inner_texts() == []
    page.locator("#s1-3 + button").focus()
    assert panel.locator("dt, dd").all_inner_texts() == ["source", "Envoy Irina Valkova (statement 1)"]
    assert page.locator(".lit").inner_text() == "Envoy Irina Valkova"
    page.keyboard.press("Escape")
    assert not panel.is_visible()
    assert page.locator(".lit").count() == 0
    page.locator("#s1-1").hover()
    assert panel.locator("dd").all_inner_texts() == ["Envoy Irina Valkova", "told", "Tass"]


def test_a_bar_and_a_source_lead_to_their_place(show: OpenPage, article: ArticlePrediction) -> None:
    page = show(article)
    page.locator(".strip a").first.click()
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("AC, statement 2")
    page.get_by_role("link", name="Envoy Irina Valkova").click()
    assert page.locator(":target").inner_text() == "Envoy Irina Valkova"


def test_an_address_with_a_statement_goes_there(show: OpenPage, article: ArticlePrediction) -> None:
    page = show(article, fragment="#s1-3")
    page.locator("#scores").get_by_text("statement 3").wait_for()


def test_colours_follow_the_system_and_the_button(show: OpenPage, article: ArticlePrediction) -> None:
    def background(page: Page) -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    page = show(article, color_scheme="dark")
    button = page.get_by_role("button", name="Dark colours")
    assert (background(page), button.get_attribute("aria-pressed")) == ("rgb(22, 22, 22)", "true")
    button.click()
    assert (background(page), button.get_attribute("aria-pressed")) == ("rgb(247, 247, 245)", "false")
    page.emulate_media(media="print", color_scheme="dark")
    assert background(page) == "rgb(255, 255, 255)"
    assert not page.locator("#filter").is_visible()


def test_an_index_sorts_by_number_and_by_text(show: OpenPage, predict: Predict) -> None:
    articles = [predict("It rained. " * n, [("It rained.", (0.1, 0.9, 0.1))] * n, title=f"Day {n}") for n in (2, 10, 1)]
    page = show(*articles)

    def titles() -> list[str]:
        return page.locator("#index tbody th").all_inner_texts()

    page.get_by_role("button", name="statements").first.click()
    assert titles() == ["Day 10", "Day 2", "Day 1"]
    page.get_by_role("button", name="article").first.click()
    assert titles() == ["Day 1", "Day 2", "Day 10"]
    assert page.locator("#index thead th").first.get_attribute("aria-sort") == "ascending"


def test_nothing_of_a_hostile_article_runs(show: OpenPage, predict: Predict, rest_on: Predict) -> None:
    hostile = rest_on(
        predict(f"{ATTACK} said so.", [(f"{ATTACK} said so.", (0.9, 0.1, 0.1))], title=ATTACK, outlet=ATTACK),
        {0: {"source": ATTACK, "cue": "said"}},
    )
    for predictions in ([hostile], [hostile, hostile]):
        page = show(*predictions)
        page.locator("#s1-1").hover()
        assert page.locator("#scores dd").first.inner_text() == ATTACK
        assert page.locator("img").count() == 0


def test_without_javascript_the_marks_and_their_scores_are_there(show: OpenPage, article: ArticlePrediction) -> None:
    page = show(article, java_script_enabled=False)
    assert "need JavaScript" in page.locator("noscript").inner_text()
    assert page.locator("#filter, #theme").filter(visible=True).count() == 0
    assert page.get_by_title("statement 2: anonymous 0.93").is_visible()


@pytest.mark.parametrize(("scheme", "n_articles"), [("light", 1), ("dark", 3)])
def test_axe_finds_no_serious_fault(
    show: OpenPage, article: ArticlePrediction, find_faults: Callable[[Page], list[str]], scheme: str, n_articles: int
) -> None:
    page = show(*[article] * n_articles, color_scheme=scheme)
    page.locator("#s1-3 + button").focus()
    assert find_faults(page) == []


def test_a_narrow_window_needs_no_sideways_scrolling(show: OpenPage, article: ArticlePrediction) -> None:
    for predictions in ([article], [article] * 2):
        page = show(*predictions, viewport={"width": 320, "height": 600})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
