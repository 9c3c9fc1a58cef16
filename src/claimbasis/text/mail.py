"""Articles from e-mails saved as .eml."""

from __future__ import annotations

import email.policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any, cast

from claimbasis.errors import InputError
from claimbasis.text.decoding import decode
from claimbasis.text.extras import parse_html
from claimbasis.text.metadata import clean_date, clean_title
from claimbasis.types import Article

# The standard library takes a time that grows with the square of a header's length; this one takes a tenth of a second.
MAX_HEADER_CHARS = 4_000
_HEADERS = ("from", "to", "subject", "date", "received", "content-type", "mime-version", "message-id")


class _ShortHeaders(email.policy.EmailPolicy):
    """The default, for headers of a length that mails have."""

    def header_fetch_parse(self, name: str, value: str) -> Any:  # noqa: ANN401  # as the parent has it
        if len(value) > MAX_HEADER_CHARS:
            raise ValueError(f"a header {name} of {len(value):,} characters, and {MAX_HEADER_CHARS:,} are the most")
        return super().header_fetch_parse(name, value)


def parse_mail(raw: bytes, place: str) -> Article:
    """The message's text, or that of its HTML where it has no other, with the subject as title, and the day of sending.

    Args:
        raw: The file.
        place: Where it came from, for messages and as the article's id.

    Raises:
        InputError: The file is no e-mail, or has no text; attachments are not read.
    """
    try:
        message = cast(EmailMessage, BytesParser(EmailMessage, policy=_ShortHeaders()).parsebytes(raw))
        title, date = clean_title(message["subject"]), clean_date(getattr(message["date"], "datetime", None))
        text = _read_text(message, place)
    except InputError:
        raise
    except Exception as error:  # malformed headers make the standard library raise almost anything
        raise InputError(
            f"{place}: no e-mail, or a broken one ({type(error).__name__}: {error}); save its text as .txt"
        ) from error
    return Article(text=text, id=place, title=title, date=date)


def _read_text(message: EmailMessage, place: str) -> str:
    if not any(name in message for name in _HEADERS):
        raise InputError(f"{place}: no e-mail, for it has no headers; give a text file an ending such as .txt")
    if text := _read_part(message, "plain", place).strip():
        return text
    if page := _read_part(message, "html", place).strip():
        return parse_html(page, place).text
    raise InputError(f"{place}: no text in this e-mail; save what is attached, and read that")


def _read_part(message: EmailMessage, kind: str, place: str) -> str:
    part = message.get_body((kind,))
    raw = part.get_payload(decode=True) if part else None
    if part is None or not isinstance(raw, bytes):
        return ""
    return decode(place, raw, charset=part.get_content_charset(""))
