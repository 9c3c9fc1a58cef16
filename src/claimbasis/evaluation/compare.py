"""One model read in several ways, beside the baselines, on the same annotated statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from claimbasis.codebook import Codebook
from claimbasis.corpus.annotated import AnnotatedArticle, data_hash
from claimbasis.evaluation.metrics import Metrics
from claimbasis.evaluation.protocol import Answers, Boundaries, collect_answers, measure_answers
from claimbasis.inference.classifier import Classifier
from claimbasis.inference.reading import OnStatements
from claimbasis.windows import Reading

_NAMES: dict[Reading, str] = {
    "windows": "in windows",
    "alone": "alone",
    "both": "both ways",
    "again": "again where unsure",
}
_CUTS: dict[Boundaries, str] = {"annotated": "", "own": ", cut by our splitter"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Metrics and calibration errors of several systems on one set of statements."""

    model_id: str
    default_reading: Reading
    default_system: str  # the model as it reads by default, with the annotators' statements
    data: str  # what was measured on, in words
    systems: dict[str, Metrics]
    calibration_errors: dict[str, dict[str, float]]  # system -> label -> expected calibration error


def collect_readings(
    classifier: Classifier,
    articles: Sequence[AnnotatedArticle],
    codebook: Codebook,
    *,
    on_statements: OnStatements | None = None,
) -> dict[str, Answers]:
    """What a model says in every way of reading, with the annotators' statements and with our own, by name of the system.

    Args:
        classifier: The model; how it was loaded to read does not matter.
        articles: The annotated articles.
        codebook: Must have the model's labels.
        on_statements: Called with the number of statements done.

    Raises:
        CorpusError: The model knows other labels.
    """
    found: dict[str, Answers] = {}
    for boundaries, cut in _CUTS.items():
        asked: tuple[Reading, ...] = ("windows", "alone", "again")
        read: dict[Reading, Answers] = {
            reading: collect_answers(
                classifier.with_reading(reading), articles, codebook, boundaries=boundaries, on_statements=on_statements
            )
            for reading in asked
        }
        mean = np.mean([read["windows"].logits, read["alone"].logits], axis=0)
        read["both"] = replace(read["alone"], logits=mean)
        found |= {name + cut: read[reading] for reading, name in _NAMES.items()}
    return found


def compare_readings(
    classifier: Classifier,
    articles: Sequence[AnnotatedArticle],
    answers: Mapping[str, Answers],
    baselines: Mapping[str, Metrics],
) -> Comparison:
    """Measures each reading of a model, and puts the baselines below.

    Args:
        classifier: The model, reading as it does by default.
        articles: The annotated articles.
        answers: As `collect_readings` gives them.
        baselines: Metrics of other systems on the same statements.
    """
    measured = {name: measure_answers(classifier, answer) for name, answer in answers.items()}
    n = sum(len(item.statements) for item in articles)
    return Comparison(
        classifier.model_id,
        classifier.settings.reading,
        _NAMES[classifier.settings.reading],
        f"{len(articles)} articles, {n} statements, hash {data_hash(articles)}",
        {name: metrics for name, (metrics, _) in measured.items()} | dict(baselines),
        {name: errors for name, (_, errors) in measured.items()},
    )
