"""Articles from HTML pages, by trafilatura."""

from __future__ import annotations

import logging

import trafilatura

from claimbasis.errors import InputError
from claimbasis.types import Article

# The extractor reports each page it gives up on; our own error says it once, with the place.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)


def parse_html(page: str, place: str) -> Article:
    """The main text of a page, with title, outlet, date and address where the page's metadata tell them.

    Args:
        page: The HTML source.
        place: Where it came from, for messages and as the article's id.

    Returns:
        An article whose `text` is the extracted text, to which all offsets refer. Nothing is fetched from the network.

    Raises:
        InputError: The page has no main text.
    """
    document = trafilatura.bare_extraction(page, include_comments=False, include_tables=False, with_metadata=True)
    if document is None or not (document.text or "").strip():
        raise InputError(f"{place}: no article found in this HTML page; save its text as .txt and label that")
    return Article(
        # Paragraphs come one a line; a blank line between them keeps headings apart from what follows.
        text=document.text.replace("\n", "\n\n"),
        id=place,
        title=document.title or "",
        outlet=document.sitename or "",
        date=document.date or "",
        url=document.url or "",
    )
