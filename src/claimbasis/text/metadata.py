"""Which titles, dates and names of outlets in a document's own metadata are worth showing."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

# What programs write when nobody gave a title: a file name, the program's name, or a placeholder.
_NO_TITLE = re.compile(
    r"(?:untitled|unbenannt|sans titre|document|word document|blank|none|title|slide|presentation)?[\s\d]*"
    r"|microsoft word\b.*|[^\s]*\.\w{2,5}|https?://\S*|about:blank",
    re.IGNORECASE | re.DOTALL,
)
MAX_TITLE_CHARS = 300
_FIRST_YEAR = 1990  # an earlier date is a clock that was never set: the formats are younger


def clean_title(title: object) -> str:
    """The title on one line; empty when it is missing, a file name or a placeholder."""
    text = " ".join(str(title or "").split())
    return "" if len(text) > MAX_TITLE_CHARS or _NO_TITLE.fullmatch(text) else text


def clean_date(date: datetime | None) -> str:
    """The day in ISO 8601, where its writer was; empty when it is missing, too early or in the future."""
    if date is None or date.year < _FIRST_YEAR:
        return ""
    # A day of grace, for time zones ahead of ours.
    return "" if date.date() > (datetime.now(UTC) + timedelta(days=1)).date() else date.date().isoformat()


def name_site(url: str) -> str:
    """What to call an outlet of which only the address is known: its host, without "www."; empty without one."""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
