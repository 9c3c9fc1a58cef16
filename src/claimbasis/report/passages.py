"""An article's own text, cut into paragraphs with its statements in place, and the labels as a page shows them."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from claimbasis.codebook import Codebook
from claimbasis.types import ArticlePrediction, Prediction, Role, Span, Statement

_N_STYLES = 5  # that marks.css knows; a sixth label looks like the first, and its letter still differs
_LINE_BREAK = re.compile(r"[\n\r\u2028\u2029]\s*")
_BLANK_LINE = re.compile(r"\r?\n[^\S\n]*\n\s*|\u2029\s*")


@dataclass(frozen=True, slots=True)
class ShownLabel:
    """A label with its letter and its style, which tell it from the others without colour too."""

    name: str | None  # None stands for statements without any label
    short: str
    letter: str
    definition: str  # empty when the codebook gives none
    style: str  # CSS class


NONE = ShownLabel(None, "none of these", "–", "None of the other labels holds, as far as the text shows.", "none")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a statement that is a source, a cue or a relay as a whole, or none of them."""

    text: str
    roles: tuple[Role, ...]
    anchor: str  # where a span begins, else empty


@dataclass(frozen=True, slots=True)
class Mark:
    """How one statement is marked."""

    number: int  # from 1
    anchor: str
    labels: tuple[ShownLabel, ...]  # best first, NONE when it carries no label
    scores: tuple[tuple[ShownLabel, float], ...]  # in [0, 1], codebook order
    pieces: tuple[Piece, ...]  # the statement's text
    grounds: tuple[tuple[Span, str], ...]  # source, cue and relay, each with its anchor

    @property
    def strength(self) -> int:
        """The tenth in which the best label's score lies, 0 to 9."""
        return min(int(10 * dict(self.scores).get(self.labels[0], 0.0)), 9)


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a paragraph: a statement, or text between statements."""

    text: str
    mark: Mark | None


def show_labels(codebooks: Iterable[Codebook]) -> dict[str | None, ShownLabel]:
    """The labels as a page shows them, in order, and last what stands for none of them.

    Args:
        codebooks: Of all models on the page, mostly one; the first that knows a label explains it.
    """
    shown: dict[str | None, ShownLabel] = {}
    for label in (label for codebook in codebooks for label in codebook.labels):
        if label.name not in shown:
            number, letters = len(shown), {other.letter for other in shown.values()}
            letter = str(number + 1) if label.code in letters else label.code
            shown[label.name] = ShownLabel(label.name, label.short, letter, label.definition, f"l{number % _N_STYLES}")
    return shown | {None: NONE}


def split_paragraphs(
    prediction: ArticlePrediction, labels: Mapping[str | None, ShownLabel], *, number: int = 1
) -> list[list[Passage]]:
    """The article's text in paragraphs, complete but for the blanks between them.

    Blank lines divide a text that has any, else line breaks do; a statement is never divided.

    Args:
        prediction: Statements in reading order, which do not overlap.
        labels: Every label of the prediction, and None.
        number: Of the article on its page, for the anchors.
    """
    divider = _BLANK_LINE if _BLANK_LINE.search(prediction.article.text.strip()) else _LINE_BREAK
    paragraphs: list[list[Passage]] = [[]]
    for passage in _cut(prediction, labels, number):
        if passage.mark:
            paragraphs[-1].append(passage)
            continue
        first, *others = divider.split(passage.text)
        paragraphs[-1].append(Passage(first, None))
        paragraphs += [[Passage(text, None)] for text in others]
    return [p for p in paragraphs if any(passage.text.strip() for passage in p)]


def _cut(prediction: ArticlePrediction, labels: Mapping[str | None, ShownLabel], number: int) -> Iterator[Passage]:
    text, end, spans = prediction.article.text, 0, _gather_spans(prediction)
    for item in prediction:
        yield Passage(text[end : item.statement.start], None)
        pieces = tuple(_cut_pieces(item.statement, spans[item.statement.index], number))
        yield Passage(item.statement.text, _mark(item, labels, pieces, number))
        end = item.statement.end
    yield Passage(text[end:], None)


def _gather_spans(prediction: ArticlePrediction) -> dict[int, list[Span]]:
    """All spans, each once, by the number of the statement in which it begins."""
    spans = {span for item in prediction for span in (*item.spans, *item.grounds)}
    starts = [item.statement.start for item in prediction]
    gathered: dict[int, list[Span]] = defaultdict(list)
    for span in sorted(spans, key=lambda span: (span.start, span.end, span.role)):
        if position := bisect_right(starts, span.start):
            gathered[prediction[position - 1].statement.index].append(span)
    return gathered


def _cut_pieces(statement: Statement, spans: Sequence[Span], number: int) -> Iterator[Piece]:
    """The statement cut where a span begins or ends."""
    begin, end = statement.start, statement.end
    edges = sorted({begin, end, *(edge for s in spans for edge in (s.start, s.end) if begin < edge < end)})
    begins = {span.start for span in spans}
    for first, stop in itertools.pairwise(edges):
        roles = tuple(dict.fromkeys(s.role for s in spans if s.start <= first and stop <= s.end))
        anchor = name_span_anchor(first, number) if first in begins else ""
        yield Piece(statement.text[first - begin : stop - begin], roles, anchor)


def _mark(item: Prediction, labels: Mapping[str | None, ShownLabel], pieces: tuple[Piece, ...], number: int) -> Mark:
    return Mark(
        number=item.statement.index + 1,
        anchor=name_anchor(item, number),
        labels=tuple(labels[name] for name in item.labels or (None,)),
        scores=tuple((label, item.scores[name]) for name, label in labels.items() if name in item.scores),
        pieces=pieces,
        grounds=tuple((span, name_span_anchor(span.start, number)) for span in item.grounds),
    )


def name_anchor(item: Prediction, number: int) -> str:
    """Where a statement of the page's article with this number can be jumped to."""
    return f"s{number}-{item.statement.index + 1}"


def name_span_anchor(start: int, number: int) -> str:
    """Where a source, cue or relay can be jumped to that begins with this character of the article."""
    return f"p{number}-{start}"
