"""What comes for free: systems that any model must beat, measured on the same statements."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion

from claimbasis.codebook import Codebook
from claimbasis.corpus.annotated import AnnotatedArticle
from claimbasis.errors import CorpusError
from claimbasis.evaluation.metrics import Bools, Metrics, measure
from claimbasis.evaluation.protocol import annotated_targets


def measure_baselines(
    train: Sequence[AnnotatedArticle], dev: Sequence[AnnotatedArticle], codebook: Codebook, *, phrases: Sequence[str]
) -> dict[str, Metrics]:
    """Metrics of each baseline on the dev statements, by name.

    Args:
        train: What the learning baselines learn from.
        dev: What all are measured on.
        codebook: The labels; the phrase list speaks for the first.
        phrases: Phrases that mark an unnamed source; without any, that baseline is left out.
    """
    train_targets, _ = annotated_targets(train, codebook)
    targets, index = annotated_targets(dev, codebook)
    texts = [s.statement.text for item in dev for s in item.statements]
    predicted = {"most frequent label": most_frequent(train_targets, len(texts))}
    if phrases:
        predicted["anonymity phrases"] = match_phrases(texts, phrases, len(codebook.labels))
    predicted["TF-IDF + logistic regression"] = tfidf(
        [s.statement.text for i in train for s in i.statements], train_targets, texts
    )
    return {
        name: measure(targets, answer, index, labels=codebook.label_names, rng=np.random.default_rng(0))
        for name, answer in predicted.items()
    }


def most_frequent(train_targets: Bools, n: int) -> Bools:
    """The commonest label for each of n statements, shape (n, k)."""
    predicted = np.zeros((n, train_targets.shape[1]), dtype=bool)
    predicted[:, train_targets.sum(axis=0).argmax()] = True
    return predicted


def match_phrases(texts: Sequence[str], phrases: Sequence[str], n_labels: int) -> Bools:
    """The first label where a phrase occurs, as whole words in any case; shape (n, k)."""
    pattern = re.compile(
        r"\b(?:" + "|".join(re.escape(p) for p in sorted(phrases, key=len, reverse=True)) + r")\b", re.IGNORECASE
    )
    predicted = np.zeros((len(texts), n_labels), dtype=bool)
    predicted[:, 0] = [pattern.search(text) is not None for text in texts]
    return predicted


def tfidf(train_texts: Sequence[str], train_targets: Bools, texts: Sequence[str]) -> Bools:
    """Words, word pairs and letter groups, with a balanced logistic regression a label; shape (n, k)."""
    features = FeatureUnion([
        ("words", TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)),
        ("letters", TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, min_df=3)),
    ])  # fmt: skip
    known, asked = features.fit_transform(train_texts), features.transform(texts)
    # A label that all training statements carry, or none, leaves nothing to learn.
    predicted = np.tile(train_targets.all(axis=0), (len(texts), 1))
    for k in np.flatnonzero(train_targets.any(axis=0) & ~train_targets.all(axis=0)):
        model = LogisticRegression(C=4, class_weight="balanced", max_iter=1000)
        predicted[:, k] = model.fit(known, train_targets[:, k]).predict(asked)
    return predicted


def read_phrases(path: Path) -> list[str]:
    """Phrases of a text file, one a line, without empty lines and comments (#).

    Raises:
        CorpusError: The file cannot be read or is empty.
    """
    try:
        # Search phrases are often kept in quotation marks.
        lines = [line.strip().strip('"') for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path}: cannot be read ({error}); give a text file with one phrase a line") from error
    phrases = [line for line in lines if line and not line.startswith("#")]
    if not phrases:
        raise CorpusError(f"{path}: no phrases; give one a line")
    return phrases
