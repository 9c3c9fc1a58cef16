from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from claimbasis.codebook import shipped_codebook
from claimbasis.evaluation.decisions import Decisions
from claimbasis.evaluation.errors_page import find_mistakes, render_errors_page
from claimbasis.evaluation.slices import find_slices

HOSTILE = "\"'><script>alert(1)</script><img src=https://example.org/x onerror=alert(2)>{{ 7 * 7 }}{% raw %}<!--"


class Page(HTMLParser):
    """The elements of a page, and the data of its list."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def render(make_decisions: Callable[..., Decisions]) -> Callable[..., str]:
    def render_page(paths: list[Path], scores: list[list[float]] | None = None) -> str:
        decisions = make_decisions(paths, scores)
        members = find_slices(decisions.statements)
        return render_errors_page(decisions, members, shipped_codebook(), model_id="m-1", data="2 articles")

    return render_page


def test_the_surest_mistake_comes_first(
    write_corpus: Callable[..., Path], make_decisions: Callable[..., Decisions]
) -> None:
    path = write_corpus(("a", [("Two aides said.", "A"), ("Rain fell.", "C"), ("Snow fell.", "C")]))
    decisions = make_decisions([path], [[0.25, 0.625, 0], [0, 0, 1], [0, 0, 0]])
    assert [(m.row, m.label, m.kind, m.distance) for m in find_mistakes(decisions)] == [
        (2, "action_corroborated", "missed", 0.5),
        (0, "anonymous_sourced", "missed", 0.25),
        (0, "officially_attributed", "wrongly given", 0.125),
    ]


def test_a_mistake_shows_what_stands_before_it_its_codes_and_its_scores(
    write_corpus: Callable[..., Path], render: Callable[..., str]
) -> None:
    path = write_corpus(("a", [("One.", "N"), ("Two.", "N"), ("Three.", "N"), ("Four.", "OM")]), outlet="The Paper")
    page = render([path], [[0, 0, 0]] * 3 + [[0.0625, 0.25, 0]])
    shown = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.partition("<main>")[2]))
    assert "One." not in shown
    assert "a · The Paper Two. Three. Four." in shown
    assert "O officially_attributed, M media or document" in shown
    assert "anonymous_sourced 0.06 0.50 no no officially_attributed 0.25 0.50 no yes" in shown
    (item,) = (a for a in Page(page).attributes("li") if "data-label" in a)
    assert (item["data-label"], item["data-kind"]) == ("officially_attributed", "missed")
    options = [a.get("value") for a in Page(page).attributes("option")]
    assert set((item["data-slices"] or "").split()) <= set(options)


def test_hostile_text_stays_text(write_corpus: Callable[..., Path], render: Callable[..., str]) -> None:
    # A statement of an outlet with at least 30 of them, so that its name stands among the slices too.
    statements = [(HOSTILE, "O")] * 30
    path = write_corpus((HOSTILE, statements), outlet=HOSTILE, date=HOSTILE, title=HOSTILE, domain=HOSTILE)
    page = render([path], [[0, 0, 0]] * 30)
    parsed = Page(page)
    assert parsed.attributes("script") == [{}]
    assert parsed.attributes("img") == []
    assert all(not name.startswith("on") for _, attributes in parsed.elements for name in attributes)
    assert "<!--" not in page
    assert "49" not in re.findall(r"\}\}|49", page.partition("<main>")[2].partition("<script>")[0])
    assert "&lt;script&gt;alert(1)" in page


def test_the_page_needs_nothing_else_and_runs_only_its_own_script(
    write_corpus: Callable[..., Path], render: Callable[..., str]
) -> None:
    page = render([write_corpus(("a", [("Rain fell.", "C")]))], [[0, 0, 0]])
    assert not re.search(r"https?:|url\(|@import|\bsrc=", page)
    assert {href["href"] for href in Page(page).attributes("a")} == {"#mistakes", "#mistake-1"}
    script = re.search(r"<script>(.*)</script>", page, re.DOTALL)
    assert script
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    policy = Page(page).attributes("meta")[3]["content"]
    assert policy == f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"


def test_no_mistakes(write_corpus: Callable[..., Path], render: Callable[..., str]) -> None:
    assert "No mistakes." in render([write_corpus(("a", [("Rain fell.", "C")]))])
