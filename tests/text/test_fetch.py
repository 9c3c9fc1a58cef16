from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from claimbasis import InputError, read_articles
from claimbasis.text import articles, fetch
from claimbasis.text.addresses import is_public
from claimbasis.text.fetch import Fetcher, Page

TEXT = b"The council of Aldersley voted on Monday."
PLAIN = [("Content-Type", "text/plain; charset=utf-8")]


class Handler(BaseHTTPRequestHandler):
    """A site of which each path is one case; it keeps the headers that it was sent."""

    seen: list[dict[str, str]]

    def do_GET(self) -> None:
        self.seen.append(dict(self.headers.items()))
        steps = self.path.removeprefix("/redirect/")
        if self.path.startswith("/redirect/"):
            target = f"/redirect/{int(steps) - 1}" if int(steps) > 1 else "/plain"
            self._send(302, [("Location", target), ("Set-Cookie", "a=b")], b"")
        elif self.path == "/drip":
            self._drip()
        else:
            self._send(*CASES.get(self.path, (404, PLAIN, b"gone")))

    def _send(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for header in headers:
            self.send_header(*header)
        self.end_headers()
        self.wfile.write(body)

    def _drip(self) -> None:
        self._send(200, PLAIN, b"")
        try:
            for _ in range(100):
                self.wfile.write(b"x")
                time.sleep(0.05)
        except OSError:
            return

    def log_message(self, *_: Any) -> None:
        return


HTML = [("Content-Type", "text/html; charset=iso-8859-1")]
CASES = {
    "/plain": (200, PLAIN, TEXT),
    "/page": (200, HTML, "<html><body><article><p>Zürich voted.</p></article></body></html>".encode("latin-1")),
    "/gzip": (200, [*PLAIN, ("Content-Encoding", "gzip")], gzip.compress(TEXT)),
    "/bomb": (200, [*PLAIN, ("Content-Encoding", "gzip")], gzip.compress(b"x" * 5_000)),
    "/large": (200, PLAIN, b"x" * 5_000),
    "/short": (200, [*PLAIN, ("Content-Length", "5000")], b"x"),
    "/picture": (200, [("Content-Type", "image/png")], b"x"),
    "/untyped": (200, [], TEXT),
    "/brotli": (200, [*PLAIN, ("Content-Encoding", "br")], b"x"),
    "/inside": (302, [("Location", "http://inside.example/")], b""),
    "/file": (302, [("Location", "file:///etc/passwd")], b""),
}


@pytest.fixture
def site() -> Iterator[str]:
    Handler.seen = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://news.example:{server.server_port}"
        server.shutdown()
        thread.join()


def resolve(host: str, port: int) -> list[str]:
    return {"news.example": ["127.0.0.1"], "inside.example": ["10.0.0.7"], "mixed.example": ["93.184.216.34", "::1"]}[
        host
    ]


def make_fetcher(**changes: Any) -> Fetcher:
    return Fetcher(
        **{"max_bytes": 1000, "resolve": resolve, "allows": lambda address: address == "127.0.0.1"} | changes
    )


def test_a_page_is_read_with_a_name_and_without_cookies(site: str) -> None:
    assert make_fetcher().fetch(f"{site}/redirect/3#part") == Page(f"{site}/plain", "text", "utf-8", TEXT)
    assert len(Handler.seen) == 4
    assert all("Cookie" not in headers for headers in Handler.seen)
    assert Handler.seen[0]["User-Agent"].startswith("claimbasis/")
    assert Handler.seen[0]["Host"] == site.removeprefix("http://")


def test_what_is_packed_unasked_is_unpacked(site: str) -> None:
    assert make_fetcher().fetch(f"{site}/gzip").raw == TEXT


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/redirect/4", "more than 3 redirects"),
        ("/missing", "404"),
        ("/picture", "image/png"),
        ("/untyped", "only text/html"),
        ("/large", "larger than"),
        ("/bomb", "larger than"),
        ("/short", "IncompleteRead"),
        ("/brotli", "packed as br"),
        ("/inside", "inside.example is 10.0.0.7"),
        ("/file", "only http and https"),
    ],
)
def test_what_is_not_read_is_told_with_a_way_out(site: str, path: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as caught:
        make_fetcher().fetch(site + path)
    assert str(caught.value).startswith(site + path)


def test_the_time_limit_is_for_the_whole_transfer(site: str) -> None:
    start = time.monotonic()
    with pytest.raises(InputError, match=r"not read within 0\.3 seconds"):
        make_fetcher(max_seconds=0.3).fetch(f"{site}/drip")
    assert time.monotonic() - start < 2


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://2130706433/", "http://localhost/", "http://[::1]/", "http://[::ffff:127.0.0.1]/",
        "http://169.254.169.254/latest/meta-data/", "https://10.1.2.3/", "http://0/",
    ],
)  # fmt: skip
def test_by_default_nothing_inside_is_reached(url: str) -> None:
    with pytest.raises(InputError, match=r"not a public address|no such host"):
        fetch.fetch_page(url, max_bytes=1000)


def test_one_address_inside_among_several_is_enough_to_refuse() -> None:
    with pytest.raises(InputError, match="is ::1, which is not"):
        Fetcher(1000, resolve=resolve).fetch("http://mixed.example/")


def test_a_name_is_looked_up_once_and_the_checked_address_is_used(site: str) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.7"]])
    assert make_fetcher(resolve=lambda host, port: next(answers)).fetch(f"{site}/plain").raw == TEXT
    assert next(answers) == ["10.0.0.7"]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://news.example/a", "only http and https"),
        ("file:///etc/passwd", "only http and https"),
        ("http://user:pass@news.example/", "no user name"),
        ("http:///a", "needs a host"),
        ("http://news.example:99999/", "no web address"),
        ("http://[::1/", "no web address"),
        (f"http://{'a' * 70}.example/", "no web address"),
    ],
)
def test_addresses_that_are_none_are_refused(url: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        make_fetcher().fetch(url)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1::1", True),
        ("127.0.0.1", False), ("10.0.0.1", False), ("172.16.0.1", False), ("192.168.1.1", False),
        ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False), ("224.0.0.1", False),  # noqa: S104
        ("240.0.0.1", False), ("255.255.255.255", False), ("192.0.2.1", False),
        ("::", False), ("::1", False), ("fe80::1", False), ("fe80::1%eth0", False), ("fc00::1", False),
        ("ff02::1", False), ("::ffff:10.0.0.1", False), ("::ffff:93.184.216.34", True), ("64:ff9b::a00:1", False),
        ("2002:a00:1::1", False), ("2001:0:a00:1::1", False), ("2001:db8::1", False), ("news", False),
    ],
)  # fmt: skip
def test_only_public_addresses_are(address: str, expected: bool) -> None:
    assert is_public(address) is expected


def test_addresses_are_articles_only_when_asked_for(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(articles, "fetch_page", lambda url, max_bytes: make_fetcher(max_bytes=max_bytes).fetch(url))
    rejects: list[InputError] = []
    assert list(read_articles([f"{site}/plain"], on_reject=rejects.append)) == []
    assert "--fetch" in str(rejects.pop())
    assert Handler.seen == []
    paths = [f"{site}/redirect/1", f"{site}/missing", f"{site}/page"]
    plain, page = read_articles(paths, on_reject=rejects.append, fetch=True)
    assert (plain.id, plain.url, plain.text) == (f"{site}/redirect/1", f"{site}/plain", TEXT.decode())
    assert "Zürich" in page.text
    assert page.outlet == "news.example"
    assert [str(error).split(": the server")[0] for error in rejects] == [f"{site}/missing"]
