"""Pictures with a lane for each label: where in an article it stands, and in which weeks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from claimbasis.report.passages import name_anchor
from claimbasis.report.profile import WeekSummary
from claimbasis.types import ArticlePrediction

LANE_WIDTH = 1000.0  # in the picture's own units
_NARROWEST = 2.0  # of a bar, in the same units: about a pixel
_WIDEST_WEEK = 60.0  # of a week's bar, so that one week alone does not fill its lane
Lanes = dict[str | None, list["Bar"]]


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar that stands on the ground of its lane."""

    left: float  # from 0 to LANE_WIDTH
    width: float
    height: float  # share of the lane's height, in [0, 1]
    name: str  # of the week, or number of the statement
    value: float  # number of statements, or score
    anchor: str = ""  # what it leads to


def draw_strip(prediction: ArticlePrediction, labels: Iterable[str | None], *, number: int = 1) -> Lanes:
    """Each statement where it stands in the article's text, the higher the greater its score for the lane's label."""
    lanes: Lanes = {label: [] for label in labels}
    scale = LANE_WIDTH / max(len(prediction.article.text), 1)
    for item in prediction:
        statement, anchor = item.statement, name_anchor(item, number)
        width = max((statement.end - statement.start) * scale, _NARROWEST)
        for label in item.labels or (None,):
            score = item.scores[label] if label else 0.0
            height = score if label else 0.5  # no score stands for none of the labels
            left = min(statement.start * scale, LANE_WIDTH - width)
            lanes[label].append(Bar(left, width, height, str(statement.index + 1), score, anchor))
    return lanes


def draw_weeks(weeks: Sequence[WeekSummary], labels: Iterable[str | None]) -> Lanes:
    """The number of statements in each week, all lanes on one scale."""
    names = list(labels)
    if not weeks:
        return {label: [] for label in names}
    first = weeks[0].monday.toordinal()
    n_weeks = (weeks[-1].monday.toordinal() - first) // 7 + 1
    slot = LANE_WIDTH / n_weeks
    width = max(min(0.8 * slot, _WIDEST_WEEK), _NARROWEST)
    most = find_most(weeks, names)
    return {
        label: [
            Bar(min((week.monday.toordinal() - first) / 7 * slot, LANE_WIDTH - width), width, n / most, week.name, n)
            for week in weeks
            if (n := week.profile.statements[label])
        ]
        for label in names
    }


def find_most(weeks: Iterable[WeekSummary], labels: Sequence[str | None]) -> int:
    """The greatest number of statements that one label has in one week, at least 1."""
    return max((week.profile.statements[label] for week in weeks for label in labels), default=0) or 1
