from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from claimbasis.codebook import shipped_codebook
from claimbasis.corpus.annotated import read_corpus
from claimbasis.evaluation.decisions import Decisions, place_statements
from claimbasis.evaluation.protocol import annotated_targets


@pytest.fixture
def make_decisions() -> Callable[..., Decisions]:
    """What a model decided about the statements of corpus files; without scores it is right everywhere."""

    def make(paths: Sequence[Path], scores: Sequence[Sequence[float]] | None = None) -> Decisions:
        articles, codebook = read_corpus(paths), shipped_codebook()
        targets, index = annotated_targets(articles, codebook)
        scored = np.where(targets, 0.9, 0.1) if scores is None else np.array(scores)
        return Decisions(
            codebook.label_names, np.full(3, 0.5), place_statements(articles), index, targets, scored
        )  # fmt: skip

    return make
