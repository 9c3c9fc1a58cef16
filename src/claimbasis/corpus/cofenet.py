"""Reads PolNeAR's test articles as CofeNet (Wang et al. 2022, COLING) gives them: one JSON object a sentence.

Each has `id` (of the article), `tokens` (Penn Treebank words) and `labels` (`B-source`, `I-cue`, `O` …, one a token). Two
articles stand there several times, once for each annotator; published scores count them so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from claimbasis.corpus.annotated import read_rows
from claimbasis.errors import CorpusError
from claimbasis.types import Statement

# What the Treebank wrote for characters that news writes otherwise.
_WRITTEN = {"``": '"', "''": '"', "-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "-LCB-": "{", "-RCB-": "}"}
TokenSpan = tuple[str, int, int, int]  # role, sentence, first token, token after the last


@dataclass(frozen=True, slots=True)
class TaggedArticle:
    """Sentences of one article in a row, by one annotator."""

    id: str
    tokens: tuple[tuple[str, ...], ...]  # of each sentence
    labels: tuple[tuple[str, ...], ...]

    def statements(self) -> list[Statement]:
        """The sentences with a blank between tokens; offsets count from the first."""
        statements: list[Statement] = []
        position = 0
        for index, tokens in enumerate(self.tokens):
            text = " ".join(_WRITTEN.get(token, token) for token in tokens)
            statements.append(Statement(index, position, position + len(text), text))
            position += len(text) + 1
        return statements

    def spans(self) -> set[TokenSpan]:
        """The annotator's spans."""
        return {span for index, labels in enumerate(self.labels) for span in _read_tags(index, labels)}


def read_cofenet(path: Path) -> list[TaggedArticle]:
    """The articles of a file, in its order.

    Raises:
        CorpusError: The file cannot be read, or a row is none of these.
    """
    try:
        rows = [(row["id"], tuple(row["tokens"]), tuple(row["labels"])) for row in read_rows(path)]
    except (KeyError, TypeError) as error:
        raise CorpusError(f"{path}: no sentence of CofeNet's ({error!r}); needed are id, tokens and labels") from error
    articles = []
    for key, group in groupby(rows, key=lambda row: row[0]):
        held = list(group)
        articles.append(
            TaggedArticle(key, tuple(tokens for _, tokens, _ in held), tuple(labels for *_, labels in held))
        )
    return articles


def _read_tags(sentence: int, labels: Sequence[str]) -> Iterator[TokenSpan]:
    start = 0
    for position in range(1, len(labels) + 1):
        if position == len(labels) or labels[position] != f"I-{_role(labels[start])}":
            if labels[start] != "O":
                yield _role(labels[start]), sentence, start, position
            start = position


def _role(label: str) -> Any:  # noqa: ANN401
    return label.partition("-")[2]
