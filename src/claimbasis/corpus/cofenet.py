"""Reads PolNeAR's test articles as CofeNet (Wang et al. 2022, COLING) gives them: one JSON object a sentence, often a paragraph.

Each has `id` (of the article), `tokens` (Penn Treebank words) and `labels` (`B-source`, `I-cue`, `O` …, one a token). Two
articles stand there several times, once for each annotator; published scores count them so.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby, pairwise
from pathlib import Path
from typing import Any

from claimbasis.corpus.annotated import read_rows
from claimbasis.errors import CorpusError
from claimbasis.text.statements import split_statements
from claimbasis.types import Span, Statement

# What the Treebank wrote for characters that news writes otherwise.
_WRITTEN = {"``": '"', "''": '"', "-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "-LCB-": "{", "-RCB-": "}"}
TokenSpan = tuple[str, int, int, int]  # role, sentence, first token, token after the last


@dataclass(frozen=True, slots=True)
class TaggedArticle:
    """Sentences of one article in a row, by one annotator."""

    id: str
    tokens: tuple[tuple[str, ...], ...]  # of each sentence
    labels: tuple[tuple[str, ...], ...]

    @property
    def text(self) -> str:
        """The sentences with a blank between tokens, and between sentences."""
        return " ".join(self._sentences())

    def statements(self) -> list[Statement]:
        """The sentences, cut as any text is: as one statement, a long paragraph would lose its middle."""
        text, edges = self.text, self._edges()
        cuts = [s for start, end in pairwise(edges) for s in split_statements(text, start=start, end=end)]
        return [replace(statement, index=index) for index, statement in enumerate(cuts)]

    def locate(self, spans: Iterable[Span]) -> set[TokenSpan]:
        """The tokens of some spans of the text, counted from the first of their sentence."""
        text, edges = self.text, self._edges()
        found: set[TokenSpan] = set()
        for span in spans:
            sentence = bisect_right(edges, span.start) - 1
            n_before = text.count(" ", edges[sentence], span.start)
            found.add((span.role, sentence, n_before, n_before + span.text.count(" ") + 1))
        return found

    def _sentences(self) -> list[str]:
        return [" ".join(_WRITTEN.get(token, token) for token in tokens) for tokens in self.tokens]

    def _edges(self) -> list[int]:
        """Where each sentence begins in the text, and where one more would."""
        return [*accumulate((len(sentence) + 1 for sentence in self._sentences()), initial=0)]

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
