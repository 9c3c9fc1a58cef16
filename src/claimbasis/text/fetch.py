"""Reads one page from the web, and nothing but what was asked for."""

from __future__ import annotations

import http.client
import importlib.metadata
import re
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from claimbasis.errors import InputError
from claimbasis.text.addresses import is_public, resolve

MAX_REDIRECTS = 3
FORMATS = {"text/html": "html", "text/plain": "text", "application/pdf": "pdf"}
_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_REDIRECTS = (301, 302, 303, 307, 308)
_CHUNK_BYTES = 65_536
_WAY_OUT = "open it in a browser, save the page, and give the file"


@dataclass(frozen=True, slots=True)
class Page:
    """What a web address gave."""

    url: str  # after redirects
    file_format: str  # "html", "text" or "pdf", as the server says
    charset: str  # as the server says; empty when it does not
    raw: bytes


@dataclass(frozen=True, slots=True)
class Fetcher:
    """How pages are read, and from where they may be."""

    max_bytes: int
    max_seconds: float = 30.0  # for everything, redirects included
    resolve: Callable[[str, int], list[str]] = resolve
    allows: Callable[[str], bool] = is_public

    def fetch(self, url: str) -> Page:
        """Reads a page: no cookies, no scripts, no pictures, no more than three redirects.

        Raises:
            InputError: The address is none, is not public or not reachable, or it gives no article of a known kind.
        """
        deadline, place = time.monotonic() + self.max_seconds, url
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._request(url, place, deadline)
            if isinstance(answer, Page):
                return answer
            url = answer
        raise InputError(f"{place}: more than {MAX_REDIRECTS} redirects; {_WAY_OUT}")

    def _request(self, url: str, place: str, deadline: float) -> Page | str:
        """The page, or the address that it has moved to."""
        target = _parse_url(url, place)
        connection = self._prepare(target, place, deadline)
        # Each single read has a limit too, but a server that sends a byte now and then would never reach it.
        watchdog = threading.Timer(max(deadline - time.monotonic(), 0), connection.abort)
        watchdog.daemon = True
        watchdog.start()
        try:
            connection.request("GET", _quote(target), headers=_headers())
            with connection.getresponse() as response:
                answer = self._read_answer(response, url, place)
        except ssl.SSLCertVerificationError as error:
            raise InputError(
                f"{place}: the certificate of {target.hostname} is not valid ({error.verify_message}); {_WAY_OUT}"
            ) from error
        except (OSError, http.client.HTTPException, zlib.error, ValueError) as error:
            raise InputError(f"{place}: {self._name_failure(error, deadline)}; {_WAY_OUT}") from error
        finally:
            watchdog.cancel()
            connection.close()
        if time.monotonic() >= deadline:
            # An aborted transfer can look like one that has ended.
            raise InputError(f"{place}: {self._name_failure(TimeoutError(), deadline)}; {_WAY_OUT}")
        return answer

    def _name_failure(self, error: Exception, deadline: float) -> str:
        if isinstance(error, TimeoutError) or time.monotonic() >= deadline:
            return f"not read within {self.max_seconds:g} seconds"
        return f"cannot be read ({error or type(error).__name__})"

    def _prepare(self, target: SplitResult, place: str, deadline: float) -> _Connection:
        """A connection, not yet open, to an address that has been checked."""
        host, secure = target.hostname or "", target.scheme == "https"
        port = target.port or (443 if secure else 80)
        try:
            addresses = self.resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise InputError(f"{place}: no such host: {host} ({error}); check the address") from error
        for address in addresses:
            if not self.allows(address):
                raise InputError(
                    f"{place}: {host} is {address}, which is not a public address, and only those are fetched; {_WAY_OUT}"
                )
        if not addresses or time.monotonic() >= deadline:
            raise InputError(f"{place}: {host} was not found within {self.max_seconds:g} seconds; check the address")
        return _Connection(host, port, addresses, secure=secure, deadline=deadline)

    def _read_answer(self, response: http.client.HTTPResponse, url: str, place: str) -> Page | str:
        location = response.getheader("Location")
        if response.status in _REDIRECTS and location:
            return urljoin(url, location)
        if response.status != http.client.OK:
            raise InputError(f"{place}: the server says {response.status} {response.reason}; {_WAY_OUT}")
        media_type = response.headers.get_content_type()
        if "Content-Type" not in response.headers or media_type not in FORMATS:
            allowed = ", ".join(FORMATS)
            raise InputError(f"{place}: gives {media_type}, and only {allowed} are read; {_WAY_OUT}")
        raw = _unpack(self._read_limited(response, place), response.getheader("Content-Encoding", ""), self.max_bytes)
        self._check_size(raw, place)
        return Page(url, FORMATS[media_type], response.headers.get_content_charset(""), raw)

    def _read_limited(self, response: http.client.HTTPResponse, place: str) -> bytes:
        raw = bytearray()
        while chunk := response.read(_CHUNK_BYTES):
            raw += chunk
            self._check_size(raw, place)
        if response.length:
            raise http.client.IncompleteRead(bytes(raw), response.length)
        return bytes(raw)

    def _check_size(self, raw: bytes | bytearray, place: str) -> None:
        if len(raw) > self.max_bytes:
            raise InputError(
                f"{place}: larger than {self.max_bytes / 1e6:g} MB, the most for one article; save its text as .txt"
            )


