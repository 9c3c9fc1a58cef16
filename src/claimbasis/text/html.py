"""Articles from HTML pages, by trafilatura."""

from __future__ import annotations

import logging
import re

import trafilatura

from claimbasis.errors import InputError
from claimbasis.text.metadata import name_site
from claimbasis.types import Article

# The extractor reports each page it gives up on; our own error says it once, with the place.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)

# Only dates that the page states: the wider search takes the year of a copyright notice for the article's.
_DATES = {"original_date": True, "extensive_search": False}
# Browsers write where a saved page came from at its head.
_SAVED_FROM = re.compile(r"<!--\s*saved from url=\(\d+\)(https?://[^\s<>\"]+)\s*-->", re.IGNORECASE)


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
    document = trafilatura.bare_extraction(
        page, include_comments=False, include_tables=False, with_metadata=True, date_extraction_params=_DATES
    )
    if document is None or not (document.text or "").strip():
        raise InputError(f"{place}: no article found in this HTML page; save its text as .txt and label that")
    saved_from = _SAVED_FROM.search(page, 0, 2_000)
    url = document.url or (saved_from[1] if saved_from else "")
    return Article(
        # Paragraphs come one a line; a blank line between them keeps headings apart from what follows.
        text=document.text.replace("\n", "\n\n"),
        id=place,
        title=document.title or "",
        outlet=_name_outlet(document.sitename or "") or name_site(url),
        date=document.date or "",
        url=url,
    )


def _name_outlet(name: str) -> str:
    return name_site(name) if "://" in name else name
