"""Training data as tokens, targets and tags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer

from claimbasis.codebook import Codebook
from claimbasis.corpus.annotated import AnnotatedArticle
from claimbasis.corpus.marked import MarkedArticle, roles_of, spans_by_statement, spans_of
from claimbasis.tokens import NO_TAG, StatementTokens, encode_statements, tag_words
from claimbasis.training.data import ExperimentData
from claimbasis.training.encoder import NO_TARGET
from claimbasis.training.silver import SilverArticle
from claimbasis.types import ROLES, Span, Statement
from claimbasis.windows import Window


@dataclass(frozen=True, slots=True)
class EncodedArticle:
    """One article's statements as token ids, with targets and tags where they are known."""

    tokens: tuple[StatementTokens, ...]
    targets: torch.Tensor  # (statements, labels) in [0, 1], NO_TARGET for context and where nobody annotated labels
    tags: tuple[torch.Tensor, ...]  # (tokens, roles) for each statement, NO_TAG where nobody marked spans

    @property
    def lengths(self) -> list[int]:
        """Tokens of each statement."""
        return [len(tokens) for tokens in self.tokens]

    def teaches(self, window: Window) -> bool:
        """Whether any statement that the window is for has a target or a tag."""
        own = slice(window.predict_from, window.stop)
        return bool((self.targets[own] != NO_TARGET).any()) or any((t != NO_TAG).any() for t in self.tags[own])


@dataclass(frozen=True, slots=True)
class Lessons:
    """All that a training reads, as tokens."""

    labelled: list[EncodedArticle]
    marked: list[EncodedArticle]  # with spans alone
    silver: list[EncodedArticle]  # labelled by models
    dev: list[EncodedArticle]

    @property
    def all(self) -> list[EncodedArticle]:
        """What is learned, in the order in which `EpochBatches` numbers it."""
        return [*self.labelled, *self.marked, *self.silver]


def encode_lessons(data: ExperimentData, tokenizer: Tokenizer, *, max_statement_tokens: int) -> Lessons:
    """Token ids, targets and tags of a recipe's data."""
    labelled, dev = (
        encode_articles(articles, tokenizer, data.codebook, max_statement_tokens=max_statement_tokens)
        for articles in (data.train, data.dev)
    )
    n_labels = len(data.codebook.labels)
    marked = encode_marked(data.marked, tokenizer, n_labels, max_statement_tokens=max_statement_tokens)
    return Lessons(
        labelled, marked, encode_silver(data.silver, tokenizer, max_statement_tokens=max_statement_tokens), dev
    )


def encode_articles(
    articles: Sequence[AnnotatedArticle], tokenizer: Tokenizer, codebook: Codebook, *, max_statement_tokens: int
) -> list[EncodedArticle]:
    """Token ids, targets and tags of annotated articles."""
    encoded = []
    for item in articles:
        before = item.context()
        targets = [[NO_TARGET] * len(codebook.labels)] * len(before) + [
            list(codebook.targets(s.codes)) for s in item.statements
        ]
        statements = [*before, *(s.statement for s in item.statements)]
        tokens = encode_statements(tokenizer, [s.text for s in statements], max_tokens=max_statement_tokens)
        # Nobody marked what stands in front of the annotated passage.
        roles = [()] * len(before) + [roles_of(item)] * len(item.statements)
        encoded.append(
            EncodedArticle(tuple(tokens), torch.tensor(targets), _tags(tokens, statements, spans_of(item), roles))
        )
    return encoded


def encode_marked(
    articles: Sequence[MarkedArticle], tokenizer: Tokenizer, n_labels: int, *, max_statement_tokens: int
) -> list[EncodedArticle]:
    """Token ids and tags of articles without labels."""
    encoded = []
    for item in articles:
        tokens = encode_statements(tokenizer, [s.text for s in item.statements], max_tokens=max_statement_tokens)
        tags = _tags(tokens, item.statements, item.spans, [item.roles] * len(tokens))
        encoded.append(EncodedArticle(tuple(tokens), torch.full((len(tokens), n_labels), NO_TARGET), tags))
    return encoded


def encode_silver(
    articles: Sequence[SilverArticle], tokenizer: Tokenizer, *, max_statement_tokens: int
) -> list[EncodedArticle]:
    """Token ids of articles that models have labelled, with their scores as targets, and tags where they agreed."""
    encoded = []
    for item in articles:
        tokens = encode_statements(tokenizer, [s.text for s in item.statements], max_tokens=max_statement_tokens)
        roles = [item.roles if spans is not None else () for spans in item.spans]
        spans = [span for agreed in item.spans for span in agreed or ()]
        tags = _tags(tokens, item.statements, spans, roles)
        encoded.append(EncodedArticle(tuple(tokens), torch.tensor(item.scores), tags))
    return encoded


def _tags(
    tokens: Sequence[StatementTokens],
    statements: Sequence[Statement],
    spans: Sequence[Span],
    roles: Sequence[Sequence[str]],
) -> tuple[torch.Tensor, ...]:
    rows = zip(tokens, statements, spans_by_statement(statements, spans), roles, strict=True)
    return tuple(torch.from_numpy(tag_words(t, held, r, offset=s.start)) for t, s, held, r in rows)


def find_marked_roles(articles: Sequence[EncodedArticle]) -> tuple[str, ...]:
    """The roles that were marked in any of the articles."""
    return tuple(
        role
        for column, role in enumerate(ROLES)
        if any((tags[:, column] != NO_TAG).any() for article in articles for tags in article.tags)
    )


def count_positives(articles: Sequence[EncodedArticle]) -> tuple[torch.Tensor, torch.Tensor]:
    """Positive and negative targets of each label."""
    targets = torch.cat([article.targets for article in articles])
    return (targets == 1).sum(dim=0), (targets == 0).sum(dim=0)
