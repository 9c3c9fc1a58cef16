from __future__ import annotations

import base64
import hashlib
import html
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from html.parser import HTMLParser

import pytest

from claimbasis import ArticlePrediction
from claimbasis.report.page import render_folder_article, render_folder_index, render_page
from claimbasis.report.passages import show_labels, split_paragraphs
from claimbasis.report.profile import summarise_article

Predict = Callable[..., ArticlePrediction]
TEXT = "Kyiv\n\nTwo sources saw tanks. It rained, said the ministry.\n\nShare\nNobody knows."
STATEMENTS = [
    ("Two sources saw tanks.", (0.93, 0.04, 0.61)),
    ("It rained, said the ministry.", (0.1, 0.88, 0.1)),
    ("Nobody knows.", (0.2, 0.1, 0.3)),
]
VOID = {"meta", "input", "br"}
ATTACK = (
    """<script>alert(1)</script><img src=x onerror=alert(1)>"' onmouseover='alert(1) </title></style>{{ 7*7 }}--><!--"""
)


class Page(HTMLParser):
    """What a browser would make of a page: elements with their attributes, text by the id above it, and open elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.paragraphs: list[str] = []
        self._open: list[str] = []
        self._in_text = False
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID and not self.get_starttag_text().endswith("/>"):  # type: ignore[union-attr]
            self._open.append(tag)
        if tag == "p" and ("dir", "auto") in attrs:
            self._in_text = True
            self.paragraphs.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("rect",):
            return
        assert self._open.pop() == tag
        self._in_text = self._in_text and tag != "p"

    def handle_data(self, data: str) -> None:
        if self._in_text and "button" not in self._open:
            self.paragraphs[-1] += data

    def find(self, tag: str, name: str = "", value: str = "") -> list[dict[str, str | None]]:
        return [
            attributes for found, attributes in self.elements
            if found == tag and (not name or value in (attributes.get(name) or "").split())
        ]  # fmt: skip


@pytest.fixture
def article(predict: Predict) -> ArticlePrediction:
    return predict(TEXT, STATEMENTS, id="a.txt", title="Rain", outlet="Daily", date="2026-03-04")


def test_the_text_keeps_its_paragraphs_and_all_its_words(article: ArticlePrediction) -> None:
    page = Page(article.to_html())
    assert page.paragraphs == ["Kyiv", "Two sources saw tanks. It rained, said the ministry.", "Share\nNobody knows."]


def test_a_text_without_blank_lines_is_divided_at_its_line_breaks(predict: Predict) -> None:
    prediction = predict("Kyiv\r\nIt\r\nrained. So\nbe it.", [("It\r\nrained.", (0.1, 0.9, 0.1))])
    labels = show_labels([prediction.codebook])
    paragraphs = split_paragraphs(prediction, labels)
    assert [[passage.text for passage in p] for p in paragraphs] == [["Kyiv"], ["", "It\r\nrained.", " So"], ["be it."]]


def test_each_statement_is_marked_by_label_letter_and_strength(article: ArticlePrediction) -> None:
    page = Page(article.to_html())
    first, second, third = [found for found in page.find("span", "class", "statement") if "id" in found]
    assert (first["id"], first["class"], first["data-labels"]) == ("s1-1", "statement l0 s9", "A C")
    assert (second["class"], second["data-labels"]) == ("statement l1 s8", "O")
    assert (third["class"], third["data-labels"]) == ("statement none s0", "–")
    assert page.find("button", "class", "letters")[0]["title"] == (
        "statement 1: anonymous 0.93, official 0.04, action 0.61"
    )
    assert "#s1-3" in {link.get("href") for link in page.find("a")}


def test_the_page_says_what_labels_mean_and_whose_article_it_is(article: ArticlePrediction) -> None:
    page = html.unescape(article.to_html())
    for words in ("<h1 dir=\"auto\">Rain</h1>", "Daily", "2026-03-04", "a.txt", "tiny-1234", f"Made on {date.today()} by", "never says what is true",
                  "Reported from somebody whom the text keeps unnamed", "3 statements, 11 words"):  # fmt: skip
        assert words in page


def test_labels_come_from_the_model_not_from_the_code(predict: Predict) -> None:
    scores = {f"ground <{n}>": 0.9 if n == 6 else 0.1 for n in range(7)}
    page = predict("It rained.", [("It rained.", scores)]).to_html()
    (statement,) = [found for found in Page(page).find("span", "class", "statement") if "id" in found]
    assert statement["data-labels"] == "7"
    assert "ground &lt;6&gt;" in page
    assert "says no more of it" in page


def test_nothing_is_loaded_and_nothing_runs_but_the_page_s_own_script(article: ArticlePrediction) -> None:
    page = article.to_html()
    (policy,) = [m["content"] for m in Page(page).find("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    for kind in ("style", "script"):
        (inline,) = re.findall(f"<{kind}>(.*?)</{kind}>", page, re.DOTALL)
        fingerprint = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{fingerprint}'" in policy  # type: ignore[operator]
    assert policy.startswith("default-src 'none';")  # type: ignore[union-attr]
    for _, attributes in Page(page).elements:
        assert not {"src", "style", "srcset"} & attributes.keys()
        assert not [name for name in attributes if name.startswith("on")]
        assert (attributes.get("href") or "#").startswith("#")


def test_hostile_articles_stay_text(predict: Predict) -> None:
    prediction = predict(
        f"{ATTACK}\n\n{ATTACK} said so.", [(f"{ATTACK} said so.", (0.9, 0.1, 0.1))],
        id=ATTACK, title=ATTACK, outlet=ATTACK, date=ATTACK,
    )  # fmt: skip
    for made in (render_page([prediction]), render_page([prediction] * 2), prediction._repr_html_()):
        page = Page(made)
        assert any(f"{ATTACK} said so." in paragraph for paragraph in page.paragraphs)
        assert len(page.find("script")) <= 1
        assert not page.find("img")
        assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]


def test_characters_that_mislead_are_replaced(predict: Predict) -> None:
    text = "He \u202etold\u2066 \x00us\x1b[31m so\ud800.\ufeff שלום"
    page = predict(text, [(text, (0.9, 0.1, 0.1))], title="\ud800\u202e").to_html()
    assert Page(page).paragraphs == ["He �told� �us�[31m so�.\ufeff שלום"]
    assert page.encode("utf-8")
    assert "unicode-bidi: isolate" in page


def test_2000_statements_make_less_than_3_mb(predict: Predict) -> None:
    words = "Two officials who asked not to be named said that talks about the border had failed once more. "
    prediction = predict(words * 2000, [(words.strip(), (0.9, 0.6, 0.1)), (words.strip(), (0.1, 0.1, 0.1))] * 1000)
    page = prediction.to_html()
    assert len(page.encode()) < 3_000_000
    assert len(Page(page).find("button", "class", "letters")) == 2000


def test_an_article_without_statements_says_so(predict: Predict) -> None:
    page = predict("Share | Tweet", []).to_html()
    assert "No statements were found" in page
    assert Page(page).paragraphs == ["Share | Tweet"]
    assert "anonymous_sourced" in page


def test_several_articles_have_an_index_outlets_and_weeks(predict: Predict, article: ArticlePrediction) -> None:
    other = predict("It rained.", [("It rained.", (0.1, 0.9, 0.1))], id="b", date="2026-03-12")
    undated = predict("It rained.", [("It rained.", (0.1, 0.9, 0.1))], id="c", date="soon")
    made = render_page([article, other, undated])
    page = Page(made)
    links, ids = {link.get("href") for link in page.find("a")}, [a["id"] for _, a in page.elements if "id" in a]
    assert {"#article-1", "#article-2", "#article-3", "#s3-1"} <= links
    assert {link[1:] for link in links if link} <= set(ids)
    assert len(ids) == len(set(ids))
    assert '60 % <span class="quiet">(3)</span>' in made  # officially attributed, of five statements in all
    assert "2026-W10: 1" in made
    assert "2026-W11" in made
    assert "1 article without a date" in made
    assert "not known" in made


def test_weeks_and_outlets_are_left_out_where_nothing_is_known(predict: Predict) -> None:
    made = render_page([predict("It rained.", [("It rained.", (0.1, 0.9, 0.1))])] * 2)
    assert "weeks-title" not in made
    assert "outlets-title" not in made
    assert "Untitled article" in made


def test_a_folder_has_an_index_and_a_page_an_article(article: ArticlePrediction) -> None:
    index = Page(render_folder_index([summarise_article(article)] * 2, article.codebook))
    assert {"article-1.html", "article-2.html"} <= {link.get("href") for link in index.find("a")}
    assert not index.find("form")
    assert "index.html" in {link.get("href") for link in Page(render_folder_article(article)).find("a")}


def test_the_fragment_for_notebooks_has_no_script_no_anchor_and_its_own_styles(article: ArticlePrediction) -> None:
    made = article._repr_html_()
    page = Page(made)
    assert not page.find("script")
    assert not [attributes for _, attributes in page.elements if "id" in attributes]
    assert "anonymous 0.93, official 0.04, action 0.61" in {found.get("title") for found in page.find("span")}
    (style,) = re.findall(r"<style>(.*?)</style>", made, re.DOTALL)
    rules = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL).strip()
    assert all(line.startswith((" ", ".claimbasis", "@media print { .claimbasis", "}")) for line in rules.splitlines())


def test_the_template_engine_is_loaded_only_for_a_page() -> None:
    code = "import sys, claimbasis, claimbasis.cli; sys.exit('jinja2' in sys.modules or 'rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
