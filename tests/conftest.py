from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from claimbasis.inference.classifier import Classifier

# The command line sets this before MLflow is imported; the tests import it themselves.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    return Classifier.load()


@pytest.fixture
def write_corpus(tmp_path: Path) -> Callable[..., Path]:
    """Writes annotated articles, given as (id, [(statement, codes), …]), to a JSONL file."""

    def write(*articles: tuple[str, list[tuple[str, str]]], name: str = "corpus.jsonl", **extra: Any) -> Path:
        rows = []
        for article_id, statements in articles:
            text, rows_of_article = "", []
            for statement, codes in statements:
                start = len(text) + (1 if text else 0)
                text = f"{text} {statement}".strip()
                rows_of_article.append({"start": start, "end": start + len(statement), "codes": codes})
            rows.append({"id": article_id, "text": text, "statements": rows_of_article, **extra})
        path = tmp_path / name
        path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        return path

    return write
