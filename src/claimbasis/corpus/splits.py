"""Splits by article, and the view as a Hugging Face data set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from claimbasis.corpus.annotated import AnnotatedArticle
from claimbasis.errors import CorpusError


def split_by_article(
    articles: Sequence[AnnotatedArticle], *, dev_share: float, rng: np.random.Generator
) -> tuple[list[AnnotatedArticle], list[AnnotatedArticle]]:
    """Train and dev articles; all statements of an article stay on one side, and so do pieces of one.

    Args:
        articles: At least two.
        dev_share: Share of the articles that goes to dev, in (0, 1); at least one goes to each side.
        rng: The only source of chance.

    Raises:
        CorpusError: There are fewer than two articles, or the share is no share.
    """
    wholes = list(dict.fromkeys(item.whole_id for item in articles))
    if len(wholes) < 2 or not 0 < dev_share < 1:
        raise CorpusError(
            f"{len(wholes)} articles and a dev share of {dev_share} make no split; give 2 or more and a share in (0, 1)"
        )
    n_dev = min(max(1, round(dev_share * len(wholes))), len(wholes) - 1)
    in_dev = {wholes[i] for i in rng.permutation(len(wholes))[:n_dev].tolist()}
    return [a for a in articles if a.whole_id not in in_dev], [a for a in articles if a.whole_id in in_dev]
