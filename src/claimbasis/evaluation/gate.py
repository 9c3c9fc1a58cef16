"""What a model version must reach before it becomes champion."""

from __future__ import annotations

import math
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from importlib.resources import files
from pathlib import Path
from typing import Literal

from claimbasis.codebook import Codebook
from claimbasis.corpus.annotated import AnnotatedArticle
from claimbasis.errors import CorpusError, RecipeError
from claimbasis.evaluation.decisions import decide, place_statements
from claimbasis.evaluation.protocol import collect_answers, measure_answers
from claimbasis.evaluation.slices import find_slices, measure_slices
from claimbasis.inference.classifier import Classifier
from claimbasis.inference.reading import OnStatements

Unit = Literal["share", "ms", "MB"]
# Statements of a timed round, rounds at least, and how long to go on with more of them.
_N_TIMED_STATEMENTS, _N_ROUNDS, _TIMED_SECONDS = 40, 5, 1.0
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Gate:
    """The limits, as a TOML file gives them."""

    floors: dict[str, float]  # label -> F1 in [0, 1]
    max_slice_drop: float  # macro-F1 below the champion's, in [0, 1]
    min_slice_statements: int  # smaller slices are not compared
    max_calibration_error: float  # of each label, in [0, 1]
    max_milliseconds: float  # a statement
    max_slowdown: float  # a ratio to the champion's time
    max_megabytes: float  # of the model folder


@dataclass(frozen=True, slots=True)
class Cost:
    """What a version takes."""

    milliseconds: float  # a statement
    megabytes: float  # of the model folder


@dataclass(frozen=True, slots=True)
class Standing:
    """What was measured of one version."""

    f1: dict[str, float]  # label -> share
    calibration_errors: dict[str, float]  # label -> share
    slices: dict[str, float]  # "outlet Reuters" -> macro-F1; "all" is one of them
    cost: Cost


@dataclass(frozen=True, slots=True)
class Check:
    """One limit, and how a version stands to it."""

    name: str
    unit: Unit
    value: float
    limit: float
    champion: float | None  # None where there is none, or it does not matter
    is_floor: bool  # whether the value must not be below the limit, else not above

    @property
    def missed_by(self) -> float:
        """How far the value is on the wrong side of its limit; 0 where it is not, or by no more than rounding."""
        gap = self.limit - self.value if self.is_floor else self.value - self.limit
        return gap if gap > _ROUNDING else 0.0


def read_gate(path: Path | None, labels: Sequence[str]) -> Gate:
    """The limits in a TOML file; the shipped one when None.

    Raises:
        RecipeError: The file cannot be read, lacks a key or has an unknown one, or a label of the model has no floor.
    """
    place = path or Path(str(files("claimbasis"))) / "bundled" / "gate.toml"
    try:
        values = tomllib.loads(place.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(
            f"{place}: cannot be read ({error}); models/gate.toml shows how limits are written"
        ) from error
    known = {field.name for field in fields(Gate)}
    if faults := sorted(known.symmetric_difference(values)):
        raise RecipeError(f"{place}: {', '.join(faults)}: missing or unknown; needed are {', '.join(sorted(known))}")
    gate = Gate(**values)
    _check_values(gate, labels, place)
    return gate


def _check_values(gate: Gate, labels: Sequence[str], place: Path) -> None:
    limits = {**asdict(gate), "floors": 0, **(gate.floors if isinstance(gate.floors, dict) else {"floors": None})}
    for name, value in limits.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
            raise RecipeError(f"{place}: {name} is {value!r}; write a number from 0 on")
    if missing := [label for label in labels if label not in gate.floors]:
        raise RecipeError(
            f"{place}: no floor for {', '.join(missing)}; write one under [floors], in a copy that --gate names"
        )


def measure_standing(
    classifier: Classifier,
    articles: Sequence[AnnotatedArticle],
    codebook: Codebook,
    gate: Gate,
    cost: Cost,
    *,
    on_statements: OnStatements | None = None,
) -> Standing:
    """Runs a model over annotated articles, as it reads by default.

    Raises:
        CorpusError: The model knows other labels than the codebook, or no statement carries one of them.
    """
    answers = collect_answers(classifier, articles, codebook, boundaries="annotated", on_statements=on_statements)
    metrics, errors = measure_answers(classifier, answers)
    if absent := [label for label, m in metrics.labels.items() if not m.n_positive]:
        raise CorpusError(
            f"no statement carries {', '.join(absent)}; measure on annotated articles that have all labels"
        )
    statements = place_statements(articles)
    slices = measure_slices(decide(classifier, statements, answers), find_slices(statements))
    enough = {
        f"{item.group} {item.name}": item.macro_f1.value
        for item in slices
        if item.macro_f1 and item.n_statements >= gate.min_slice_statements
    }
    f1 = {label: m.f1.value for label, m in metrics.labels.items()}
    return Standing(f1, errors, {"all": metrics.macro_f1.value} | enough, cost)


def time_statements(classifiers: Mapping[str, Classifier], articles: Sequence[AnnotatedArticle]) -> dict[str, float]:
    """Milliseconds that a statement takes each classifier: the best of a few rounds, in which they take turns.

    Other work on the machine can only add to a round: the best is nearest to what the model takes.
    """
    chosen: list[list[str]] = []
    for item in articles:
        chosen.append([s.statement.text for s in item.statements])
        if sum(map(len, chosen)) >= _N_TIMED_STATEMENTS:
            break
    times: dict[str, list[float]] = {name: [] for name in classifiers}
    enough = time.perf_counter() + _TIMED_SECONDS
    while len(times[next(iter(times))]) < _N_ROUNDS or time.perf_counter() < enough:
        for name, classifier in classifiers.items():
            start = time.perf_counter()
            for texts in chosen:
                classifier.logits(texts)
            times[name].append(1000 * (time.perf_counter() - start) / sum(map(len, chosen)))
    return {name: min(rounds) for name, rounds in times.items()}


def compare_standings(gate: Gate, candidate: Standing, champion: Standing | None) -> list[Check]:
    """All checks, passed and missed: floors, slices, calibration, time, size."""
    return [
        *_check_labels(gate, candidate, champion),
        *(_check_slices(gate, candidate, champion) if champion else ()),
        *_check_cost(gate, candidate, champion),
    ]


def _check_labels(gate: Gate, candidate: Standing, champion: Standing | None) -> Iterator[Check]:
    for label, value in candidate.f1.items():
        before = champion.f1.get(label) if champion else None
        yield Check(f"F1 {label}", "share", value, gate.floors[label], before, is_floor=True)
    for label, value in candidate.calibration_errors.items():
        before = champion.calibration_errors.get(label) if champion else None
        limit = gate.max_calibration_error
        yield Check(f"calibration error {label}", "share", value, limit, before, is_floor=False)


def _check_slices(gate: Gate, candidate: Standing, champion: Standing) -> Iterator[Check]:
    for name, before in champion.slices.items():
        # The slices are the data's, the same for both.
        limit = before - gate.max_slice_drop
        yield Check(f"macro-F1 {name}", "share", candidate.slices[name], limit, before, is_floor=True)


def _check_cost(gate: Gate, candidate: Standing, champion: Standing | None) -> Iterator[Check]:
    before = champion.cost if champion else None
    limit = min(gate.max_milliseconds, gate.max_slowdown * before.milliseconds if before else math.inf)
    known = before.milliseconds if before else None
    yield Check("time of a statement", "ms", candidate.cost.milliseconds, limit, known, is_floor=False)
    known = before.megabytes if before else None
    yield Check("size", "MB", candidate.cost.megabytes, gate.max_megabytes, known, is_floor=False)