class _Connection(http.client.HTTPConnection):
    """A connection to one of the addresses that were checked; the name is not looked up again."""

    def __init__(self, host: str, port: int, addresses: list[str], *, secure: bool, deadline: float) -> None:
        super().__init__(host, port)
        self._addresses, self._deadline = addresses, deadline
        self._context = ssl.create_default_context() if secure else None
        self.default_port = 443 if secure else 80
        self._opened: socket.socket | None = None  # the parent forgets its own before the last byte is read

    def connect(self) -> None:
        """Opens it, with the certificate checked against the host's name where it is a secure one."""
        self.sock = self._opened = self._open()
        if self._context:
            secured = self._context.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock = self._opened = secured
            secured.do_handshake()

    def _open(self) -> socket.socket:
        failure: OSError = TimeoutError()
        for address in self._addresses:
            seconds = self._deadline - time.monotonic()
            if seconds <= 0:
                break
            try:
                return socket.create_connection((address, self.port), timeout=seconds)
            except OSError as error:
                failure = error
        raise failure

    def abort(self) -> None:
        """Ends the transfer from another thread: reads that wait for more return at once."""
        if self._opened is not None:
            with suppress(OSError):
                # Not the method of a secure socket, which would take its state away under the reader's hands.
                socket.socket.shutdown(self._opened, socket.SHUT_RDWR)


def is_url(path: str) -> bool:
    """Whether this is a web address or another address with a scheme, not a file's name."""
    return bool(_URL.match(path))


def refuse_unasked(url: str) -> InputError:
    """The error for a web address where nobody asked for the network."""
    return InputError(
        f"{url}: a web address, and nothing is read from the network unasked; add --fetch (in Python: fetch=True), "
        "or save the page and give the file"
    )


def _parse_url(url: str, place: str) -> SplitResult:
    try:
        target = urlsplit(url)
        host, _ = (target.hostname or "").encode("idna"), target.port
    except ValueError as error:
        raise InputError(f"{place}: {url!r} is no web address ({error}); check it") from error
    if target.scheme not in ("http", "https"):
        raise InputError(f"{place}: {target.scheme or 'no'} address; only http and https are fetched")
    if not host or target.username is not None:
        raise InputError(f"{place}: needs a host and no user name; {_WAY_OUT}")
    return target


def _quote(target: SplitResult) -> str:
    """The path and query as they are sent: in ASCII, without what only the browser uses."""
    path = quote(target.path or "/", safe="/%:=&~+!$,;'@()*")
    return path + (f"?{quote(target.query, safe='/%:=&?~+!$,;@()*')}" if target.query else "")


def _headers() -> dict[str, str]:
    try:
        version = importlib.metadata.version("claimbasis")
    except importlib.metadata.PackageNotFoundError:
        version = "0"
    return {
        "User-Agent": f"claimbasis/{version} (reads a page that its user asked for)",
        "Accept": ", ".join(FORMATS),
        "Accept-Encoding": "identity",
    }


def _unpack(raw: bytes, encoding: str, max_bytes: int) -> bytes:
    """The content, of which at most one byte more than allowed is unpacked.

    Raises:
        ValueError: It is packed in a way that was not asked for and is not known.
        zlib.error: It is damaged.
    """
    if encoding.lower() in ("", "identity"):
        return raw
    if encoding.lower() not in ("gzip", "x-gzip"):
        raise ValueError(f"packed as {encoding}")
    return zlib.decompressobj(wbits=31).decompress(raw, max_bytes + 1)


def fetch_page(url: str, *, max_bytes: int) -> Page:
    """Reads a page from a public address; see `Fetcher.fetch`.

    Raises:
        InputError: It cannot be read, or must not be.
    """
    return Fetcher(max_bytes).fetch(url)
