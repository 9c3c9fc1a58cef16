"""The table of sources: who carries how many statements, under how many names."""

from __future__ import annotations

from claimbasis import Article, ArticlePrediction, Prediction, Span, Statement
from claimbasis.report.page import render_fragment, render_page
from claimbasis.report.sources import list_sources


def predict(index: int, source: str | None, *labels: str) -> Prediction:
    statement = Statement(index, 0, 9, "x" * 9)
    return Prediction(statement, {}, labels, (), None if source is None else Span("source", 0, 9, source))


def test_names_of_one_source_are_counted_together() -> None:
    rows = list_sources([
        predict(0, "Sergei Lavrov, Russia's foreign minister", "official"),
        predict(1, "two aides", "anonymous"),
        predict(2, "Lavrov", "official", "action"),
        predict(3, "Mr. Lavrov"),
        predict(4, "Two aides", "anonymous"),
        predict(5, None, "action"),
    ])  # fmt: skip
    assert [(row.name, row.n_statements) for row in rows] == [
        ("Sergei Lavrov, Russia's foreign minister", 3),
        ("two aides", 2),
    ]
    assert dict(rows[0].labels) == {"official": 2, "action": 1, None: 1}
    assert rows[1].first.statement.index == 1


def test_institutions_are_no_persons() -> None:
    names = ["the White House", "the House", "Maria Lvova-Belova", "Ivan Belova"]
    assert len(list_sources([predict(i, name) for i, name in enumerate(names)])) == 4


TEXT = 'An <b>aide</b> said: "No." He left.'


def page_of(render: object) -> str:
    source, cue = Span("source", 0, 14, "An <b>aide</b>"), Span("cue", 15, 19, "said")
    first = Prediction(Statement(0, 0, 26, TEXT[:26]), {"x": 0.9}, ("x",), (source, cue), source, cue)
    second = Prediction(Statement(1, 27, 35, TEXT[27:]), {"x": 0.8}, ("x",), (), source)
    prediction = ArticlePrediction(Article(TEXT, id="a"), (first, second), "m-1")
    return render([prediction]) if render is render_page else render(prediction)  # type: ignore[operator,no-any-return]


def test_source_and_cue_stand_out_in_the_text_and_are_told_beside_it() -> None:
    page = page_of(render_page)
    assert '<span class="source">An &lt;b&gt;aide&lt;/b&gt;</span> <span class="cue">said</span>: &#34;No.&#34;' in page
    assert page.count('data-source="An &lt;b&gt;aide&lt;/b&gt;"') == 2
    assert '<th scope="row" dir="auto"><a href="#s1-1">An &lt;b&gt;aide&lt;/b&gt;</a></th>' in page
    assert "<b>" not in page


def test_a_notebook_tells_the_source_in_the_tooltip() -> None:
    assert page_of(render_fragment).count("; source: An &lt;b&gt;aide&lt;/b&gt;") == 2
