"""Paragraphs from the lines of printed pages: without running heads, and with words that a line end cut made whole."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence

_N_EDGE_LINES = 2  # lines at the top and at the bottom of a page that may be running heads or feet
_MIN_PAGES = 3  # what stands on two pages may still be chance
_PAGE_NUMBER = re.compile(r"\W*(?:page\s+)?\d{1,4}(?:\s*(?:of|/)\s*\d{1,4})?\W*", re.IGNORECASE)
_TERMINAL = re.compile(r"[.!?:;…][\"'”’)\]]*$")
_ITEM = re.compile(r"[•▪●·*]\s|\(?\d{1,3}[.)]\s")
_HYPHENATED = re.compile(r"\b\w+-\w+")
_FIRST_WORD = re.compile(r"\w+")
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl"})
_SOFT_HYPHEN = "\u00ad"
# Shares of a full line, set by eye on ragged and justified columns: a line shorter than the first ends a paragraph if
# a sentence ends with it; one shorter than the second is a heading unless the next line starts in lower case.
_LAST_LINE_SHARE, _HEADING_SHARE = 0.75, 0.6


def join_pages(pages: Sequence[str]) -> str:
    """The text of pages whose lines end where the paper did.

    Args:
        pages: The text of each page, a line break after each printed line.

    Returns:
        Paragraphs, each on one line, a blank line between them; one may go on from page to page.
    """
    lines = _without_running_lines([_clean_lines(page) for page in pages])
    hyphenated = {word.lower() for page in lines for line in page for word in _HYPHENATED.findall(line)}
    joined = "\n\n".join("".join(pieces) for pieces in _gather(lines, hyphenated))
    return joined.replace(_SOFT_HYPHEN, "")


def _clean_lines(page: str) -> list[str]:
    # A damaged character table gives half characters, which no file can hold.
    whole = page.translate(_LIGATURES).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return [" ".join(line.split()) for line in whole.splitlines()]


def _without_running_lines(pages: list[list[str]]) -> list[list[str]]:
    """The pages without page numbers, and without the first and last lines that most pages share."""
    filled = [[line for line in page if line] for page in pages]
    counts = Counter(key for page in filled for key in {_key(page[n]) for n in _edges(page)})
    shared = {key for key, n in counts.items() if len(filled) >= _MIN_PAGES and n > len(filled) / 2}
    kept = []
    for page in filled:
        dropped = {n for n in _edges(page) if _key(page[n]) in shared or _PAGE_NUMBER.fullmatch(page[n])}
        kept.append([line for n, line in enumerate(page) if n not in dropped])
    return kept


def _edges(page: list[str]) -> set[int]:
    n = len(page)
    return {*range(min(_N_EDGE_LINES, n)), *range(max(n - _N_EDGE_LINES, 0), n)}


def _key(line: str) -> str:
    return re.sub(r"\d+", "0", line.lower())


def _gather(pages: list[list[str]], hyphenated: set[str]) -> Iterator[list[str]]:
    """The pieces of each paragraph."""
    pieces: list[str] = []
    last, last_full = "", 0
    for page in pages:
        full = _full_line_chars(page)
        for line in page:
            if pieces and _goes_on(last, line, last_full):
                _append(pieces, line, hyphenated)
            else:
                if pieces:
                    yield pieces
                pieces = [line]
            last, last_full = line, full
    if pieces:
        yield pieces


def _full_line_chars(page: list[str]) -> int:
    """The length that four lines in five do not exceed: a page has few lines that stick out, many that are full."""
    lengths = sorted(map(len, page)) or [0]
    return lengths[int(0.8 * len(lengths))]


def _goes_on(last: str, line: str, full: int) -> bool:
    if _ITEM.match(line):
        return False
    if _TERMINAL.search(last):
        return len(last) >= _LAST_LINE_SHARE * full
    return len(last) >= _HEADING_SHARE * full or line[0].islower()


def _append(pieces: list[str], line: str, hyphenated: set[str]) -> None:
    last = pieces[-1]
    cut, rest = _find_cut_word(last), _FIRST_WORD.match(line)
    if last.endswith(_SOFT_HYPHEN):
        pieces[-1] = last[:-1]
    elif not cut or not rest:
        pieces.append(" ")
    elif rest[0][0].islower() and f"{cut}-{rest[0]}".lower() not in hyphenated:
        pieces[-1] = last[:-1]
    pieces.append(line)


def _find_cut_word(line: str) -> str:
    """The word that a hyphen at the line's end cuts; empty where there is none, or a number."""
    if not line.endswith("-") or not line[-2:-1].isalpha():
        return ""
    letters = itertools.takewhile(lambda letter: letter.isalnum() or letter == "_", reversed(line[:-1]))
    return "".join(letters)[::-1]
