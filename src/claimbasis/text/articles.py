"""Reads articles from files, folders, standard input and, when asked to, the web."""

from __future__ import annotations

import codecs
import gzip
import io
import json
import re
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, cast

from claimbasis.errors import InputError
from claimbasis.text.decoding import decode
from claimbasis.text.docx import parse_docx
from claimbasis.text.extras import parse_html, parse_pdf
from claimbasis.text.fetch import fetch_page, is_url, refuse_unasked
from claimbasis.text.mail import parse_mail
from claimbasis.text.metadata import name_site
from claimbasis.types import Article

# The longest article that is read as one: about fifty novels. A larger file is a collection, and JSONL is for those.
MAX_ARTICLE_BYTES = 50_000_000
STDIN = "-"
_FORMATS = {
    ".txt": "text", ".text": "text", ".md": "text", ".markdown": "text",
    ".html": "html", ".htm": "html", ".xhtml": "html",
    ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".pdf": "pdf", ".docx": "docx", ".eml": "mail",
}  # fmt: skip
FILE_ENDINGS = tuple(_FORMATS)
_NAMES = ("id", "title", "outlet", "date", "url")
_TABLES = (".csv", ".tsv", ".parquet", ".xlsx", ".xls", ".ods")
_DOCUMENTS: dict[str, Callable[[bytes, str], Article]] = {"pdf": parse_pdf, "docx": parse_docx, "mail": parse_mail}
# What Word and macOS leave beside the files: no articles, though they end like them.
_SIDE_FILES = ("~$", "._")
_BLANK = codecs.BOM_UTF8 + b" \t\r\n"
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")

RejectHandler = Callable[[InputError], None]


def read_articles(paths: Iterable[str], *, on_reject: RejectHandler, fetch: bool = False) -> Iterator[Article]:
    """Articles of all paths, one after the other, never more than one in memory.

    Args:
        paths: Files, folders (all files below with a known ending), web addresses, or "-" for standard input.
        on_reject: Called with the reason for each article that cannot be read; reading goes on with the next one.
        fetch: Whether web addresses are read from the network; without it they are rejected.

    Yields:
        Articles with a non-empty text and an id: the one in the JSONL row, else the path (and line) or address.
    """
    for path in paths:
        for file in _expand(path, on_reject):
            try:
                if is_url(file):
                    yield _read_url(file, fetch=fetch)
                else:
                    yield from _read_file(file, on_reject)
            except InputError as error:
                on_reject(error)
            except (OSError, EOFError, zlib.error) as error:
                on_reject(InputError(f"{file}: cannot be read ({error}); check the path and its permissions"))


def _expand(path: str, on_reject: RejectHandler) -> list[str]:
    folder = Path(path)
    if path == STDIN or is_url(path) or not folder.is_dir():
        return [path]
    named = (f for f in sorted(folder.rglob("*")) if _suffix(f.name) in _FORMATS and not f.name.startswith(_SIDE_FILES))
    files = [str(file) for file in named if file.is_file()]
    if not files:
        on_reject(InputError(f"{path}: no file with a known ending in this folder; known are {', '.join(_FORMATS)}"))
    return files


def is_document(name: str) -> bool:
    """Whether a file of this name holds one article, in a format that is read."""
    return _FORMATS.get(_suffix(name), "jsonl") != "jsonl" and not name.startswith(_SIDE_FILES)


def _suffix(path: str) -> str:
    return Path(path.removesuffix(".gz")).suffix.lower()


def _read_url(url: str, *, fetch: bool) -> Article:
    if not fetch:
        raise refuse_unasked(url)
    page = fetch_page(url, max_bytes=MAX_ARTICLE_BYTES)
    article = _parse_one(page.file_format, page.raw, url, charset=page.charset)
    return replace(article, url=article.url or page.url, outlet=article.outlet or name_site(page.url))


def _read_file(path: str, on_reject: RejectHandler) -> Iterator[Article]:
    if path == STDIN:
        yield from _read_stream(path, sys.stdin.buffer, on_reject)
        return
    with Path(path).open("rb") as stream:
        yield from _read_stream(path, _unpack(path, stream), on_reject)


def parse_bytes(path: str, raw: bytes, on_reject: RejectHandler) -> Iterator[Article]:
    """The articles in the content of one file.

    Args:
        path: The file's name: its ending tells the format, and messages and ids begin with it.
        raw: Its bytes.
        on_reject: Called with the reason for each row of JSONL that cannot be read.

    Raises:
        InputError: Nothing in the file can be read.
    """
    try:
        yield from _read_stream(path, _unpack(path, io.BytesIO(raw)), on_reject)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: cannot be unpacked ({error}); pack it anew with gzip") from error


def _unpack(path: str, stream: IO[bytes]) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(stream)) if path.endswith(".gz") else stream


