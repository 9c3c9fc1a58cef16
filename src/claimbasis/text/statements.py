"""Cuts an article into statements whose offsets point into the untouched text."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import sentencex

from claimbasis.errors import InputError
from claimbasis.text.furniture import content_blocks
from claimbasis.types import Statement

# No sentence of the annotated news is longer than 1,018 characters; past this length a "sentence" is a table or a text
# without full stops, and is cut at the last blank so that no part of it is lost.
MAX_STATEMENT_CHARS = 2_000
# The splitter is handed at most this much at once, because its time grows with the square of some texts: for each mark
# that opens a quotation it looks for the one that closes it. In 14,457 news articles no line is longer than 29,096
# characters, and none has more than 52 such marks.
MAX_BLOCK_CHARS = 30_000
MAX_BLOCK_QUOTATIONS = 1_000
_OPENS_QUOTATION = re.compile(r"[“„‟‘‚‛«‹`]|''")

# Where sentencex joins two sentences: an ending that it takes for a month's abbreviation, for an ellipsis inside a
# sentence, or that stands beside a bracketed sentence.
_MISSED_BREAK = re.compile(
    r"""(?: (?<=\bMay\.) | (?<=…) | (?<=[.!?]\)) ) \s+ (?=["“‘(]?[A-Z])
      | (?<=[.!?]) \s+ (?=\([A-Z][^()]*[.!?]\))""",
    re.VERBOSE,
)
# Where it cuts one sentence in two: before a comma, a closing quotation mark that stands alone, a time zone, or a word
# in lower case after an abbreviation. A word like "iPhone" opens a sentence of its own.
_FALSE_BREAK = re.compile(r"\s*(?:[,;:)\]]|[”’\"']+\s*$|(?:[ECMP][SD]?T|GMT|UTC|BST|CET)\b|[a-z][a-z]*\b(?![A-Z]))")
_HAS_WORD = re.compile(r"\w")
# A piece that ends like this is no whole sentence: a number of a list, a form of address, half of "R-S.C.".
_OPEN_END = re.compile(
    r"\s*\d{1,3}[.)]\s*|.*\b(?:Ms|Mrs|Mr|Dr|Sens?|Reps?|Gov|Gen|Lt|Col|Sgt)\.\s*|.*\b[A-Z]\.", re.DOTALL
)


def split_statements(text: str, *, start: int = 0, end: int | None = None) -> list[Statement]:
    """The statements of a text, in reading order; menus and other page furniture give none.

    A quotation of several sentences stays in one statement with the words that attribute it.

    Args:
        text: The article's text.
        start: Only the text from here on is read, in characters.
        end: Only the text before here is read; the whole text when None.

    Returns:
        Statements with `text[s.start:s.end] == s.text`, which never overlap and have no blanks at their edges.

    Raises:
        InputError: The text holds half a character and cannot be encoded.
    """
    try:
        return _split(text, start, len(text) if end is None else end)
    except UnicodeEncodeError as error:
        raise InputError(
            f"the text holds half a character ({error}); decode it as UTF-8 without lone surrogates"
        ) from error


def _split(text: str, start: int, end: int) -> list[Statement]:
    spans = (span for block in content_blocks(text, start, end) for span in _cut(text, *block))
    return [Statement(index, first, stop, text[first:stop]) for index, (first, stop) in enumerate(spans)]


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end:
        block = text[start : _end_block(text, start, end)]
        for a, b in _merge_false_breaks(block, _sentences(block)):
            yield from _trimmed(text, start + a, start + b)
        start += len(block)


def _end_block(text: str, start: int, end: int) -> int:
    """Where to cut a text that is too much for the splitter, behind a full stop where there is one."""
    stop = min(end, start + MAX_BLOCK_CHARS)
    marks = _OPENS_QUOTATION.finditer(text, start, stop)
    if beyond := next(itertools.islice(marks, MAX_BLOCK_QUOTATIONS, None), None):
        stop = beyond.start()
    if stop == end:
        return end
    full_stop = text.rfind(". ", start, stop)
    return stop if full_stop < 0 else full_stop + 2


def _sentences(block: str) -> list[tuple[int, int]]:
    """Where sentencex, and after it our own rules, would cut."""
    cuts = [boundary["end_index"] for boundary in sentencex.get_sentence_boundaries("en", block)]
    cuts += [match.end() for match in _MISSED_BREAK.finditer(block)]
    edges = sorted({0, *cuts, len(block)})
    return list(itertools.pairwise(edges))


def _merge_false_breaks(block: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for first, stop in spans:
        if merged and (_FALSE_BREAK.match(block, first, stop) or _OPEN_END.fullmatch(block, *merged[-1])):
            merged[-1] = (merged[-1][0], stop)
        else:
            merged.append((first, stop))
    return merged


def _trimmed(text: str, first: int, stop: int) -> Iterator[tuple[int, int]]:
    """The span without blanks at its edges, in pieces of at most `MAX_STATEMENT_CHARS`; nothing when it has no word."""
    while first < stop:
        end = stop
        if stop - first > MAX_STATEMENT_CHARS:
            blank = text.rfind(" ", first + 1, first + MAX_STATEMENT_CHARS)
            end = blank if blank > 0 else first + MAX_STATEMENT_CHARS
        piece = text[first:end]
        if _HAS_WORD.search(piece):
            left = first + len(piece) - len(piece.lstrip())
            yield left, left + len(piece.strip())
        first = end
