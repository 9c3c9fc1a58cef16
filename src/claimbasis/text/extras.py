"""The readers that need an extra: loaded when the first such file is read, so that nobody else waits for them."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import cast

from claimbasis.errors import InputError
from claimbasis.types import Article


def parse_html(page: str, place: str) -> Article:
    """See `claimbasis.text.html.parse_html`.

    Raises:
        InputError: The extra is missing, or the page has no main text.
    """
    return cast(Article, _load("html", "HTML", "html", place).parse_html(page, place))


def parse_pdf(raw: bytes, place: str) -> Article:
    """See `claimbasis.text.pdf.parse_pdf`.

    Raises:
        InputError: The extra is missing, or the file cannot be read.
    """
    return cast(Article, _load("pdf", "PDF", "documents", place).parse_pdf(raw, place))


def _load(module: str, kind: str, extra: str, place: str) -> ModuleType:
    try:
        return importlib.import_module(f"claimbasis.text.{module}")
    except ModuleNotFoundError as error:
        raise InputError(f"{place}: {kind} needs {error.name}; pip install 'claimbasis[{extra}]'") from error
