"""How much of an article, an outlet or a week rests on each label."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from claimbasis.types import Article, ArticlePrediction, Prediction


@dataclass(frozen=True, slots=True)
class Profile:
    """Counts by label; None counts what carries no label, and a statement with two labels counts for both."""

    n_statements: int
    n_words: int  # in statements; words between them count nowhere
    statements: Counter[str | None]
    words: Counter[str | None]

    def statement_share(self, label: str | None) -> float:
        """Share of the statements that carry the label, in [0, 1]."""
        return self.statements[label] / self.n_statements if self.n_statements else 0.0

    def word_share(self, label: str | None) -> float:
        """Share of the statements' words that stand in statements with the label, in [0, 1]."""
        return self.words[label] / self.n_words if self.n_words else 0.0


@dataclass(frozen=True, slots=True)
class ArticleSummary:
    """What an index needs to know of an article, so that its text need not stay in memory."""

    article: Article  # with an empty text
    model_id: str
    profile: Profile


@dataclass(frozen=True, slots=True)
class OutletSummary:
    """All articles of one outlet; an empty name stands for those whose outlet is not known."""

    outlet: str
    n_articles: int
    profile: Profile


@dataclass(frozen=True, slots=True)
class WeekSummary:
    """All articles of one ISO week."""

    monday: date
    n_articles: int
    profile: Profile

    @property
    def name(self) -> str:
        """As ISO 8601 writes it: "2026-W10"."""
        year, week, _ = self.monday.isocalendar()
        return f"{year:04}-W{week:02}"


def summarise_article(prediction: ArticlePrediction) -> ArticleSummary:
    """The numbers of one article."""
    return ArticleSummary(replace(prediction.article, text=""), prediction.model_id, count_statements(prediction))


def count_statements(predictions: Iterable[Prediction]) -> Profile:
    """The numbers of some statements."""
    statements: Counter[str | None] = Counter()
    words: Counter[str | None] = Counter()
    n_statements = n_words = 0
    for prediction in predictions:
        n_here = len(prediction.statement.text.split())
        n_statements, n_words = n_statements + 1, n_words + n_here
        for label in prediction.labels or (None,):
            statements[label] += 1
            words[label] += n_here
    return Profile(n_statements, n_words, statements, words)


def summarise_outlets(summaries: Iterable[ArticleSummary]) -> list[OutletSummary]:
    """The numbers of each outlet, that with most statements first, the unknown one last."""
    profiles: dict[str, list[Profile]] = defaultdict(list)
    for summary in summaries:
        profiles[summary.article.outlet.strip()].append(summary.profile)
    outlets = [OutletSummary(outlet, len(found), add_profiles(found)) for outlet, found in profiles.items()]
    return sorted(outlets, key=lambda o: (not o.outlet, -o.profile.n_statements, o.outlet))


def summarise_weeks(summaries: Iterable[ArticleSummary]) -> list[WeekSummary]:
    """The numbers of each week that has articles, in order; articles whose date is not known are left out."""
    profiles: dict[date, list[Profile]] = defaultdict(list)
    for summary in summaries:
        if monday := _find_monday(summary.article.date):
            profiles[monday].append(summary.profile)
    return [WeekSummary(monday, len(found), add_profiles(found)) for monday, found in sorted(profiles.items())]


def _find_monday(text: str) -> date | None:
    """The first day of the week of an ISO 8601 date or time, None when the text is none."""
    try:
        day = datetime.fromisoformat(text.strip()).date()
    except ValueError:
        return None
    return day - timedelta(days=day.weekday())


def add_profiles(profiles: Sequence[Profile]) -> Profile:
    """The numbers of all together."""
    return Profile(
        sum(p.n_statements for p in profiles),
        sum(p.n_words for p in profiles),
        sum((p.statements for p in profiles), Counter()),
        sum((p.words for p in profiles), Counter()),
    )
