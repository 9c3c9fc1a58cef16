from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from claimbasis.corpus.annotated import read_corpus
from claimbasis.evaluation.decisions import place_statements
from claimbasis.evaluation.paired import (
    Change,
    PairedComparison,
    count_changes,
    find_changes,
    measure_differences,
)
from claimbasis.evaluation.paired_output import plot_changes, plot_differences, render_comparison, render_page

LABELS = ("red", "blue")
# Ten articles of two statements; "red" holds for the first of each, "blue" for the second.
TARGETS = np.array([[True, False], [False, True]] * 10)
ARTICLES = np.repeat(np.arange(10), 2)


def differ(first: np.ndarray, second: np.ndarray) -> list[float]:
    found = measure_differences(TARGETS, first, second, ARTICLES, labels=LABELS, rng=np.random.default_rng(1))
    assert [item.name for item in found] == ["macro", "red", "blue"]
    return [number for item in found for number in (item.value, item.low, item.high, item.p_value)]


def test_equal_systems_do_not_differ() -> None:
    assert differ(TARGETS, TARGETS) == [0, 0, 0, 1] * 3


def test_a_system_that_is_always_wrong_about_one_label_is_clearly_worse() -> None:
    blind = TARGETS & [True, False]
    macro, red, blue = np.array(differ(TARGETS, blind)).reshape(3, 4)
    assert macro[:3].tolist() == [-0.5, -0.5, -0.5]
    assert macro[3] < 0.01
    assert red.tolist() == [0, 0, 0, 1]
    assert blue[:3].tolist() == [-1, -1, -1]


def test_one_article_of_ten_decides_nothing() -> None:
    slip = TARGETS.copy()
    slip[0, 0] = False
    (macro, low, high, p), *_ = np.array(differ(slip, TARGETS)).reshape(3, 4)
    # F1 of "red" is 2 · 9 / (9 + 10) with the slip.
    assert macro == pytest.approx((1 - 18 / 19) / 2)
    assert low == 0
    assert high > macro
    assert p > 0.5


def test_four_articles_are_too_few_to_tell() -> None:
    few = ARTICLES < 4
    found = measure_differences(
        TARGETS[few],
        TARGETS[few] & [True, False],
        TARGETS[few],
        ARTICLES[few],
        labels=LABELS,
        rng=np.random.default_rng(1),
    )
    assert [item.cells for item in found] == [
        ("0.500", "1.000", "+0.500", "-", "-"),
        ("1.000", "1.000", "+0.000", "-", "-"),
        ("0.000", "1.000", "+1.000", "-", "-"),
    ]
    assert not any(item.is_clear for item in found)
    comparison = PairedComparison("a", "b", "little", found, (), ())
    assert comparison.verdict.startswith("too few articles to tell")
    assert "nan" not in render_page(comparison)


def test_pairs_that_differ_in_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="must be one"):
        differ(TARGETS, TARGETS[:, :1])


def test_changes_name_label_and_direction() -> None:
    first, second = TARGETS[:2] ^ [[True, False], [False, False]], TARGETS[:2] ^ [[False, True], [False, False]]
    changes = find_changes(TARGETS[:2], first, second, LABELS)
    assert changes == (Change(0, "red", holds=True, to_right=True), Change(0, "blue", holds=False, to_right=False))
    assert count_changes(changes, LABELS) == {"red": (1, 0), "blue": (0, 1)}


@pytest.fixture
def comparison(write_corpus: Callable[..., Path]) -> PairedComparison:
    statements = [("[bold]Aides[/bold] said \x1b[31mso <script>alert(1)</script>.", "A"), ("Troops crossed.", "C")]
    articles = read_corpus([write_corpus(("<b>one</b>", statements))])
    slip = TARGETS ^ np.array([[True, True], *[[False, False]] * 19])
    return PairedComparison(
        "model <one>",
        "two",
        "ten articles",
        measure_differences(TARGETS, slip, TARGETS, ARTICLES, labels=LABELS, rng=np.random.default_rng(1)),
        find_changes(TARGETS, slip, TARGETS, LABELS),
        place_statements(articles),
    )


def test_the_terminal_shows_numbers_and_statements_as_plain_text(
    comparison: PairedComparison, capsys: pytest.CaptureFixture[str]
) -> None:
    Console(width=140).print(*render_comparison(comparison, n_shown=1))
    printed = capsys.readouterr().out
    assert "wrong → right: 2, the first 1; --output has all" in printed
    assert "right → wrong: 0" in printed
    assert "[bold]Aides[/bold]" in printed
    assert "\x1b[31m" not in printed
    assert "no clear difference" in printed


def test_the_page_holds_all_changes_and_runs_nothing(comparison: PairedComparison) -> None:
    page = render_page(comparison)
    assert page.count("<li><p>") == 2
    assert "alone gives it" in page
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "model &lt;one&gt;" in page
    assert len(re.findall("<svg", page)) == 2
    assert not re.findall(r'(?:src|href)="(?!#)', page.replace('xlink:href="#', 'href="#'))


def test_pictures_are_drawn_without_any_change(comparison: PairedComparison) -> None:
    calm = replace(comparison, changes=())
    assert [text.get_text() for text in plot_differences(calm).axes[0].get_yticklabels()] == ["macro", "red", "blue"]
    assert [bar.get_width() for bar in plot_changes(calm).axes[0].patches] == [0, 0, 0, 0]
