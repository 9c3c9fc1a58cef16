"""Labels that look wrong, because a system that has not learned from them is sure of others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from cleanlab.multilabel_classification.filter import find_multilabel_issues_per_class
from cleanlab.multilabel_classification.rank import get_label_quality_scores
from scipy.special import expit
from sklearn.model_selection import GroupKFold

from claimbasis.codebook import Codebook
from claimbasis.corpus.annotated import AnnotatedArticle, data_hash
from claimbasis.corpus.checks import Finding, Kind, Place, statements_of
from claimbasis.errors import CorpusError
from claimbasis.evaluation.baselines import fit_tfidf
from claimbasis.evaluation.metrics import Floats
from claimbasis.evaluation.protocol import annotated_targets, collect_answers
from claimbasis.inference.classifier import Classifier
from claimbasis.inference.reading import OnStatements

N_FOLDS = 5
# Below this a fold's words say too little: on 24 articles of our own corpus the system still beats chance, on 5 it does not.
MIN_ARTICLES = 2 * N_FOLDS
# The strictest of cleanlab's ways but one that hangs on a margin: on our own corpus, where two readings differ on 5 % of the
# statements, it doubts 14 %, and the default 20 %.
_FILTER = "confident_learning"


def cross_validate(articles: Sequence[AnnotatedArticle], codebook: Codebook) -> Floats:
    """Scores of TF-IDF with logistic regression, each article's by a system that learned from other articles only.

    Args:
        articles: At least `MIN_ARTICLES`.
        codebook: The labels.

    Returns:
        Shape (statements, labels), in [0, 1].

    Raises:
        CorpusError: There are too few articles, or their words never recur.
    """
    if len(articles) < MIN_ARTICLES:
        raise CorpusError(f"{len(articles)} articles are too few for cross-validation; it needs {MIN_ARTICLES}")
    targets, groups = annotated_targets(articles, codebook)
    texts = [s.statement.text for item in articles for s in item.statements]
    logits = np.zeros(targets.shape)
    try:
        for train, test in GroupKFold(N_FOLDS, shuffle=True, random_state=0).split(texts, groups=groups):
            score = fit_tfidf([texts[i] for i in train], targets[train])
            logits[test] = score([texts[i] for i in test])
    except ValueError as error:
        raise CorpusError(f"{len(texts)} statements cannot be cross-validated ({error}); they are too few") from error
    return np.asarray(expit(logits))


def score_unseen(
    classifier: Classifier,
    articles: Sequence[AnnotatedArticle],
    codebook: Codebook,
    *,
    on_statements: OnStatements | None = None,
) -> Floats:
    """Calibrated scores of a model that has not learned from these articles, shape (statements, labels).

    Raises:
        CorpusError: It has learned from exactly these, or was made for other labels.
    """
    if data_hash(articles) == classifier.settings.data_hash:
        raise CorpusError(
            f"{classifier.model_id} was trained on these articles and agrees with their labels, right or wrong; "
            "name them without --unseen"
        )
    answers = collect_answers(classifier, articles, codebook, boundaries="annotated", on_statements=on_statements)
    return classifier.scores(answers.logits)


def find_label_errors(places: Sequence[Place], codebook: Codebook, scores: Floats, *, judge: str) -> list[Finding]:
    """Statements whose labels are probably wrong, the worst first, by confident learning.

    Args:
        places: Articles.
        codebook: The labels.
        scores: Of their statements, from a system that has not seen these labels; shape (statements, labels), in [0, 1].
        judge: What gave the scores, in words.

    Returns:
        Findings with the labels as they are, as they might be, and a quality in [0, 1] that is low for the worst.

    Raises:
        CorpusError: The codebook has a single label, or all statements carry the same one, or none.
    """
    targets, _ = annotated_targets([place.item for place in places], codebook)
    given = [np.flatnonzero(row).tolist() for row in targets]
    try:
        doubtful = np.asarray(find_multilabel_issues_per_class(given, scores, filter_by=_FILTER, n_jobs=1))
        quality = get_label_quality_scores(given, scores)
    except ValueError as error:
        raise CorpusError(f"it takes two labels, and statements that differ in them ({error})") from error
    statements = statements_of(places)
    names = np.array(codebook.label_names)
    return [
        Finding(
            Kind.LABELS, statements[row], f"by {judge}{_tell_readings(statements[row])}", given=tuple(names[targets[row]].tolist()),
            suggested=tuple(names[targets[row] ^ doubtful[row]].tolist()), score=float(quality[row]),
        )
        for row in np.argsort(quality, kind="stable").tolist() if doubtful[row].any()
    ]  # fmt: skip


def _tell_readings(place: Place) -> str:
    """The readings of a statement on which people did not agree at first either."""
    readings = place.statement.readings if place.statement else ()
    return f"; read as {', '.join(readings)}" if len(set(map(frozenset, readings))) > 1 else ""
