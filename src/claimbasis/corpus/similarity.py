"""When two statements count as nearly the same."""

from __future__ import annotations

# Percent of characters that an edit leaves as they are: one word in eight or so may differ. In our own corpus no two
# statements of more than this many characters reach it, though they are told in the same few plain ways.
MIN_RATIO_PERCENT = 85
MIN_CHARS = 40  # "He declined to comment." stands everywhere and teaches nothing by heart


def normalise(text: str) -> str:
    """Without what copies of a statement differ in: letter case, blanks, kinds of quotation marks and dashes."""
    return " ".join(text.casefold().translate(_PLAIN).split())


_PLAIN = str.maketrans("“”„«»‘’‚–—", '"""""' + "'''" + "--")


def word_runs(text: str, n_words: int) -> list[str]:
    """All runs of so many words, in reading order; the whole text when it is shorter."""
    words = normalise(text).split()
    return [" ".join(words[n : n + n_words]) for n in range(max(1, len(words) - n_words + 1))]
