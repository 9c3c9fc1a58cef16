"""Where an article first names somebody, which is where it says who that is."""

from __future__ import annotations

import re
from collections.abc import Sequence

WORD = re.compile(r"[^\W\d_][\w'’-]*")
_POSSESSIVE = re.compile(r"['’]s?$")
# They stand in front of names and are none.
TITLES = frozenset(("Mr", "Mrs", "Ms", "Dr", "Sen", "Rep", "Gov", "Gen", "Lt", "Col", "Sgt", "Prof"))


def words_of(text: str) -> list[str]:
    """The words of a text, without a possessive's ending."""
    return [strip_possessive(word) for word in WORD.findall(text)]


def strip_possessive(word: str) -> str:
    """A word without a possessive's ending."""
    return _POSSESSIVE.sub("", word)


def find_first_mentions(texts: Sequence[str]) -> list[dict[str, int]]:
    """For each statement of an article the names in it that stood in an earlier one, and the first that had them.

    A name is a word with a capital letter that the article never writes without one.

    Args:
        texts: Of the article's consecutive statements.

    Returns:
        For each statement names in the order in which they stand there, each with the index of an earlier statement.
    """
    words = [words_of(text) for text in texts]
    common = {word for each in words for word in each if word[:1].islower()}
    first: dict[str, int] = {}
    found = []
    for index, each in enumerate(words):
        names = [w for w in each if w[:1].isupper() and w.lower() not in common and w not in TITLES]
        found.append({name: first[name] for name in names if name in first})
        for name in names:
            first.setdefault(name, index)
    return found
