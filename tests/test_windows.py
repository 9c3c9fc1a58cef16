from __future__ import annotations

import numpy as np
import pytest

from claimbasis.windows import SpecialTokens, Window, batch_by_tokens, build_arrays, plan_windows, truncate

SPECIAL = SpecialTokens(start=101, separator=102, padding=0)


def test_windows_fill_up_and_begin_with_context() -> None:
    # Each statement takes 10 tokens and a separator; a window of 45 holds four, and one of context comes along.
    windows = plan_windows([10] * 7, max_tokens=45, overlap_tokens=15, reading="windows")
    assert windows == [Window(0, 4, 0), Window(3, 7, 4)]


def test_every_statement_is_predicted_exactly_once() -> None:
    lengths = np.random.default_rng(3).integers(0, 60, 200).tolist()
    windows = plan_windows(lengths, max_tokens=100, overlap_tokens=40, reading="windows")
    assert [i for w in windows for i in range(w.predict_from, w.stop)] == list(range(200))
    assert all(1 + sum(lengths[i] + 1 for i in range(w.first, w.stop)) <= 100 for w in windows)


def test_a_statement_too_long_for_any_window_gets_its_own() -> None:
    windows = plan_windows([5, 500, 5], max_tokens=50, overlap_tokens=20, reading="windows")
    assert Window(1, 2, 1) in windows


def test_reading_alone_makes_windows_of_one() -> None:
    assert plan_windows([3, 4], max_tokens=50, overlap_tokens=9, reading="alone") == [Window(0, 1, 0), Window(1, 2, 1)]


def test_truncation_drops_the_middle() -> None:
    assert truncate([1, 2, 3, 4, 5, 6, 7, 8, 9], 6) == [1, 2, 3, 4, 8, 9]


def test_batches_stay_under_the_budget_and_lose_no_window() -> None:
    lengths = [50, 10, 10, 300, 20]
    batches = list(batch_by_tokens(lengths, tokens_per_batch=60))
    assert sorted(i for batch in batches for i in batch) == [0, 1, 2, 3, 4]
    assert all(len(b) == 1 or len(b) * max(lengths[i] for i in b) <= 60 for b in batches)


def test_arrays_hold_tokens_separators_and_padding() -> None:
    arrays = build_arrays([[[7, 8], [9]], [[5]]], SPECIAL, pooling="both")
    assert arrays.input_ids.tolist() == [[101, 7, 8, 102, 9, 102], [101, 5, 102, 0, 0, 0]]
    assert arrays.attention_mask.tolist() == [[1] * 6, [1, 1, 1, 0, 0, 0]]
    assert arrays.pooling[0].tolist() == [[0, 0.25, 0.25, 0.5, 0, 0], [0, 0, 0, 0, 0.5, 0.5]]
    assert arrays.pooling[1].tolist() == [[0, 0.5, 0.5, 0, 0, 0], [0] * 6]


@pytest.mark.parametrize(("pooling", "expected"), [("separator", [0, 0, 0, 1]), ("mean", [0, 0.5, 0.5, 0])])
def test_pooling_weights(pooling: str, expected: list[float]) -> None:
    assert build_arrays([[[7, 8]]], SPECIAL, pooling=pooling).pooling[0, 0].tolist() == expected  # type: ignore[arg-type]


def test_a_statement_without_tokens_is_read_at_its_separator() -> None:
    assert build_arrays([[[]]], SPECIAL, pooling="mean").pooling[0, 0].tolist() == [0, 1]
