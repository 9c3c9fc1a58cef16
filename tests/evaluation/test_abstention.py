from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from claimbasis.evaluation.abstention import Kept, pick_kept, trace_risk
from claimbasis.evaluation.decisions import Decisions


def test_the_least_sure_go_first(write_corpus: Callable[..., Path], make_decisions: Callable[..., Decisions]) -> None:
    path = write_corpus(("a", [("One.", "N"), ("Two.", "O"), ("Three.", "O"), ("Four.", "N")]))
    # Smallest distances from 0.5: 0.5, 0.25, 0.25, 0.125; only the third and the last are wrong.
    scores = [[0, 0, 0], [0, 0.75, 0], [0, 0.25, 0], [0, 0.625, 1]]
    curve = trace_risk(make_decisions([path], scores))
    assert curve == (Kept(0.25, 0, 0.5), Kept(0.75, pytest.approx(1 / 3), 0.25), Kept(1, 0.5, 0.125))
    assert pick_kept(curve, 0.5) == curve[1]
    assert pick_kept(curve, 1.0) == curve[2]
