"""A whole evaluation of one model on annotated articles: from files to everything that is counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from claimbasis.codebook import Codebook
from claimbasis.corpus.annotated import AnnotatedArticle, read_corpus, require_separate
from claimbasis.errors import CorpusError
from claimbasis.evaluation.abstention import Kept, trace_risk
from claimbasis.evaluation.baselines import measure_baselines, read_phrases
from claimbasis.evaluation.compare import Comparison, collect_readings, compare_readings
from claimbasis.evaluation.confusion import ConfusionRow, measure_confusion
from claimbasis.evaluation.decisions import Decisions, decide, place_statements
from claimbasis.evaluation.marks import read_context_kinds, read_source_phrases
from claimbasis.evaluation.metrics import Metrics
from claimbasis.evaluation.slices import Members, Slice, find_slices, measure_slices
from claimbasis.evaluation.source_phrases import PhraseRecall, find_phrase_slices, measure_phrase_recall
from claimbasis.inference.classifier import Classifier
from claimbasis.inference.reading import OnStatements


@dataclass(frozen=True, slots=True)
class Inputs:
    """Files that an evaluation reads beside the model."""

    data: Sequence[str]  # annotated articles to measure on
    train: Sequence[str] = ()  # annotated articles that the model learned from, for what is seen and unseen
    baselines: Sequence[str] = ()  # annotated articles for simple systems to learn from; none are measured when empty
    phrases: Path | None = None  # phrases that mark unnamed sources, for a baseline
    context: Path | None = None  # stand-off: statements that need those around them
    sources: Path | None = None  # stand-off: the words that mark the unnamed source of a statement


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that is known about a model on some annotated articles."""

    codebook: Codebook  # of the model, and so of the annotation
    comparison: Comparison
    decisions: Decisions  # of the model as it reads by default
    members: Members
    slices: tuple[Slice, ...]
    confusion: tuple[ConfusionRow, ...]
    risk_curve: tuple[Kept, ...]
    phrase_recall: tuple[PhraseRecall, ...]  # empty where nothing is known about phrases


def evaluate(classifier: Classifier, inputs: Inputs, *, on_statements: OnStatements | None = None) -> Evaluation:
    """Measures a model in all its readings, and, as it reads by default, in slices.

    1. Read what is annotated. 2. Run the model. 3. Compare it with other systems. 4. Look into its decisions.

    Args:
        classifier: The model, reading as it does by default.
        inputs: What to measure on, and what else is known.
        on_statements: Called with the number of statements done.

    Raises:
        CorpusError: A file breaks a rule, or the model knows other labels.
    """
    # 1.
    _require_train(inputs)
    codebook = classifier.settings.codebook
    articles = read_corpus(inputs.data, codebook=codebook)
    statements = place_statements(articles)
    context_kinds = read_context_kinds(inputs.context, statements) if inputs.context else None
    phrases = read_source_phrases(inputs.sources, statements) if inputs.sources else None
    # 2.
    answers = collect_readings(classifier, articles, codebook, on_statements=on_statements)
    # 3.
    comparison = compare_readings(classifier, articles, answers, _measure_baselines(inputs, articles, codebook))
    # 4.
    decisions = decide(classifier, statements, answers[comparison.default_system])
    members = find_slices(statements, context_kinds)
    by_phrase = {} if phrases is None else find_phrase_slices(decisions, phrases, _read_train_texts(inputs, codebook))
    return Evaluation(
        codebook, comparison, decisions, members | by_phrase,
        measure_slices(decisions, members),
        measure_confusion(decisions, codebook),
        trace_risk(decisions),
        measure_phrase_recall(decisions, by_phrase),
    )  # fmt: skip


def _require_train(inputs: Inputs) -> None:
    if inputs.sources and not inputs.train and not inputs.baselines:
        raise CorpusError(
            f"{inputs.sources}: without training files no phrase is seen or unseen; name those of the model (--train)"
        )


def _measure_baselines(inputs: Inputs, articles: Sequence[AnnotatedArticle], codebook: Codebook) -> dict[str, Metrics]:
    if not inputs.baselines:
        return {}
    phrases = read_phrases(inputs.phrases) if inputs.phrases else []
    train = read_corpus(inputs.baselines, codebook=codebook)
    require_separate(train, articles)
    return measure_baselines(train, articles, codebook, phrases=phrases)


def _read_train_texts(inputs: Inputs, codebook: Codebook) -> list[str]:
    articles = read_corpus(inputs.train or inputs.baselines, codebook=codebook)
    return [s.statement.text for item in articles for s in item.statements]
