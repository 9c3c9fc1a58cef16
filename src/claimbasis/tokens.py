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
# A span is marked when both its ends are right with at least this probability. The best for F1 is half the F1 reached (Lipton et
# al. 2014) where probabilities are right; ours are a little high around it. Chosen on PolNeAR's dev articles.
MIN_PROBABILITY = 0.45
# Where somebody must have said it, a span that begins with this probability is better than none. Chosen on our own dev set.
MIN_BEGINNING = 0.3
# Statements whose tags become probabilities at once: one by one, calls cost more than numbers; all at once, long articles fill memory.
_BLOCK = 256
# The tag of a token that has none: not the first of its word, or of a text that nobody marked.
NO_TAG = -1

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class StatementTokens:
    """The tokens of a statement, without special ones, and its w words: where each begins and ends."""

    text: str
    ids: Tokens
    first: Ints  # (w,), index of a word's first token
    start: Ints  # (w,), characters of the statement
    end: Ints  # (w,), exclusive

    def __len__(self) -> int:
        return len(self.ids)


def encode_statements(tokenizer: Tokenizer, texts: Sequence[str], *, max_tokens: int) -> list[StatementTokens]:
    """Tokens of statements; one that is too long loses its middle."""
    encodings = tokenizer.encode_batch(list(texts), add_special_tokens=False)
    return [_words(text, encoding, max_tokens) for text, encoding in zip(texts, encodings, strict=True)]


def _words(text: str, encoding: Encoding, max_tokens: int) -> StatementTokens:
    ids, offsets = encoding.ids, np.asarray(encoding.offsets, np.int64).reshape(-1, 2)
    words = np.asarray([-1 if word is None else word for word in encoding.word_ids], np.int64)
    if len(ids) > max_tokens:
        kept = truncate(range(len(ids)), max_tokens)
        ids, offsets, words = [ids[k] for k in kept], offsets[kept], words[kept]
    is_first = np.diff(words, prepend=-2) != 0
    first = np.flatnonzero(is_first)
    last = np.append(first[1:], len(ids))[: len(first)] - 1  # a text of invisible characters has no word
    return StatementTokens(text, ids, first, offsets[first, 0], offsets[last, 1])


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


def span_probabilities(logits: Sequence[npt.NDArray[np.floating]]) -> list[npt.NDArray[np.floating]]:
    """How likely a span begins with each word, or goes on with it.

    Args:
        logits: Of the words of each statement, shape (words, roles, tags).

    Returns:
        Shape (words, roles, 2) for each statement.
    """
    blocks = (logits[first : first + _BLOCK] for first in range(0, len(logits), _BLOCK))
    return [probabilities for block in blocks for probabilities in _block_probabilities(block)]


def _block_probabilities(logits: Sequence[npt.NDArray[np.floating]]) -> list[npt.NDArray[np.floating]]:
    words = np.concatenate(logits)
    shares = np.exp(words - words.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    edges = np.cumsum([0, *map(len, logits)])
    within_before = 1 - np.roll(shares[..., OUTSIDE], 1, axis=0)
    within_before[edges[edges < len(words)]] = 0
    # A word inside a span that never began begins it. Tags of neighbours hang together: what is surer to be inside than the word
    # before it is to be in a span, by so much is it a beginning.
    begins = shares[..., BEGIN] + np.maximum(shares[..., INSIDE] - within_before, 0)
    return np.split(np.stack([begins, shares[..., INSIDE]], axis=-1), edges[1:-1])


def find_spans(
    tokens: StatementTokens,
    probabilities: npt.NDArray[np.floating],
    roles: Sequence[str],
    *,
    offset: int,
    is_whole: bool = True,
) -> list[Span]:
    """Spans of a statement.

    Args:
        tokens: The statement's.
        probabilities: Of its words, as `span_probabilities` gives them.
        roles: Which of them to mark; those that a model has not learned mean nothing.
        offset: Where the statement begins in the article; is added to the spans' offsets.
        is_whole: Whether both ends of a span must be sure enough; else its beginning is enough, less sure, and it ends where that
            is likeliest.

    Returns:
        Spans in reading order.
    """
    spans = []
    for column in map(ROLES.index, roles):
        for first, last in _likely_places(*probabilities[:, column].T, is_whole=is_whole):
            start, end = int(tokens.start[first]), int(tokens.end[last])
            spans.append(Span(ROLES[column], offset + start, offset + end, tokens.text[start:end]))
    return sorted(spans, key=lambda span: (span.start, span.end))


def _likely_places(
    begins: npt.NDArray[np.floating], inside: npt.NDArray[np.floating], *, is_whole: bool
) -> list[tuple[int, int]]:
    """First and last words of spans that are likely enough; of two that overlap the likelier."""
    found: list[tuple[float, int, int]] = []
    for first in np.flatnonzero(begins >= (MIN_PROBABILITY if is_whole else MIN_BEGINNING)).tolist():
        # As sure as its least sure word: a product would take the words of a span for independent, and long spans for unlikely.
        reaches = np.minimum.accumulate(np.append(begins[first], inside[first + 1 :]))
        ends = reaches - np.append(reaches[1:], 0)
        lengths = np.flatnonzero(ends >= MIN_PROBABILITY).tolist() if is_whole else [int(ends.argmax())]
        found += [(float(ends[k]), first, first + k) for k in lengths]
    kept: list[tuple[int, int]] = []
    for _, first, last in sorted(found, reverse=True):
        if all(last < other_first or other_last < first for other_first, other_last in kept):
            kept.append((first, last))
    return kept
