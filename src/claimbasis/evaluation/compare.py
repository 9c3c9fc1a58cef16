"""One model read in several ways, beside the baselines, on the same annotated statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from claimbasis.codebook import shipped_codebook
from claimbasis.corpus.annotated import data_hash, read_corpus
from claimbasis.evaluation.baselines import measure_baselines, read_phrases
from claimbasis.evaluation.metrics import Metrics
from claimbasis.evaluation.protocol import Boundaries, collect_answers, measure_answers
from claimbasis.inference.classifier import Classifier, OnStatements
from claimbasis.model import Precision
from claimbasis.windows import Reading

_WAYS: tuple[tuple[str, Reading, Boundaries], ...] = (
    ("in windows", "windows", "annotated"),
    ("alone", "alone", "annotated"),
    ("in windows, cut by our splitter", "windows", "own"),
    ("alone, cut by our splitter", "alone", "own"),
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Metrics and calibration errors of several systems on one set of statements."""

    model_id: str
    default_reading: Reading
    data: str  # what was measured on, in words
    systems: dict[str, Metrics]
    calibration_errors: dict[str, dict[str, float]]  # system -> label -> expected calibration error


def compare_readings(
    data: Sequence[str],
    *,
    model: str | None,
    precision: Precision | None,
    n_threads: int | None,
    train: Sequence[str],
    phrases: Path | None,
    on_statements: OnStatements | None = None,
) -> Comparison:
    """Measures a model in windows and alone, with the annotators' statements and with our own, and the baselines.

    Args:
        data: Files of annotated articles to measure on.
        model: Model folder; the shipped one when None.
        precision: Weights to use; int8 where there when None.
        n_threads: Threads of the model.
        train: Files for the baselines that learn; no baselines when empty.
        phrases: File with phrases that mark unnamed sources, for the baselines.
        on_statements: Called with the number of statements done.

    Raises:
        CorpusError: Annotated data break a rule, or the model knows other labels.
        ModelError: The model folder cannot be used.
    """
    articles, codebook = read_corpus(data), shipped_codebook()
    systems: dict[str, Metrics] = {}
    errors: dict[str, dict[str, float]] = {}
    default = Classifier.load(model, precision=precision, n_threads=n_threads)
    for name, reading, boundaries in _WAYS:
        classifier = Classifier.load(model, precision=precision, n_threads=n_threads, reading=reading)
        answers = collect_answers(classifier, articles, codebook, boundaries=boundaries, on_statements=on_statements)
        systems[name], errors[name] = measure_answers(classifier, answers)
    if train:
        systems |= measure_baselines(
            read_corpus(train), articles, codebook, phrases=read_phrases(phrases) if phrases else []
        )
    n = sum(len(item.statements) for item in articles)
    description = f"{len(articles)} articles, {n} statements, hash {data_hash(articles)}"
    return Comparison(default.model_id, default.settings.reading, description, systems, errors)


def render_metrics(comparison: Comparison) -> Table:
    """A row a system: macro-F1 with its interval, then F1, precision and recall of each label."""
    title = f"{comparison.model_id} (reads {comparison.default_reading}) on {comparison.data}"
    table = _table(title)
    table.add_column("system")
    table.add_column("macro-F1 [95 %]", no_wrap=True)
    for label in next(iter(comparison.systems.values())).labels:
        table.add_column(f"{label}\nF1 (P / R)", no_wrap=True)
    for name, metrics in comparison.systems.items():
        cells = [f"{m.f1.value:.3f} ({m.precision.value:.2f} / {m.recall.value:.2f})" for m in metrics.labels.values()]
        table.add_row(name, str(metrics.macro_f1), *cells)
    return table


def render_calibration(comparison: Comparison) -> Table:
    """A row a way of reading: expected calibration error and average precision of each label."""
    table = _table("calibration error / average precision")
    table.add_column("system")
    for label in next(iter(comparison.systems.values())).labels:
        table.add_column(label, no_wrap=True)
    for name, errors in comparison.calibration_errors.items():
        metrics = comparison.systems[name].labels
        table.add_row(
            name, *(f"{error:.3f} / {metrics[label].average_precision:.3f}" for label, error in errors.items())
        )
    return table


def _table(title: str) -> Table:
    return Table(
        title=f"\n{title}", title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim"
    )


def to_json(comparison: Comparison) -> dict[str, Any]:
    """All numbers, ready for JSON."""
    return asdict(comparison)
