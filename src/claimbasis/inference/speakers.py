"""Statements of one source: whoever speaks is the same kind of source all over an article."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from claimbasis.inference.introductions import TITLES, WORD, strip_possessive

# How much of a statement's logit comes from the mean of its source's n statements: this share, times n / (n + 2). Chosen on news that the
# model had not learned from (experiments/README.md).
MEAN_SHARE = 0.35
_ARTICLE = re.compile(r"^(the|an?) ", re.IGNORECASE)
_PRONOUNS = frozenset(("he", "i", "it", "she", "that", "they", "this", "we"))  # whoever they stand for
_NO_NAMES = _PRONOUNS | {"a", "an", "one", "some", "the"}
# Names behind these are of others: "people close to Rock", "an official in Paris".
_OF_OTHERS = re.compile(r" (?:at|by|close|familiar|for|from|in|of|on|to|with)\b")
# What stands before another word in lower case only says which: "Russian sources", "Pentagon officials".
_SAYS_WHICH = re.compile(r" (?!(?:a|an|and|as|at|by|for|from|in|of|on|said|says|the|to|told|who|with)\b)([^\W\d_])")


def group_by_source(sources: Sequence[str | None]) -> list[list[int]]:
    """The statements of each source that has several: those whose sources share a name, or, without any, their words.

    Args:
        sources: Whom each statement of an article rests on, in the article's words; None where it rests on nobody.

    Returns:
        Indices of statements, ascending, one list a source.
    """
    owner: dict[str, int] = {}  # of a name: the first statement whose source has it
    groups: dict[int | str, list[int]] = defaultdict(list)
    for index, text in enumerate(sources):
        if text is None or text.lower() in _PRONOUNS:
            continue
        head = _OF_OTHERS.split(text, maxsplit=1)[0]
        if names := _find_names(head):
            first = next((owner[name] for name in reversed(names) if name in owner), index)
            for name in names:
                owner.setdefault(name, first)
            groups[first].append(index)
        else:
            groups[_ARTICLE.sub("", head.lower())].append(index)
    return [group for group in groups.values() if len(group) > 1]


def draw_together(logits: npt.NDArray[np.floating], groups: Sequence[Sequence[int]]) -> npt.NDArray[np.floating]:
    """Logits of shape (n, labels), each drawn towards the mean of its group, the more the larger the group is."""
    drawn = logits.copy()
    for group in map(list, groups):
        share = MEAN_SHARE * len(group) / (len(group) + 2)
        drawn[group] += share * (logits[group].mean(axis=0) - logits[group])
    return drawn


def _find_names(source: str) -> list[str]:
    return [found.group() for found in WORD.finditer(source) if _is_name(found, source)]


def _is_name(found: re.Match[str], source: str) -> bool:
    word, after = found.group(), _SAYS_WHICH.match(source, found.end())
    return (
        word[:1].isupper()
        and word == strip_possessive(word)
        and word not in TITLES
        and word.lower() not in _NO_NAMES
        and not (after and after[1].islower())
    )
