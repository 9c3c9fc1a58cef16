"""Predictions as JSONL and CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable

from claimbasis.text.spreadsheet import guard_cell
from claimbasis.types import ROLES, ArticlePrediction

_SPAN_COLUMNS = [f"{role}{part}" for role in ROLES for part in ("", "_start", "_end")]


def render_jsonl(prediction: ArticlePrediction) -> str:
    """One JSON object a statement, each on a line of its own."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in prediction.to_rows())


def render_csv_header(labels: Iterable[str]) -> str:
    """The header line of `render_csv`."""
    names = [
        "article_id",
        "index",
        "start",
        "end",
        "text",
        "label",
        "labels",
        *(f"score_{label}" for label in labels),
        *_SPAN_COLUMNS,
        "model_id",
    ]
    return _line(names)


def render_csv(prediction: ArticlePrediction) -> str:
    """One line a statement; several labels are joined by a blank, what is missing is an empty field."""
    return "".join(
        _line([
            guard_cell(row["article_id"]), row["index"], row["start"], row["end"], guard_cell(row["text"]), row["label"] or "",
            " ".join(row["labels"]), *row["scores"].values(), *(guard_cell(row[name]) for name in _SPAN_COLUMNS), row["model_id"],
        ])
        for row in prediction.to_rows()
    )  # fmt: skip


def _line(values: Iterable[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(values)
    return buffer.getvalue()
