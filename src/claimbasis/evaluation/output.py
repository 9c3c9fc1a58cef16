"""An evaluation as files: all numbers, pictures, and the mistakes as a page."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from claimbasis.evaluation.abstention import pick_kept
from claimbasis.evaluation.errors_page import render_errors_page
from claimbasis.evaluation.plots import plot_precision_recall, plot_reliability, plot_risk_coverage, save_figure
from claimbasis.evaluation.results import Evaluation

_N_CURVE_POINTS = 20  # of the risk–coverage curve


def to_json(evaluation: Evaluation) -> dict[str, Any]:
    """All numbers, ready for JSON; null for what could not be measured."""
    curve = evaluation.risk_curve
    numbers = asdict(evaluation.comparison) | {
        "slices": [asdict(item) for item in evaluation.slices],
        "confusion": [asdict(row) for row in evaluation.confusion],
        "risk_coverage": [
            asdict(pick_kept(curve, step / _N_CURVE_POINTS)) for step in range(1, _N_CURVE_POINTS + 1)
        ],
        "phrase_recall": [asdict(item) for item in evaluation.phrase_recall],
    }  # fmt: skip
    return {name: _without_nan(value) for name, value in numbers.items()}


def write_numbers(evaluation: Evaluation, path: Path) -> None:
    """Writes all numbers as JSON."""
    numbers = json.dumps(to_json(evaluation), indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(numbers + "\n", encoding="utf-8")


def write_evaluation(evaluation: Evaluation, folder: Path) -> None:
    """Writes metrics.json, reliability.svg, precision_recall.svg, risk_coverage.svg and errors.html."""
    write_numbers(evaluation, folder / "metrics.json")
    decisions = evaluation.decisions
    answers = (decisions.targets, decisions.scores, decisions.labels)
    pictures = {
        "reliability.svg": plot_reliability(*answers),
        "precision_recall.svg": plot_precision_recall(*answers),
        "risk_coverage.svg": plot_risk_coverage(evaluation.risk_curve),
    }
    for name, figure in pictures.items():
        save_figure(figure, folder / name)
    page = render_errors_page(
        decisions, evaluation.members, evaluation.codebook,
        model_id=evaluation.comparison.model_id, data=evaluation.comparison.data,
    )  # fmt: skip
    (folder / "errors.html").write_text(page, encoding="utf-8", errors="backslashreplace")


def _without_nan(value: Any) -> Any:  # noqa: ANN401  # any JSON
    """The same with None for every NaN."""
    if isinstance(value, dict):
        return {name: _without_nan(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value
