"""Spans become tags, and tags spans."""

from __future__ import annotations

import numpy as np
import pytest
from tokenizers import Tokenizer

from claimbasis import Span
from claimbasis.model import TOKENIZER_FILE, shipped_model
from claimbasis.tokens import NO_TAG, StatementTokens, encode_statements, find_spans, span_probabilities, tag_words
from claimbasis.types import ROLES

TEXT = "Reuters reported that four Russians said so, a U.S. aide told Kiel’s mayor."


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(shipped_model() / TOKENIZER_FILE))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def span(role: str, words: str, offset: int = 0) -> Span:
    start = TEXT.index(words) + offset
    return Span(role, start, start + len(words), words)  # type: ignore[arg-type]


def one_hot(tags: np.ndarray) -> np.ndarray:
    return 20 * np.eye(3)[np.maximum(tags, 0)]


def test_spans_come_back_as_they_were_with_overlaps_and_neighbours(tokenizer: Tokenizer) -> None:
    spans = [
        span("relay", "Reuters", 50), span("cue", "reported", 50), span("source", "four Russians", 50),
        span("cue", "said", 50), span("source", "a U.S. aide", 50), span("relay", "U.S. aide", 50),
        span("cue", "told", 50), span("source", "Kiel’s mayor", 50),
    ]  # fmt: skip
    (tokens,) = encode_statements(tokenizer, [TEXT], max_tokens=99)
    tags = tag_words(tokens, spans, ROLES, offset=50)
    assert find_spans(tokens, *span_probabilities([one_hot(tags[tokens.first])]), ROLES, offset=50) == spans


def test_only_the_roles_that_were_looked_for_teach_and_only_on_a_words_first_token(tokenizer: Tokenizer) -> None:
    (tokens,) = encode_statements(tokenizer, ["Unpronounceableville fell."], max_tokens=99)
    tags = tag_words(tokens, [], ("source", "cue"), offset=0)
    assert len(tokens) > 3 == len(tokens.first)
    assert (tags[:, 2] == NO_TAG).all()
    assert (tags[:, 0] != NO_TAG).sum() == 3


def test_a_statement_without_words_has_no_spans(tokenizer: Tokenizer) -> None:
    tokens = encode_statements(tokenizer, ["\u200b", "Aides said so."], max_tokens=99)
    assert [len(t.first) for t in tokens] == [0, 4]
    assert tokens[0].start.shape == tokens[0].end.shape == (0,)
    probabilities = span_probabilities([np.zeros((len(t.first), len(ROLES), 3)) for t in tokens])
    assert find_spans(tokens[0], probabilities[0], ROLES, offset=0) == []


def test_words_keep_their_places_when_a_statement_loses_its_middle(tokenizer: Tokenizer) -> None:
    text = "The aide " + "and so on " * 60 + "said nobody."
    (tokens,) = encode_statements(tokenizer, [text], max_tokens=30)
    assert len(tokens) == 30
    last = [text[a:b] for a, b in zip(tokens.start[-3:], tokens.end[-3:], strict=True)]
    assert last == ["said", "nobody", "."]


def mark(tokens: StatementTokens, logits: np.ndarray, *, is_whole: bool = True) -> list[str]:
    """Spans of "two aides said"."""
    (probabilities,) = span_probabilities([logits])
    found = find_spans(tokens, probabilities, ROLES, offset=0, is_whole=is_whole)
    return [span.text for span in found]


def test_a_word_inside_a_span_that_never_began_begins_it(tokenizer: Tokenizer) -> None:
    (tokens,) = encode_statements(tokenizer, ["two aides said"], max_tokens=9)
    logits = np.zeros((3, len(ROLES), 3))
    logits[:, :, 0] = 1
    logits[[0, 1], 0, 2] = 5
    assert mark(tokens, logits) == ["two aides"]


def test_a_span_is_marked_where_both_its_ends_are_likely(tokenizer: Tokenizer) -> None:
    (tokens,) = encode_statements(tokenizer, ["two aides said"], max_tokens=9)
    shares = np.full((3, len(ROLES), 3), [0.98, 0.01, 0.01])
    shares[:2, 0] = [(0.1, 0.85, 0.05), (0.35, 0.05, 0.6)]  # "two" or "two aides": 0.3 and 0.59
    assert mark(tokens, np.log(shares)) == ["two aides"]
    shares[:2, 0] = [(0.3, 0.65, 0.05), (0.6, 0.05, 0.35)]  # something begins here, but where it ends nobody knows
    assert mark(tokens, np.log(shares)) == []
    (doubtful,) = mark(tokens, np.log(shares), is_whole=False)
    assert doubtful.startswith("two")


def test_a_long_span_is_as_sure_as_its_least_sure_word(tokenizer: Tokenizer) -> None:
    text = "a person who has known the family for many years and asked not to be named"
    (tokens,) = encode_statements(tokenizer, [text], max_tokens=99)
    shares = np.full((len(tokens.first), len(ROLES), 3), [0.98, 0.01, 0.01])
    shares[:, 0] = (0.2, 0.0, 0.8)  # the product of fifteen of them is 0.04
    shares[0, 0] = (0.2, 0.8, 0.0)
    assert mark(tokens, np.log(shares + 1e-9)) == [text]


def test_statements_do_not_see_each_others_words() -> None:
    rng = np.random.default_rng(0)
    statements = [rng.normal(size=(n, len(ROLES), 3)) for n in (4, 0, 1, 3)]
    together = span_probabilities(statements)
    apart = [span_probabilities([logits])[0] for logits in statements]
    assert [p.shape for p in together] == [(n, len(ROLES), 2) for n in (4, 0, 1, 3)]
    assert all(np.allclose(a, b) for a, b in zip(together, apart, strict=True))
    assert span_probabilities([]) == []
