# ruff: noqa: T201  # what it prints is what it is for
"""What context costs and what it gives: tokens a statement and dev scores for lengths and overlaps of windows.

    python experiments/benchmarks/windows.py ../shared/data/annotated/dev.jsonl.gz

The weights stay as they are; scales and thresholds are fitted anew for each row on the same articles, as a training
would do, so that rows differ by their windows alone; "both" is the mean of both readings of every statement. Tokens are
those that the model computes, repeats included, padding not; they are counted on whole articles, because in the
annotated passages there is less to repeat.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from claimbasis.codebook import shipped_codebook
from claimbasis.corpus.annotated import AnnotatedArticle, read_corpus
from claimbasis.evaluation.calibration import calibrate, choose_thresholds, fit_scales
from claimbasis.evaluation.metrics import macro_f1
from claimbasis.evaluation.protocol import Answers, collect_answers
from claimbasis.inference.classifier import Classifier
from claimbasis.text.statements import split_statements
from claimbasis.windows import plan_windows, window_length


class Shape(NamedTuple):
    """How windows are cut."""

    max_tokens: int
    overlap_tokens: int


SHAPES = [
    Shape(length, overlap)
    for length, overlaps in ((256, (96, 64, 48, 32, 0)), (192, (48, 32)), (128, (48, 32, 24)))
    for overlap in overlaps
]


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description="windows of several shapes, measured on annotated articles")
    parser.add_argument("files", nargs="+", metavar="FILE", help="annotated articles, such as dev.jsonl.gz")
    parser.add_argument("--model", metavar="FOLDER", help="the shipped model when not given")
    options = parser.parse_args(argv)
    articles = read_corpus(options.files)
    classifier = Classifier.load(options.model)
    lengths = [classifier.token_lengths([s.text for s in split_statements(a.article.text)]) for a in articles]
    alone = _answers(classifier.with_reading("alone"), articles)
    print(f"{classifier.model_id}; statements alone: {_tokens(lengths, None):.1f} tokens, F1 {_score(alone):.3f}")
    print(f"{'window':>7} {'overlap':>8} {'tokens/statement':>17} {'F1 windows':>11} {'F1 both':>8}")
    for shape in SHAPES:
        answers = _answers(classifier.with_windows(*shape), articles)
        both = replace(answers, logits=(answers.logits + alone.logits) / 2)
        cost = f"{_tokens(lengths, shape):17.1f}"
        scores = f"{_score(answers):11.3f} {_score(both):8.3f}"
        print(f"{shape.max_tokens:7} {shape.overlap_tokens:8} {cost} {scores}", flush=True)
    return 0


def _answers(classifier: Classifier, articles: Sequence[AnnotatedArticle]) -> Answers:
    return collect_answers(classifier, articles, shipped_codebook(), boundaries="annotated")


def _score(answers: Answers) -> float:
    scores = calibrate(answers.logits, *fit_scales(answers.logits, answers.targets))
    return macro_f1(answers.targets, scores >= np.asarray(choose_thresholds(scores, answers.targets)))


def _tokens(lengths: Sequence[Sequence[int]], shape: Shape | None) -> float:
    """Tokens that the model computes for a statement; for each alone without a shape."""
    planned = [
        window_length(each, window)
        for each in lengths
        for window in plan_windows(
            each,
            max_tokens=shape.max_tokens if shape else 256,
            overlap_tokens=shape.overlap_tokens if shape else 0,
            reading="windows" if shape else "alone",
        )
    ]
    return sum(planned) / sum(map(len, lengths))


if __name__ == "__main__":
    raise SystemExit(main())
