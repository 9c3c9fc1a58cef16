"""Articles from Word's .docx files: a zip archive of XML, of which only the text is read."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from xml.parsers import expat  # the hardening is below: no document types, hence no entities; limits on size and depth

from claimbasis.errors import InputError
from claimbasis.text.metadata import clean_date, clean_title
from claimbasis.types import Article

MAX_UNPACKED_BYTES = 100_000_000  # of one part; XML takes five to ten times the room of its text
MAX_DEPTH = 500  # elements within elements; Word itself stays below 50
_MAX_PROPERTY_CHARS = 1_000  # of a title, a date
MAX_PARTS = 10_000  # files in the archive: a few dozen, and one for each picture
_CHUNK_BYTES = 65_536
_BODY = re.compile(r"word/document\d*\.xml")
_PROPERTIES = "docProps/core.xml"
_OLD_WORD = b"\xd0\xcf\x11\xe0"  # also what Word wraps a file in that it protects with a password
_BLANKS = {"tab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
# Text that was moved away, and the second copy of a text box that Word keeps for older programs.
_SKIPPED = {"moveFrom", "Fallback"}
_TITLE_STYLES = {"Title", "Titel", "Titre", "Ttulo", "Titolo"}  # Word translates the name

StartHandler = Callable[[str, dict[str, str]], None]


def parse_docx(raw: bytes, place: str) -> Article:
    """The paragraphs of a document, with title and date where its properties tell them.

    Headers, footnotes, comments and deleted text are not read. Nothing in the file is run or fetched.

    Args:
        raw: The file.
        place: Where it came from, for messages and as the article's id.

    Raises:
        InputError: The file is broken, protected or too large.
    """
    if raw.startswith(_OLD_WORD):
        raise InputError(f"{place}: protected by a password, or an old .doc; save it as .docx without a password")
    if raw.count(b"PK\x01\x02") > MAX_PARTS:
        raise InputError(f"{place}: more than {MAX_PARTS} files in this .docx; save its text as .txt")
    body, properties = _Body(), _Properties()
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            names = archive.namelist()
            _read_part(archive, next(filter(_BODY.fullmatch, names)), body.start, body.end, body.text, place)
            if _PROPERTIES in names:
                _read_part(archive, _PROPERTIES, properties.start, properties.end, properties.text, place)
    except StopIteration as error:
        raise InputError(f"{place}: no Word document in this file; save it as .docx, or its text as .txt") from error
    except (zipfile.BadZipFile, zlib.error, expat.ExpatError, EOFError, RuntimeError, ValueError) as error:
        raise InputError(
            f"{place}: no .docx, or a broken one ({error}); open it in Word and save it anew, or save its text as .txt"
        ) from error
    title = clean_title(properties.values.get("title")) or clean_title(body.title)
    text = "\n\n".join(body.paragraphs)
    return Article(text=text, id=place, title=title, date=_parse_date(properties.values.get("created", "")))


def _parse_date(text: str) -> str:
    with suppress(ValueError):
        return clean_date(datetime.fromisoformat(text))
    return ""


class _Body:
    """Gathers paragraphs while the XML of a document goes by."""

    def __init__(self) -> None:
        self.paragraphs: list[str] = []
        self.title = ""  # the first paragraph in the style for titles
        self._open: list[list[str]] = []  # a text box is a paragraph inside another
        self._in_title = self._in_text = False
        self._n_skipped = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name in _SKIPPED:
            self._n_skipped += 1
        elif name == "p":
            self._open.append([])
            self._in_title = False
        elif name == "pStyle":
            self._in_title = any(value in _TITLE_STYLES for value in attributes.values())
        elif name in _BLANKS:
            self._in_text = True
            self.text(_BLANKS[name])
        self._in_text = name == "t"

    def end(self, name: str) -> None:
        self._in_text = False
        if name in _SKIPPED:
            self._n_skipped -= 1
        elif name == "p" and self._open:
            paragraph = "".join(self._open.pop()).strip()
            if paragraph:
                self.paragraphs.append(paragraph)
            if self._in_title and not self.title:
                self.title = paragraph

    def text(self, data: str) -> None:
        if self._in_text and self._open and not self._n_skipped:
            self._open[-1].append(data)


class _Properties:
    """Gathers a document's properties by name."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self._name = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._name = name

    def end(self, name: str) -> None:
        self._name = ""

    def text(self, data: str) -> None:
        known = self.values.get(self._name, "")
        if self._name and len(known) < _MAX_PROPERTY_CHARS:  # a property is no place for a novel
            self.values[self._name] = known + data


def _read_part(
    archive: zipfile.ZipFile,
    part: str,
    on_start: StartHandler,
    on_end: Callable[[str], None],
    on_text: Callable[[str], None],
    place: str,
) -> None:
    """Lets one part's XML go by, unpacked bit by bit; handlers get names without their namespace."""
    if archive.getinfo(part).compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise InputError(f"{place}: packed in a way that Word does not use; open it in Word and save it anew")
    parser, n_bytes = _make_parser(on_start, on_end, on_text, place), 0
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            n_bytes += len(chunk)
            if n_bytes > MAX_UNPACKED_BYTES:
                raise InputError(
                    f"{place}: unpacks to more than {MAX_UNPACKED_BYTES / 1e6:g} MB, the most for one article; "
                    "save its text as .txt and split that"
                )
            parser.Parse(chunk, False)
    parser.Parse(b"", True)


def _make_parser(
    on_start: StartHandler, on_end: Callable[[str], None], on_text: Callable[[str], None], place: str
) -> expat.XMLParserType:
    parser = expat.ParserCreate(namespace_separator=" ")
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise InputError(f"{place}: elements nested deeper than {MAX_DEPTH}; save its text as .txt")
        on_start(name.rpartition(" ")[2], attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        on_end(name.rpartition(" ")[2])

    def refuse(*_: object) -> None:
        raise InputError(f"{place}: its XML declares a document type, which Word never does; save its text as .txt")

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, on_text
    parser.StartDoctypeDeclHandler = refuse
    return parser
