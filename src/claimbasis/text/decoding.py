"""Text from bytes, whatever wrote them."""

from __future__ import annotations

import logging
import re

from claimbasis.errors import InputError

logger = logging.getLogger(__name__)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_NO_ASCII = re.compile(r"[^\x00-\x7f]")
_META_CHARSET = re.compile(rb"<meta\b[^>]{0,200}?\bcharset\s*=\s*[\"']?([\w-]{3,20})", re.IGNORECASE)
# Only what pages and e-mails really use: Python knows encodings that take quadratic time, or that are no encodings.
_CHARSET = re.compile(
    r"iso-8859-\d{1,2}|windows-\d{3,4}|koi8-[ru]|macintosh|big5|gbk|gb2312|gb18030|euc-(?:jp|kr)|shift_jis|utf-16(?:le|be)?",
    re.IGNORECASE,
)
# What browsers take these names for: pages and mails say the first and mean the second (https://encoding.spec.whatwg.org/).
_MEANT = {"iso-8859-1": "cp1252", "iso-8859-9": "cp1254", "iso-8859-11": "cp874", "gb2312": "gb18030", "gbk": "gb18030"}


def decode(place: str, raw: bytes, *, charset: str = "") -> str:
    """Text of a file: UTF-8, UTF-16 with its mark, else as declared, else UTF-8 or Windows-1252 with a warning.

    Args:
        place: Where the bytes came from, for messages.
        raw: The bytes.
        charset: What the sender declared; without it, what an HTML page says of itself counts.

    Raises:
        InputError: The bytes are no text.
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = _decode_other(place, raw, charset or _declared_charset(raw))
    if looks_binary(text):
        raise InputError(
            f"{place}: binary, not text; save it as text in UTF-8, or see the formats in: claimbasis label --help"
        )
    return text


def _declared_charset(raw: bytes) -> str:
    declared = _META_CHARSET.search(raw, 0, 4096)
    return declared[1].decode("ascii", errors="replace") if declared else ""


def _decode_other(place: str, raw: bytes, charset: str) -> str:
    if _CHARSET.fullmatch(charset):
        try:
            return raw.decode(_MEANT.get(charset.lower(), charset), errors="replace")
        except LookupError:
            logger.debug("%s: declares %s, which Python does not know", place, charset)
    text = raw.decode("utf-8-sig", errors="replace")
    n_damaged = text.count("�")
    if n_damaged < len(_NO_ASCII.findall(text)) - n_damaged:
        logger.warning("%s: %d characters are damaged, the others are UTF-8", place, n_damaged)
        return text
    text = raw.decode("cp1252", errors="replace")
    if not looks_binary(text):
        logger.warning("%s: not UTF-8; read as Windows-1252. Save it as UTF-8 if letters look wrong", place)
    return text


def looks_binary(text: str) -> bool:
    """Whether the text holds what no text holds: null characters, or many control and replacement characters."""
    sample = text[:20_000]
    return "\x00" in sample or len(_CONTROL.findall(sample)) + sample.count("�") > 0.02 * len(sample)
