"""Articles from PDF files with a text layer, by pypdf."""

from __future__ import annotations

import io
import logging
import re
import time
from collections.abc import Callable, Iterator

import pypdf
from pypdf.errors import DependencyError, FileNotDecryptedError

from claimbasis.errors import InputError
from claimbasis.text.decoding import looks_binary
from claimbasis.text.metadata import clean_date, clean_title
from claimbasis.text.paragraphs import join_pages
from claimbasis.types import Article

# pypdf reports each flaw that it mends; what it cannot mend, our own error says once, with the place.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)

MAX_PAGES = 500  # no article is longer; a book or a bundle of them should be split
# A page of text takes about 5 KB of drawing instructions and 15 ms. Maps may take a thousand times that; what takes
# more than this is made to take it.
MAX_UNPACKED_BYTES = 50_000_000
MAX_SECONDS = 120.0
_LETTER = re.compile(r"[^\W\d_]")
_MIN_LETTERS = 20  # scanners leave a stamp or a page number as text


def parse_pdf(raw: bytes, place: str) -> Article:
    """The text of a PDF in paragraphs, with the title and the day of making where its metadata tell them.

    Args:
        raw: The file.
        place: Where it came from, for messages and as the article's id.

    Raises:
        InputError: The file is broken, protected, too large, or has no text layer.
    """
    try:
        reader = pypdf.PdfReader(io.BytesIO(raw))
        text = join_pages(list(_read_pages(reader, place)))
        title, date = _read_metadata(reader)
    except InputError:
        raise
    except (FileNotDecryptedError, DependencyError) as error:
        raise InputError(
            f"{place}: this PDF is protected by a password or by encryption; save a copy without protection, "
            "such as by printing it to a new PDF"
        ) from error
    except Exception as error:  # broken files make pypdf raise almost anything
        raise InputError(
            f"{place}: no PDF, or a broken one ({type(error).__name__}: {error}); get it again, or open it in a "
            "viewer and save it anew"
        ) from error
    if len(_LETTER.findall(text[:10_000])) < _MIN_LETTERS or looks_binary(text):
        raise InputError(f"{place}: no text in this PDF that can be read; scanned? run OCR first, such as ocrmypdf")
    return Article(text=text, id=place, title=title, date=date)


def _read_pages(reader: pypdf.PdfReader, place: str) -> Iterator[str]:
    if len(reader.pages) > MAX_PAGES:
        raise InputError(f"{place}: {len(reader.pages)} pages, and at most {MAX_PAGES} are read as one; split the PDF")
    check, n_bytes = _time_check(place), 0
    for page in reader.pages:
        contents = page.get_contents()
        n_bytes += 0 if contents is None else len(contents.get_data())
        if n_bytes > MAX_UNPACKED_BYTES:
            raise InputError(
                f"{place}: unpacks to more than {MAX_UNPACKED_BYTES / 1e6:g} MB, the most for one article; "
                "print it to a new PDF, or split it"
            )
        yield page.extract_text(visitor_operand_before=check)


def _time_check(place: str) -> Callable[..., None]:
    """What pypdf calls before each drawing instruction: pages can be made to repeat a part without end."""
    deadline = time.monotonic() + MAX_SECONDS

    def check(*_: object) -> None:
        if time.monotonic() > deadline:
            raise InputError(f"{place}: takes longer than {MAX_SECONDS:g} seconds to read; print it to a new PDF")

    return check


def _read_metadata(reader: pypdf.PdfReader) -> tuple[str, str]:
    """Title and date; a date that is no date does not make the text unreadable."""
    information = reader.metadata
    if information is None:
        return "", ""
    title = clean_title(information.title)
    try:
        return title, clean_date(information.creation_date)
    except ValueError:
        return title, ""
