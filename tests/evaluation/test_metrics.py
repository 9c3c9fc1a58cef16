from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from claimbasis import CorpusError
from claimbasis.evaluation.baselines import fit_tfidf, match_phrases, most_frequent, read_phrases
from claimbasis.evaluation.calibration import calibrate, calibration_error, choose_thresholds, fit_scales
from claimbasis.evaluation.metrics import Measured, macro_f1, measure

TARGETS = np.array([[1, 0], [1, 0], [0, 1], [0, 0]], dtype=bool)
PREDICTED = np.array([[1, 0], [0, 0], [1, 1], [0, 0]], dtype=bool)


def test_metrics_of_a_case_counted_by_hand() -> None:
    index = np.repeat(np.arange(6), 2)
    metrics = measure(
        np.tile(TARGETS, (3, 1)), np.tile(PREDICTED, (3, 1)), index, labels=("a", "b"), rng=np.random.default_rng(1)
    )
    assert (metrics.labels["a"].precision.value, metrics.labels["a"].recall.value, metrics.labels["a"].f1.value) == (
        0.5,
        0.5,
        0.5,
    )
    assert metrics.labels["b"].f1.value == 1
    assert metrics.macro_f1.value == macro_f1(TARGETS, PREDICTED) == 0.75
    assert metrics.macro_f1.low <= 0.75 <= metrics.macro_f1.high
    assert (metrics.n_statements, metrics.n_articles, metrics.labels["a"].n_positive) == (12, 6, 6)


def test_intervals_are_over_articles_not_statements() -> None:
    # All of each article's statements are alike: three hundred statements carry no more news than six articles.
    targets = np.ones((300, 1), dtype=bool)
    predicted = np.arange(300)[:, None] < 150
    metrics = measure(targets, predicted, np.repeat(np.arange(6), 50), labels=("a",), rng=np.random.default_rng(1))
    # One right of six, or five, by chance: 2.5 % of the resamples lie beyond either.
    assert (metrics.labels["a"].recall.low, metrics.labels["a"].recall.high) == (1 / 6, 5 / 6)


def test_four_articles_are_too_few_for_an_interval() -> None:
    metrics = measure(TARGETS, PREDICTED, np.arange(4), labels=("a", "b"), rng=np.random.default_rng(1))
    assert str(metrics.macro_f1) == "0.750"


def test_a_label_that_never_occurs_has_no_f1_and_does_not_lower_the_mean() -> None:
    targets, predicted = (np.hstack([column, np.zeros((4, 1), bool)]) for column in (TARGETS, PREDICTED))
    predicted[0, 2] = True
    metrics = measure(targets, predicted, np.arange(4), labels=("a", "b", "c"), rng=np.random.default_rng(1))
    assert str(metrics.labels["c"].f1) == f"{metrics.labels['c'].recall:.3f}" == "-"
    assert metrics.labels["c"].precision.value == 0
    assert metrics.macro_f1.value == macro_f1(targets, predicted) == 0.75
    assert macro_f1(targets[:, 2:], predicted[:, 2:]) == 0


def test_resamples_without_a_label_say_nothing_about_it() -> None:
    # In one of ten articles, found: a third of the resamples draw no article that holds it.
    targets = np.eye(10, 1, dtype=bool)
    metrics = measure(targets, targets, np.arange(10), labels=("a",), rng=np.random.default_rng(1))
    assert str(metrics.macro_f1) == str(metrics.labels["a"].f1) == "1.000 [1.000, 1.000]"


def test_average_precision_by_hand() -> None:
    targets = np.array([[1], [0], [1], [0]] * 2, dtype=bool)
    index = np.arange(8)

    def average_precision(*scores: float) -> Measured:
        column = np.tile(scores, 2)[:, None]
        rng = np.random.default_rng(1)
        return measure(targets, targets, index, labels=("a",), scores=column, rng=rng).labels["a"].average_precision

    assert average_precision(0.9, 0.8, 0.7, 0.6).value == pytest.approx((1 + 2 / 3) / 2)
    # Equal scores come together, whatever their order: at the first step one of two is right.
    assert average_precision(0.8, 0.8, 0.7, 0.6).value == pytest.approx((1 / 2 + 2 / 3) / 2)
    ranked_last = average_precision(0.1, 0.8, 0.2, 0.6)
    assert ranked_last.value == pytest.approx((1 / 3 + 2 / 4) / 2)
    assert ranked_last.low < ranked_last.value < ranked_last.high < 1
    assert f"{ranked_last:.2f}" == "0.42"


