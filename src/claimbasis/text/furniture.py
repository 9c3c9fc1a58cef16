"""Blocks of running text, without the menus, buttons and boilerplate lines that web pages leave between them."""

from __future__ import annotations

import re
from collections.abc import Iterator

_LINE = re.compile(r"[^\n\r\u2028\u2029\f\v\x85]+")
_TERMINAL = re.compile(r"[.!?:;…][\"'”’)\]]*\s*$")
# A line that opens with one of these is an item of its own: heading, bullet, number, quotation block of Markdown.
_MARKER = re.compile(r"\s*(?:[#>]{1,6}\s+|[•·▪●*+–—-]\s+|\d{1,3}[.)]\s+)+")

# Whole lines that belong to the page, not to the article (seen in the raw news corpora).
_BOILERPLATE = re.compile(
    r"""\s*(?:
        advertisement | sponsored(\ content)? | related(\ (stories|articles|coverage|topics|links))?:? | recommended(\ for\ you)? |
        read\ (more|also|next|the\ full\ story)\b.{0,120} | see\ also\b.{0,120} | more\ (from|on|in)\b.{0,60} | trending(\ now)? | most\ (read|popular) |
        (share|tweet|email|print|save|comments?|reply|copy\ link|skip\ to\ (main\ )?content|back\ to\ top|menu|search|home|log\ ?in|sign\ ?in|subscribe(\ now)?)
            (\s+(this|the)\s+(article|story|page))? |
        (share\ (this|on)|follow\ us|like\ us|click\ here|tap\ here|sign\ up|subscribe\ to|download\ (the|our)\ app|join\ our|watch(\ live)?:|listen:)\b.{0,140} |
        (©|\(c\)|copyright)\s.{0,160} | all\ rights\ reserved.{0,80} | we\ use\ cookies\b.{0,300} | (accept|reject)(\ all)?\ cookies.{0,60} |
        (photo|image|picture|getty\ images|credit|file\ photo)s?(\ by|\ credit)?:.{0,80} | \d+\ (comments?|shares?|min(ute)?s?\ read) |
        (loading|please\ wait)(\ comments)?[.…]* | tags?:.{0,140} | topics:.{0,140} | continue\ reading.{0,80} | story\ continues\ below.{0,40}
    )\s*[|›»→.]*\s*""",
    re.VERBOSE | re.IGNORECASE,
)
_MENU_MARK = re.compile(r"[|›»•·]")
_WORDLESS = re.compile(r"[\W_]*")
_MARKDOWN_ONLY = re.compile(r"\s*(?:!\[[^\]]*\]\([^)]*\)|\|.*\||\[[^\]]+\]:\s+\S+|<!--.*-->)\s*")
# Markdown knows a fence of tildes, too; in news they are a divider.
_FENCE = re.compile(r"[ \t]*`{3,}[^`]*")
_CLOSING_FENCE = re.compile(r"^[ \t]*`{3,}[ \t]*\r?$", re.MULTILINE)
_FRONT_MATTER = re.compile(r"---[ \t]*\r?\n(?:[^\n]*\n){1,40}?---[ \t]*\r?\n")


def content_blocks(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Stretches of text that hold whole sentences: paragraphs, headings, list items.

    A line break inside a paragraph that was wrapped for width does not end a block; any other line break does.

    Args:
        text: The article's text.
        start: First character to read.
        end: One past the last character to read.

    Yields:
        `(start, end)` in characters, in reading order, without list and heading markers.
    """
    block: tuple[int, int] | None = None
    for first, stop in _content_lines(text, start, end):
        opens = _MARKER.match(text, first, stop)
        if block and not opens and _continues(text, block, first, stop):
            block = (block[0], stop)
            continue
        if block:
            yield block
        block = (opens.end() if opens else first, stop)
    if block:
        yield block


def _content_lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    resume, may_close = 0, True
    if start == 0 and (matter := _FRONT_MATTER.match(text)):
        start = matter.end()
    for line in _LINE.finditer(text, start, end):
        if line.start() < resume:
            continue
        if may_close and _FENCE.fullmatch(line[0]):
            if closing := _CLOSING_FENCE.search(text, line.end(), end):
                resume = closing.end()
                continue
            may_close = False  # nothing tells where the code would end
        if not is_furniture(line[0]):
            yield line.span()


def is_furniture(line: str) -> bool:
    """Whether a line belongs to the page around the article: a menu, a button, a rule, a copyright notice."""
    if len(line) > 500:
        return False
    patterns = (_WORDLESS, _BOILERPLATE, _MARKDOWN_ONLY)
    return any(pattern.fullmatch(line) for pattern in patterns) or _is_menu(line)


def _is_menu(line: str) -> bool:
    items = _MENU_MARK.split(line)
    return len(items) > 2 and all(item and len(item.strip()) <= 25 for item in items)


# Text wrapped for width has lines of about this length; anything longer is one paragraph a line.
_WRAP_CHARS = range(45, 101)


def _continues(text: str, block: tuple[int, int], first: int, stop: int) -> bool:
    """Whether the line goes on with the block's last sentence or paragraph, after a single line break."""
    if text[block[1] : first] not in ("\n", "\r\n", "\r"):
        return False
    last_line = text[max(text.rfind("\n", block[0], block[1]) + 1, block[0]) : block[1]]
    if text[first:stop].lstrip()[:1].islower():
        return not _TERMINAL.search(last_line)
    return (
        len(last_line) in _WRAP_CHARS
        and stop - first <= _WRAP_CHARS.stop
        and not _TERMINAL.search(last_line)
        and "\n" in text[block[0] : block[1]]
    )
