"""Statements as tokens, and words and spans as tags on them: what both legs must do alike.

Who said it (`source`), by which words (`cue`), through whom (`relay`): each role has tags of its own, so that spans of
different roles may overlap. A word carries its tag on its first token: outside a span, its beginning, or inside.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from tokenizers import Encoding, Tokenizer

from claimbasis.types import ROLES, Span
from claimbasis.windows import Tokens, truncate

OUTSIDE, BEGIN, INSIDE = range(3)
N_TAGS = 3
# The tag of a token that has none: not the first of its word, or of a text that nobody marked.
NO_TAG = -1

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class StatementTokens:
    """The tokens of a statement, without special ones, and its w words: where each begins and ends."""

    ids: Tokens
    first: Ints  # (w,), index of a word's first token
    start: Ints  # (w,), characters of the statement
    end: Ints  # (w,), exclusive

    def __len__(self) -> int:
        return len(self.ids)


def encode_statements(tokenizer: Tokenizer, texts: Sequence[str], *, max_tokens: int) -> list[StatementTokens]:
    """Tokens of statements; one that is too long loses its middle."""
    return [_words(encoding, max_tokens) for encoding in tokenizer.encode_batch(list(texts), add_special_tokens=False)]


def _words(encoding: Encoding, max_tokens: int) -> StatementTokens:
    ids, offsets = encoding.ids, np.asarray(encoding.offsets, np.int64).reshape(-1, 2)
    words = np.asarray([-1 if word is None else word for word in encoding.word_ids], np.int64)
    if len(ids) > max_tokens:
        kept = truncate(range(len(ids)), max_tokens)
        ids, offsets, words = [ids[k] for k in kept], offsets[kept], words[kept]
    is_first = np.diff(words, prepend=-2) != 0
    first = np.flatnonzero(is_first)
    last = np.append(first[1:], len(ids)) - 1
    return StatementTokens(ids, first, offsets[first, 0], offsets[last, 1])


def tag_words(tokens: StatementTokens, spans: Iterable[Span], roles: Sequence[str], *, offset: int) -> Ints:
    """Tags of a statement's tokens from its spans.

    Args:
        tokens: The statement's tokens.
        spans: Those of the statement, or more.
        roles: Which roles were looked for in the text; the others get no tags.
        offset: Where the statement begins, in the characters that the spans count.

    Returns:
        Shape (tokens, roles), of `OUTSIDE`, `BEGIN`, `INSIDE`, and `NO_TAG`.
    """
    tags = np.full((len(tokens), len(ROLES)), NO_TAG, np.int64)
    for column in (ROLES.index(role) for role in roles):
        tags[tokens.first, column] = OUTSIDE
    for span in spans:
        held = tokens.first[(tokens.start < span.end - offset) & (tokens.end > span.start - offset)]
        tags[held, ROLES.index(span.role)] = INSIDE
        tags[held[:1], ROLES.index(span.role)] = BEGIN
    return tags


def find_spans(text: str, tokens: StatementTokens, logits: npt.NDArray[np.floating], *, offset: int) -> list[Span]:
    """Spans from the logits of a statement's words.

    Args:
        text: The statement.
        tokens: Its tokens.
        logits: Shape (words, roles, tags).
        offset: Where the statement begins in the article; is added to the spans' offsets.

    Returns:
        Spans in reading order.
    """
    tags = logits.argmax(axis=-1)
    spans = []
    for column in np.flatnonzero((tags != OUTSIDE).any(axis=0)).tolist():
        # A word inside a span that never began begins it: the likelier slip of the two.
        row = np.append(tags[:, column], OUTSIDE)
        previous = np.concatenate([[OUTSIDE], row[:-1]])
        starts = np.flatnonzero((row == BEGIN) | ((row == INSIDE) & (previous == OUTSIDE)))
        stops = np.flatnonzero((previous != OUTSIDE) & (row != INSIDE))
        for first, stop in zip(starts.tolist(), stops.tolist(), strict=True):
            start, end = int(tokens.start[first]), int(tokens.end[stop - 1])
            spans.append(Span(ROLES[column], offset + start, offset + end, text[start:end]))
    return sorted(spans, key=lambda span: (span.start, span.end))
