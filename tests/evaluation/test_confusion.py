from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from claimbasis.codebook import shipped_codebook
from claimbasis.evaluation.confusion import measure_confusion
from claimbasis.evaluation.decisions import Decisions


def test_shares_of_each_code_counted_by_hand(
    write_corpus: Callable[..., Path], make_decisions: Callable[..., Decisions]
) -> None:
    path = write_corpus(
        ("a", [("He said.", "P"), ("She said.", "P"), ("They said.", "O"), ("Rain fell.", "CO"), ("Well.", "N")])
    )
    scores = [[0, 0.9, 0], [0, 0, 0], [0.9, 0.9, 0], [0, 0, 0.9], [0, 0, 0]]
    rows = {row.code: row for row in measure_confusion(make_decisions([path], scores), shipped_codebook())}
    assert list(rows) == ["O", "P", "N", "several"]
    assert rows["P"].name == "named private person"
    assert rows["P"].n_statements == 2
    assert rows["P"].label_shares == {
        "anonymous_sourced": 0, "officially_attributed": 0.5, "action_corroborated": 0,
    }  # fmt: skip
    assert rows["P"].none_share == 0.5
    # A statement may be given two labels, so the shares of a row may sum to more than one.
    assert list(rows["O"].label_shares.values()) == [1, 1, 0]
    assert list(rows["several"].label_shares.values()) == [0, 0, 1]
    assert (rows["O"].none_share, rows["N"].none_share) == (0, 1)
