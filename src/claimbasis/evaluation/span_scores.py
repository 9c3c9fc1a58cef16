"""How well sources, cues and relays are found: exact match of spans, and who a statement is said to rest on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from claimbasis.corpus.annotated import AnnotatedArticle
from claimbasis.corpus.cofenet import TaggedArticle
from claimbasis.corpus.marked import POLNEAR_ROLES, roles_of, spans_by_statement, spans_of
from claimbasis.errors import CorpusError
from claimbasis.evaluation.metrics import Metrics, measure
from claimbasis.inference.classifier import Classifier
from claimbasis.types import ROLES, Article, Span, Statement

OnStatements = Callable[[int], None]
# Role and whatever tells places within an article apart.
Place = tuple[str, int, int, int]


@dataclass(frozen=True, slots=True)
class SourceRates:
    """How often the source that a statement rests on is the annotated one: shares of n statements, in [0, 1]."""

    where: str  # "in the statement" or "in an earlier one"
    exact: float
    overlapping: float
    n_statements: int


def measure_spans(pairs: Iterable[tuple[set[Place], set[Place]]], roles: Sequence[str]) -> Metrics:
    """Exact-match precision, recall and F1 of each role, with 95 % intervals over articles.

    F1 is 2 · matches / (predicted + annotated), as published for PolNeAR (Wang et al. 2022, CofeNet).

    Args:
        pairs: For each article the annotated and the predicted spans.
        roles: Which roles count; others are left out.

    Raises:
        ValueError: There are no spans at all.
    """
    rows = [
        (index, place[0], place in annotated, place in predicted)
        for index, (annotated, predicted) in enumerate(pairs)
        for place in sorted(annotated | predicted)
        if place[0] in roles
    ]
    columns = np.array([[role == wanted for wanted in roles] for _, role, *_ in rows]).reshape(-1, len(roles))
    is_annotated, is_predicted = (np.array([row[i] for row in rows], bool)[:, None] for i in (2, 3))
    return measure(
        columns & is_annotated,
        columns & is_predicted,
        np.array([row[0] for row in rows]),
        labels=tuple(roles),
        rng=np.random.default_rng(0),
    )


def measure_cofenet(classifier: Classifier, articles: Sequence[TaggedArticle], *, each_once: bool) -> Metrics:
    """Source and cue on CofeNet's files.

    Args:
        classifier: A model that marks spans.
        articles: Those of a file.
        each_once: Whether only the first annotator of an article counts; published scores count all.
    """
    chosen = articles
    if each_once:
        chosen = list({article.id.rpartition("_")[0]: article for article in reversed(articles)}.values())[::-1]
    return measure_spans(((a.spans(), _predict_tokens(classifier, a)) for a in chosen), POLNEAR_ROLES)


def _predict_tokens(classifier: Classifier, tagged: TaggedArticle) -> set[Place]:
    article = Article(text=tagged.text, id=tagged.id)
    predictions = classifier.predict_statements(article, tagged.statements())
    return tagged.locate(span for prediction in predictions for span in prediction.spans)


def keep_marked(articles: Sequence[AnnotatedArticle]) -> list[AnnotatedArticle]:
    """The articles in which somebody marked spans: in the others each span that a model finds would count as wrong.

    Raises:
        CorpusError: There are none.
    """
    marked = [item for item in articles if roles_of(item)]
    if not marked:
        raise CorpusError(
            f"nobody marked spans in any of {len(articles)} articles; their statements need `spans`, as in data/corpus/dev.jsonl"
        )
    return marked


def measure_annotated(
    classifier: Classifier, articles: Sequence[AnnotatedArticle], *, on_statements: OnStatements | None = None
) -> tuple[Metrics, list[SourceRates]]:
    """All roles on annotated articles with marked spans, and how often statements are credited to the right source."""
    pairs: list[tuple[set[Place], set[Place]]] = []
    sources: list[tuple[bool, Span, Span | None]] = []
    for item in articles:
        statements = [s.statement for s in item.statements]
        predicted = classifier.predict_statements(item.article, statements, on_statements=on_statements)
        pairs.append((
            {(s.role, 0, s.start, s.end) for s in spans_of(item)},
            {(s.role, 0, s.start, s.end) for p in predicted for s in p.spans},
        ))  # fmt: skip
        annotated = annotated_sources(item, statements)
        sources += [(far, span, predicted[i].source) for i, (far, span) in annotated.items()]
    return measure_spans(pairs, ROLES), [
        _rate(where, [(span, found) for far, span, found in sources if far == is_far])
        for where, is_far in (("in the statement", False), ("in an earlier one", True))
    ]


def annotated_sources(item: AnnotatedArticle, statements: Sequence[Statement]) -> dict[int, tuple[bool, Span]]:
    """For each statement with an annotated source: whether it stands in another statement, and the source."""
    own = [[span for span in held if span.role == "source"] for held in spans_by_statement(statements, spans_of(item))]
    found: dict[int, tuple[bool, Span]] = {}
    for index, statement in enumerate(item.statements):
        place = index
        for _ in range(len(statements)):  # from pointer to pointer; never round and round
            if "source_in" not in item.statements[place].extra:
                break
            place = int(item.statements[place].extra["source_in"])
        if own[place]:
            found[statement.statement.index] = (place != index, own[place][0])
    return found


def _rate(where: str, pairs: Sequence[tuple[Span, Span | None]]) -> SourceRates:
    exact = [found is not None and (found.start, found.end) == (span.start, span.end) for span, found in pairs]
    overlapping = [found is not None and found.start < span.end and span.start < found.end for span, found in pairs]
    n = len(pairs)
    return SourceRates(where, sum(exact) / max(n, 1), sum(overlapping) / max(n, 1), n)
