"""What one server accepts."""

from __future__ import annotations

from dataclasses import dataclass

# JSON may write a character outside the basic plane as two escapes of six bytes each.
_MOST_BYTES_A_CHAR = 12
# For everything in a request that is not text: names of fields, titles, borders of a form.
_BYTES_BESIDE_TEXT = 100_000


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that a request may bring and that a server takes on."""

    max_article_chars: int = 100_000  # of one text: about 16,000 words
    max_field_chars: int = 1_000  # of a title, an id, an outlet, a date, an address
    max_file_bytes: int = 10_000_000  # of one file in the page's form: a PDF brings its pictures along
    max_articles: int = 50  # a request
    max_statements: int = 2_000  # a request
    timeout_seconds: float = 30.0  # for a body to arrive, and again for its answer
    send_seconds: float = 120.0  # for a client to make room for its answers; then its request is open no longer
    max_at_once: int = 2  # requests that are read at the same time
    max_waiting: int = 32  # requests in the queue, besides those that are being read
    max_open: int = 256  # requests of any kind at one time, those whose bodies are still arriving included
    max_held_bytes: int = 500_000_000  # of all their bodies together

    @property
    def max_form_bytes(self) -> int:
        """The most for the body of the page's form."""
        return max(self.max_body_bytes, self.max_file_bytes + _BYTES_BESIDE_TEXT)

    @property
    def max_body_bytes(self) -> int:
        """The most for any other body: the longest article fits, whatever its letters and their escapes."""
        return _MOST_BYTES_A_CHAR * self.max_article_chars + _BYTES_BESIDE_TEXT
