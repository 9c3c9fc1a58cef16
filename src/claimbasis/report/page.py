"""HTML for analysts: pages that need no other file, and a fragment for notebooks."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

import jinja2
from markupsafe import Markup

from claimbasis.codebook import Codebook
from claimbasis.report.lanes import LANE_WIDTH, Lanes, draw_strip, draw_weeks, find_most
from claimbasis.report.passages import (
    Passage,
    ShownLabel,
    name_span_anchor,
    show_labels,
    split_paragraphs,
)
from claimbasis.report.profile import (
    ArticleSummary,
    OutletSummary,
    Profile,
    WeekSummary,
    add_profiles,
    count_statements,
    summarise_article,
    summarise_outlets,
    summarise_weeks,
)
from claimbasis.report.sources import SourceSummary, summarise_sources
from claimbasis.types import Article, ArticlePrediction

INDEX_FILE = "index.html"
Labels = Mapping[str | None, ShownLabel]
# What a browser must not be given: control characters but tab, line feed, form feed and return, half characters, and
# those that turn the direction of the text around them, by which it could show other words than it holds.
_UNSHOWABLE = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class _ArticleView:
    """All that an article's part of a page shows."""

    number: int  # from 1
    article: Article
    model_id: str
    profile: Profile
    strip: Lanes
    paragraphs: list[list[Passage]]
    sources: list[SourceSummary]


@dataclass(frozen=True, slots=True)
class _IndexView:
    """All that an index shows."""

    rows: list[tuple[str, ArticleSummary]]  # address of the article's part or page, and its numbers
    total: Profile
    outlets: list[OutletSummary]
    weeks: list[WeekSummary]
    week_lanes: Lanes
    most: int  # statements with one label in one week: the top of the lanes


def render_page(predictions: Sequence[ArticlePrediction]) -> str:
    """A page with one article; with several, or none, an index and below it all articles."""
    codebooks = _gather_codebooks(predictions)
    labels = show_labels(codebooks)
    articles = [_view_article(p, labels, number) for number, p in enumerate(predictions, 1)]
    if len(predictions) == 1:
        return _render(codebooks, articles=articles)
    summaries = [summarise_article(p) for p in predictions]
    rows = [(f"#article-{number}", summary) for number, summary in enumerate(summaries, 1)]
    return _render(codebooks, articles=articles, index=_view_index(rows, labels))


def render_folder_article(prediction: ArticlePrediction) -> str:
    """The page of one of the articles in a folder, with a link to the folder's index."""
    labels = show_labels([prediction.codebook])
    return _render([prediction.codebook], articles=[_view_article(prediction, labels)], index_file=INDEX_FILE)


def render_folder_index(summaries: Iterable[ArticleSummary], codebook: Codebook) -> str:
    """The index of a folder whose pages are named by `name_article_file`, all made by one model."""
    rows = [(name_article_file(number), summary) for number, summary in enumerate(summaries, 1)]
    return _render([codebook], index=_view_index(rows, show_labels([codebook])))


def name_article_file(number: int) -> str:
    """File of the article with this number, from 1, in a folder of pages."""
    return f"article-{number}.html"


def is_article_file(name: str) -> bool:
    """Whether `name_article_file` gives such names."""
    return re.fullmatch(r"article-\d+\.html", name) is not None


def render_fragment(prediction: ArticlePrediction) -> str:
    """The marked text for a place inside another page: styles that touch nothing else, no script, no anchors."""
    labels = show_labels([prediction.codebook])
    context = {"view": _view_article(prediction, labels), "labels": labels, "marks": _read("marks.css")}
    return _environment().get_template("fragment.html.j2").render(context)


def _gather_codebooks(predictions: Iterable[ArticlePrediction]) -> list[Codebook]:
    """Those of all models, each once."""
    return list({p.codebook.fingerprint: p.codebook for p in predictions}.values())


def _view_article(prediction: ArticlePrediction, labels: Labels, number: int = 1) -> _ArticleView:
    return _ArticleView(
        number=number,
        article=prediction.article,
        model_id=prediction.model_id,
        profile=count_statements(prediction),
        strip=draw_strip(prediction, labels, number=number),
        paragraphs=split_paragraphs(prediction, labels, number=number),
        sources=summarise_sources(prediction),
    )


def _view_index(rows: list[tuple[str, ArticleSummary]], labels: Labels) -> _IndexView:
    summaries = [summary for _, summary in rows]
    weeks = summarise_weeks(summaries)
    return _IndexView(
        rows=rows,
        total=add_profiles([s.profile for s in summaries]),
        outlets=summarise_outlets(summaries),
        weeks=weeks,
        week_lanes=draw_weeks(weeks, labels),
        most=find_most(weeks, list(labels)),
    )


def _render(
    codebooks: Sequence[Codebook],
    *,
    articles: Sequence[_ArticleView] = (),
    index: _IndexView | None = None,
    index_file: str | None = None,
) -> str:
    shown = [summary for _, summary in index.rows] if index else articles
    style, script = _read("marks.css") + _read("page.css"), _read("page.js")
    context = {
        "articles": articles,
        "index": index,
        "index_file": index_file,
        "labels": show_labels(codebooks),
        "model_ids": list(dict.fromkeys(view.model_id for view in shown)),
        "codebook": ", ".join(codebook.version for codebook in codebooks),
        "notes": [codebook.note for codebook in codebooks if codebook.note],
        "today": date.today().isoformat(),
        "lane_width": LANE_WIDTH,
        "has_sources": any(view.sources for view in articles),
        "name_span_anchor": name_span_anchor,
        "style": style,
        "style_hash": hash_inline(style),
        "script": script,
        "script_hash": hash_inline(script),
    }
    return _environment().get_template("page.html.j2").render(context)


@cache
def _environment() -> jinja2.Environment:
    """Escapes all that is filled in; a misspelt name is an error."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("claimbasis.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_make_showable,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _make_showable(value: object) -> object:
    """Any value for a template, untrusted text without the characters that would mislead a browser or its reader."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return _UNSHOWABLE.sub("\ufffd", value)
    return value


def _read(name: str) -> Markup:
    """A style or script of ours."""
    return Markup((files("claimbasis.report") / "templates" / name).read_text(encoding="utf-8"))  # noqa: S704  # trusted


def hash_inline(text: str) -> str:
    """What the page's Content-Security-Policy names the inline style or script by."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