def _read_stream(path: str, stream: IO[bytes], on_reject: RejectHandler) -> Iterator[Article]:
    file_format = _FORMATS.get(_suffix(path))
    if file_format == "jsonl":
        yield from _read_jsonl(path, stream, on_reject)
        return
    if _suffix(path) in _TABLES:
        raise InputError(
            f"{path}: a table, not an article; `claimbasis archive` labels CSV and Parquet (--text-column says where texts stand)"
        )
    first = b"" if file_format else stream.readline(MAX_ARTICLE_BYTES + 1)
    if _sniff(first) == "jsonl":  # and need not fit into memory
        yield from _read_jsonl(path, stream, on_reject, first)
        return
    raw = first + _read_limited(path, stream, n_read=len(first))
    file_format = file_format or _sniff(raw)
    if file_format == "jsonl":
        yield from _read_jsonl(path, io.BytesIO(raw), on_reject)
    else:
        yield _parse_one(file_format, raw, "stdin" if path == STDIN else path)


def _read_limited(path: str, stream: IO[bytes], *, n_read: int) -> bytes:
    raw = stream.read(max(0, MAX_ARTICLE_BYTES + 1 - n_read))
    if n_read + len(raw) > MAX_ARTICLE_BYTES:
        raise InputError(
            f"{path}: larger than {MAX_ARTICLE_BYTES // 1_000_000} MB, the most for one article; "
            "write a collection as JSONL, one object with a 'text' a line"
        )
    return raw


def _parse_one(file_format: str, raw: bytes, place: str, *, charset: str = "") -> Article:
    if not raw.strip():
        raise InputError(f"{place}: empty; there is nothing to label")
    if parse := _DOCUMENTS.get(file_format):
        return check_article(parse(raw, place), place)
    if raw.lstrip(_BLANK).startswith((b"[{", b"{\\rtf")):
        raise InputError(
            f"{place}: JSON or RTF, not text; write one JSON object a line (.jsonl), or save it as .docx or .txt"
        )
    text = decode(place, raw, charset=charset)
    return check_article(parse_html(text, place) if file_format == "html" else Article(text=text, id=place), place)


def _sniff(raw: bytes) -> str:
    """The format of what has no known ending."""
    if raw.startswith(b"%PDF-"):
        return "pdf"
    if raw.startswith(b"PK\x03\x04") and b"word/document" in raw:
        return "docx"
    encoding = "utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    head = raw[:2000].decode(encoding, errors="replace").lstrip().lower()
    if head.startswith(("<!doctype html", "<html")):
        return "html"
    return "jsonl" if re.match(r'\{\s*"', head) else "text"


def _read_jsonl(path: str, stream: IO[bytes], on_reject: RejectHandler, first: bytes = b"") -> Iterator[Article]:
    for number, line in enumerate(_limited_lines(stream, first), 1):
        place = f"{path}:{number}"
        if not line.strip():
            continue
        try:
            yield parse_row(line, place)
        except InputError as error:
            on_reject(error)


def _limited_lines(stream: IO[bytes], first: bytes) -> Iterator[bytes]:
    """Lines, none longer than the limit by more than one character, however long those in the file are.

    Args:
        stream: Of the file.
        first: The first line, where it has been read already.
    """
    while line := first or stream.readline(MAX_ARTICLE_BYTES + 1):
        first = b""
        yield line
        while len(line) > MAX_ARTICLE_BYTES and not line.endswith(b"\n"):
            line = stream.readline(MAX_ARTICLE_BYTES + 1)


def parse_row(line: bytes, place: str) -> Article:
    """An article from one line of JSONL.

    Args:
        line: A JSON object in UTF-8 with `text` and, at will, `id`, `title`, `outlet`, `date`, `url`.
        place: Where the line stands, for messages, and for the id when the row has none.

    Raises:
        InputError: The line is no such object.
    """
    if len(line) > MAX_ARTICLE_BYTES:
        raise InputError(f"{place}: line longer than {MAX_ARTICLE_BYTES // 1_000_000} MB; split the article")
    try:
        row: Any = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{place}: not a JSON object in UTF-8 ({error}); write one object a line") from error
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise InputError(f"{place}: no string under 'text'; each line needs one")
    fields = {name: _as_text(row.get(name)) for name in _NAMES}
    return check_article(Article(text=row["text"], **(fields | {"id": fields["id"] or place})), place)


def _as_text(value: object) -> str:
    return "" if value is None else str(value)


def check_article(article: Article, place: str) -> Article:
    """The same article, which can be labelled.

    Raises:
        InputError: Its text is empty or no Unicode; the message begins with the place.
    """
    if not article.text.strip():
        raise InputError(f"{place}: empty; there is nothing to label")
    if _LONE_SURROGATE.search(article.text):
        raise InputError(f"{place}: the text holds half a character (a lone surrogate); encode it again as UTF-8")
    # Names of files may hold bytes that are no UTF-8, and rows half characters: what is written later must not fail on them.
    return replace(article, **{name: _escape(getattr(article, name)) for name in _NAMES})


def _escape(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode("utf-8")
