"""Whether statements of unnamed sources are found by more than the phrases that training has shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from claimbasis.evaluation.decisions import Decisions
from claimbasis.evaluation.marks import find_seen
from claimbasis.evaluation.metrics import Measured
from claimbasis.evaluation.slices import Members

GROUP = "marking phrase"
SEEN, UNSEEN, NOT_GIVEN = "seen in training", "unseen in training", "not given"


@dataclass(frozen=True, slots=True)
class PhraseRecall:
    """How many of the first label's statements are found, among those whose marking phrase is of one kind."""

    phrase: str  # SEEN, UNSEEN or NOT_GIVEN
    n_statements: int
    n_articles: int
    recall: Measured


def find_phrase_slices(
    decisions: Decisions, phrases: Mapping[int, Sequence[str]], train_texts: Iterable[str]
) -> Members:
    """The first label's statements whose marking phrase training has shown, those with another, those without any.

    Args:
        decisions: The statements.
        phrases: By number of the statement, the normalised phrases that mark its source; one seen is enough.
        train_texts: Texts of the training statements.
    """
    seen = find_seen({phrase for found in phrases.values() for phrase in found}, train_texts)
    kinds = np.array([
        NOT_GIVEN if row not in phrases else UNSEEN if seen.isdisjoint(phrases[row]) else SEEN
        for row in range(len(decisions.statements))
    ])  # fmt: skip
    members = {(GROUP, kind): decisions.targets[:, 0] & (kinds == kind) for kind in (SEEN, UNSEEN, NOT_GIVEN)}
    return {key: rows for key, rows in members.items() if rows.any()}


def measure_phrase_recall(decisions: Decisions, members: Members) -> tuple[PhraseRecall, ...]:
    """Recall of the first label in each of these slices."""
    measured = {kind: decisions.measure_some(rows, [0]) for (_, kind), rows in members.items()}
    return tuple(
        PhraseRecall(kind, m.n_statements, m.n_articles, m.labels[decisions.labels[0]].recall)
        for kind, m in measured.items()
    )