def test_average_precision_needs_scores_and_something_to_find() -> None:
    index, rng = np.array([0, 0, 1, 1]), np.random.default_rng(1)
    nothing = np.zeros((4, 2), dtype=bool)
    without_positives = measure(nothing, PREDICTED, index, labels=("a", "b"), scores=np.ones((4, 2)), rng=rng)
    without_scores = measure(TARGETS, PREDICTED, index, labels=("a", "b"), rng=rng)
    assert np.isnan(without_positives.labels["a"].average_precision.value)
    assert np.isnan(without_scores.labels["a"].average_precision.value)


def test_nothing_to_measure_is_an_error() -> None:
    with pytest.raises(ValueError, match="not empty"):
        measure(
            TARGETS[:0], PREDICTED[:0], np.array([], dtype=np.int64), labels=("a", "b"), rng=np.random.default_rng(1)
        )


def test_a_model_that_is_too_sure_gets_a_temperature_above_one() -> None:
    rng = np.random.default_rng(5)
    logits = rng.normal(0, 2, (4000, 1))
    targets = rng.random((4000, 1)) < 1 / (1 + np.exp(-logits))
    (temperature,), (offset,) = fit_scales(3 * logits, targets)
    assert temperature == pytest.approx(3, rel=0.1)
    assert offset == pytest.approx(0, abs=0.1)
    assert (
        calibration_error(calibrate(3 * logits, [temperature], [offset])[:, 0], targets[:, 0])
        < 0.03
        < calibration_error(calibrate(3 * logits, [1.0], [0.0])[:, 0], targets[:, 0])
    )


def test_weighing_positives_in_training_is_taken_back() -> None:
    rng = np.random.default_rng(5)
    logits = rng.normal(0, 2, (4000, 2))
    targets = rng.random((4000, 2)) < 1 / (1 + np.exp(-logits))
    targets[:, 1] = False
    temperatures, offsets = fit_scales(logits + 1, targets)
    assert offsets[0] == pytest.approx(-1, abs=0.15)
    assert calibration_error(calibrate(logits + 1, temperatures, offsets)[:, 0], targets[:, 0]) < 0.03
    assert offsets[1] == -3  # a label that never occurs: as far down as it goes


def test_the_threshold_separates_what_can_be_separated() -> None:
    scores = np.array([[0.1], [0.2], [0.3], [0.7], [0.8]])
    (threshold,) = choose_thresholds(scores, scores > 0.5)
    assert 0.3 < threshold <= 0.7


def test_calibration_error_by_hand() -> None:
    assert calibration_error(np.array([0.9, 0.9, 0.1, 0.1]), np.array([True, False, False, False])) == pytest.approx(
        (2 * 0.4 + 2 * 0.1) / 4
    )


def test_baselines() -> None:
    assert match_phrases(["Sources say so.", "Resources say so."], ["sources say"], 3)[:, 0].tolist() == [True, False]
    assert most_frequent(TARGETS, 2).tolist() == [[True, False]] * 2
    texts = ["the ministry said", "aides who asked not to be named"] * 5
    targets = np.array([[False, True], [True, False]] * 5)
    assert (fit_tfidf(texts, targets)(texts[:2]) > 0).tolist() == [[False, True], [True, False]]


def test_phrases_come_from_a_file_with_or_without_quotation_marks(tmp_path: Path) -> None:
    (tmp_path / "phrases.txt").write_text('# ours\n"sources said"\n\naides say\n', encoding="utf-8")
    assert read_phrases(tmp_path / "phrases.txt") == ["sources said", "aides say"]
    (tmp_path / "empty.txt").touch()
    with pytest.raises(CorpusError, match="no phrases"):
        read_phrases(tmp_path / "empty.txt")
