"""Annotated articles as a Hugging Face `datasets` object, for those who work with that library."""

from __future__ import annotations

from collections.abc import Iterable

import datasets

from claimbasis.codebook import Codebook, shipped_codebook
from claimbasis.corpus.annotated import AnnotatedArticle


def to_dataset(articles: Iterable[AnnotatedArticle], codebook: Codebook | None = None) -> datasets.Dataset:
    """One row a statement, in reading order.

    Args:
        articles: Annotated under the codebook.
        codebook: The labels; those of the shipped one when None.

    Returns:
        Columns `article_id`, `outlet`, `date`, `index`, `start`, `end`, `text`, `codes`, and one of 0 or 1 for each label.
    """
    codebook = codebook or shipped_codebook()
    rows = [
        {
            "article_id": item.article.id,
            "outlet": item.article.outlet,
            "date": item.article.date,
            "index": s.statement.index,
            "start": s.statement.start,
            "end": s.statement.end,
            "text": s.statement.text,
            "codes": s.codes,
            **dict(zip(codebook.label_names, map(int, codebook.targets(s.codes)), strict=True)),
        }
        for item in articles
        for s in item.statements
    ]
    return datasets.Dataset.from_list(rows)
