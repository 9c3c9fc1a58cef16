from __future__ import annotations

from collections.abc import Callable

from claimbasis import ArticlePrediction
from claimbasis.report.profile import count_statements, summarise_article, summarise_outlets, summarise_weeks

Predict = Callable[..., ArticlePrediction]


def test_a_statement_with_two_labels_counts_for_both_in_statements_and_words(predict: Predict) -> None:
    prediction = predict(
        "Left out. Two sources saw tanks. It rained.",
        [("Two sources saw tanks.", (0.9, 0.1, 0.6)), ("It rained.", (0.1, 0.1, 0.1))],
    )
    profile = count_statements(prediction)
    assert (profile.n_statements, profile.n_words) == (2, 6)
    assert profile.statements == {"anonymous_sourced": 1, "action_corroborated": 1, None: 1}
    assert profile.words == {"anonymous_sourced": 4, "action_corroborated": 4, None: 2}
    assert profile.statement_share("anonymous_sourced") == 0.5
    assert profile.word_share(None) == 2 / 6
    assert count_statements([]).word_share(None) == 0


def test_outlets_are_added_up_and_the_unknown_one_is_last(predict: Predict) -> None:
    statement = ("It rained.", (0.1, 0.9, 0.1))
    articles = [predict("It rained.", [statement], outlet=outlet) for outlet in ("", "B", "A", "B ", "")]
    found = [(o.outlet, o.n_articles, o.profile.n_words) for o in summarise_outlets(map(summarise_article, articles))]
    assert found == [("B", 2, 4), ("A", 1, 2), ("", 2, 4)]


def test_weeks_are_those_of_iso_8601(predict: Predict) -> None:
    # 2020-W53 goes from 28 December 2020 to 3 January 2021.
    dates = (
        "2021-01-03",
        "2020-12-28T08:00:00Z",
        "2021-01-04",
        "last week",
        "",
        "2021-13-01",
        "0001-01-01",
        "9999-12-31",
    )
    articles = [predict("It rained.", [("It rained.", (0.1, 0.9, 0.1))], date=date) for date in dates]
    weeks = summarise_weeks(map(summarise_article, articles))
    assert [(week.name, week.n_articles) for week in weeks] == [
        ("0001-W01", 1), ("2020-W53", 2), ("2021-W01", 1), ("9999-W52", 1),
    ]  # fmt: skip
