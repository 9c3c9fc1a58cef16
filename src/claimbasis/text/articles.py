"""Reads articles from files, folders and standard input: plain text, Markdown, HTML and JSONL, gzipped or not."""

from __future__ import annotations

import gzip
import importlib
import json
import logging
import re
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any, cast

from claimbasis.errors import InputError
from claimbasis.types import Article

logger = logging.getLogger(__name__)

# The longest article that is read as one: about fifty novels. A larger file is a collection, and JSONL is for those.
MAX_ARTICLE_BYTES = 50_000_000
STDIN = "-"
_FORMATS = {
    ".txt": "text", ".text": "text", ".md": "text", ".markdown": "text",
    ".html": "html", ".htm": "html", ".xhtml": "html",
    ".jsonl": "jsonl", ".ndjson": "jsonl",
}  # fmt: skip
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")

RejectHandler = Callable[[InputError], None]


def read_articles(paths: Iterable[str], *, on_reject: RejectHandler) -> Iterator[Article]:
    """Articles of all paths, one after the other, never more than one in memory.

    Args:
        paths: Files, folders (all files below with a known ending) or "-" for standard input.
        on_reject: Called with the reason for each article that cannot be read; reading goes on with the next one.

    Yields:
        Articles with a non-empty text and an id: the one in the JSONL row, else the path (and line).
    """
    for path in paths:
        for file in _expand(path, on_reject):
            try:
                yield from _read_file(file, on_reject)
            except InputError as error:
                on_reject(error)
            except (OSError, EOFError, zlib.error) as error:
                on_reject(InputError(f"{file}: cannot be read ({error}); check the path and its permissions"))


def _expand(path: str, on_reject: RejectHandler) -> list[str]:
    folder = Path(path)
    if path == STDIN or not folder.is_dir():
        return [path]
    files = [str(file) for file in sorted(folder.rglob("*")) if _suffix(str(file)) in _FORMATS and file.is_file()]
    if not files:
        on_reject(InputError(f"{path}: no file with a known ending in this folder; known are {', '.join(_FORMATS)}"))
    return files


def _suffix(path: str) -> str:
    return Path(path.removesuffix(".gz")).suffix.lower()


def _read_file(path: str, on_reject: RejectHandler) -> Iterator[Article]:
    with _open(path) as stream:
        if _FORMATS.get(_suffix(path)) == "jsonl":
            yield from _read_jsonl(path, stream, on_reject)
            return
        raw = _read_limited(path, stream)
    yield from _parse_bytes(path, raw, on_reject)


def _open(path: str) -> IO[bytes]:
    if path == STDIN:
        return sys.stdin.buffer
    return cast(IO[bytes], gzip.open(path)) if path.endswith(".gz") else Path(path).open("rb")


def _read_limited(path: str, stream: IO[bytes]) -> bytes:
    raw = stream.read(MAX_ARTICLE_BYTES + 1)
    if len(raw) > MAX_ARTICLE_BYTES:
        raise InputError(
            f"{path}: larger than {MAX_ARTICLE_BYTES // 1_000_000} MB, the most for one article; "
            "write a collection as JSONL, one object with a 'text' a line"
        )
    return raw


def _parse_bytes(path: str, raw: bytes, on_reject: RejectHandler) -> Iterator[Article]:
    text = decode(path, raw)
    file_format = _FORMATS.get(_suffix(path)) or _sniff(text)
    if file_format == "jsonl":
        yield from _read_jsonl(path, iter(raw.splitlines(keepends=True)), on_reject)
    elif file_format == "html":
        yield _parse_html(text, path)
    else:
        yield _checked(Article(text=text, id="stdin" if path == STDIN else path), path)


def _parse_html(page: str, path: str) -> Article:
    # The extractor is an extra, and takes half a second to import, which plain text need not wait for.
    try:
        module = importlib.import_module("claimbasis.text.html")
    except ModuleNotFoundError as error:
        raise InputError(f"{path}: HTML needs {error.name}; pip install 'claimbasis[html]'") from error
    return cast(Article, module.parse_html(page, path))


def _sniff(text: str) -> str:
    head = text.lstrip()[:300].lower()
    if head.startswith(("<!doctype html", "<html")):
        return "html"
    return "jsonl" if re.match(r'\{\s*"', head) else "text"


def _read_jsonl(path: str, lines: Iterable[bytes], on_reject: RejectHandler) -> Iterator[Article]:
    for number, line in enumerate(_limited_lines(lines), 1):
        place = f"{path}:{number}"
        if not line.strip():
            continue
        try:
            yield parse_row(line, place)
        except InputError as error:
            on_reject(error)


def _limited_lines(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Lines, none longer than the limit by more than one character, however long those in the file are."""
    if not hasattr(lines, "readline"):
        yield from lines
        return
    stream = cast(IO[bytes], lines)
    while line := stream.readline(MAX_ARTICLE_BYTES + 1):
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
    fields = {name: _as_text(row.get(name)) for name in ("id", "title", "outlet", "date", "url")}
    return _checked(Article(text=row["text"], **(fields | {"id": fields["id"] or place})), place)


def _as_text(value: object) -> str:
    return "" if value is None else str(value)


def _checked(article: Article, place: str) -> Article:
    if not article.text.strip():
        raise InputError(f"{place}: empty; there is nothing to label")
    if _LONE_SURROGATE.search(article.text):
        raise InputError(f"{place}: the text holds half a character (a lone surrogate); encode it again as UTF-8")
    return article


def decode(path: str, raw: bytes) -> str:
    """Text of a file: UTF-8, UTF-16 with its mark, else Windows-1252 with a warning.

    Raises:
        InputError: The bytes are no text.
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
        if not _looks_binary(text):
            logger.warning("%s: not UTF-8; read as Windows-1252. Save it as UTF-8 if letters look wrong", path)
    if _looks_binary(text):
        raise InputError(f"{path}: binary, not text; known are {', '.join(_FORMATS)}, each also with .gz")
    return text


def _looks_binary(text: str) -> bool:
    sample = text[:20_000]
    return "\x00" in sample or len(_CONTROL.findall(sample)) + sample.count("�") > 0.02 * len(sample)
