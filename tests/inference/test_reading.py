"""How the two ways of reading come together."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from claimbasis import Article, Classifier, split_statements
from claimbasis.inference import speakers
from claimbasis.inference.rereading import SURE_LOG_ODDS
from claimbasis.windows import Reading, WindowArrays

with (Path(__file__).parents[2] / "data/corpus/dev.jsonl").open(encoding="utf-8") as lines:
    TEXT = json.loads(next(lines))["text"]


@pytest.fixture
def submitted(classifier: Classifier, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of statements of every window that the model reads."""
    seen: list[int] = []
    submit = classifier._runtime.submit

    def spy(arrays: WindowArrays) -> object:
        seen.extend(int(row.any(axis=1).sum()) for row in arrays.pooling)
        return submit(arrays)

    monkeypatch.setattr(classifier._runtime, "submit", spy)
    return seen


def log_odds(classifier: Classifier, reading: Reading) -> np.ndarray:
    # Every window is a batch of its own: what shares a batch is scaled together in int8.
    classifier = classifier.with_reading(reading)
    answers = classifier.predict_statements(Article(TEXT), split_statements(TEXT), tokens_per_batch=1)
    scores = np.array([list(p.scores.values()) for p in answers])
    return np.log(scores / (1 - scores))


def test_what_windows_leave_unsure_is_read_again(
    classifier: Classifier, submitted: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speakers, "MEAN_SHARE", 0)  # as the next test has it
    alone = log_odds(classifier, "alone")
    submitted.clear()
    windows = log_odds(classifier, "windows")
    n_first = len(submitted)
    submitted.clear()
    again = log_odds(classifier, "again")
    thresholds = np.array(classifier.settings.thresholds)
    unsure = (np.abs(windows - np.log(thresholds / (1 - thresholds))) < SURE_LOG_ODDS).any(axis=1)
    again_read = submitted[n_first:]
    assert 0 < unsure.sum() < len(windows)
    assert again_read.count(1) == unsure.sum()  # each alone, and some behind those that introduce a source
    assert 1 < max(again_read) <= 3
    np.testing.assert_allclose(again[~unsure], windows[~unsure], atol=1e-5)
    is_mean = np.isclose(again, (windows + alone) / 2, atol=1e-5).all(axis=1)
    assert is_mean[unsure].sum() == unsure.sum() - (len(again_read) - unsure.sum())


def test_then_statements_of_one_source_come_nearer_to_each_other(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = log_odds(classifier, "again")
    monkeypatch.setattr(speakers, "MEAN_SHARE", 0)
    read = log_odds(classifier, "again")
    answers = classifier.with_reading("again").predict_statements(
        Article(TEXT), split_statements(TEXT), tokens_per_batch=1
    )
    groups = speakers.group_by_source([p.source.text if p.source else None for p in answers])
    monkeypatch.undo()
    labels = classifier.settings.labels
    credited = [labels.index("anonymous_sourced"), labels.index("officially_attributed")]
    assert groups
    np.testing.assert_allclose(drawn[:, credited], speakers.draw_together(read[:, credited], groups), atol=1e-5)
    action = labels.index("action_corroborated")
    np.testing.assert_allclose(drawn[:, action], read[:, action], atol=1e-5)


def test_both_is_the_mean_of_all(classifier: Classifier) -> None:
    windows, alone, both = (log_odds(classifier, reading) for reading in ("windows", "alone", "both"))  # type: ignore[arg-type]
    np.testing.assert_allclose(both, (windows + alone) / 2, atol=1e-5)


@pytest.mark.parametrize("reading", ["windows", "alone", "both", "again"])
def test_progress_counts_every_statement_once(classifier: Classifier, reading: Reading) -> None:
    articles = [Article(TEXT, id="a"), Article("", id="b"), Article(TEXT[:900], id="c")]
    counts: list[int] = []
    results = list(classifier.with_reading(reading).predict_many(articles, on_statements=counts.append))
    assert [r.article.id for r in results] == ["a", "b", "c"]
    assert sum(counts) == sum(map(len, results)) > 0
    assert all(count >= 0 for count in counts)
