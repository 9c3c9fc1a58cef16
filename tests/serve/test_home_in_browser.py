from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from documents import make_pdf

from claimbasis import Classifier

pytest.importorskip("fastapi", reason="the service is NOT tested: pip install 'claimbasis[dev]'")
from claimbasis.serve.app import make_app
from claimbasis.serve.limits import Limits
from claimbasis.serve.server import Server, open_port

if TYPE_CHECKING:
    from playwright.sync_api import Page

OpenPage = Callable[..., "Page"]
TEXT = "Two officials who asked not to be named said talks had failed. Tanks crossed the river at dawn."
ATTACK = """<script>alert(1)</script></textarea><img src=x onerror=alert(1)>"' onmouseover='alert(1)"""
# What a hand does that drags a file from its folder over the page and lets go of it.
DROP = """([name, bytes]) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], name));
    for (const kind of ["dragover", "drop"])
        document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(scope="module")
def address(classifier: Classifier) -> Iterator[str]:
    """A service with the shipped model."""
    with open_port("127.0.0.1", 0) as listener:
        server = Server(make_app(classifier, Limits(max_articles=3)))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        server.should_exit = True
        thread.join(10)


def test_who_pastes_a_text_gets_its_report_with_the_keyboard_alone(open_page: OpenPage, address: str) -> None:
    page = open_page(address)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the form"
    page.get_by_label("Text", exact=True).focus()
    page.keyboard.insert_text(TEXT)
    page.keyboard.press("Tab")
    page.keyboard.insert_text("Talks")
    page.get_by_label("Text", exact=True).focus()
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/report")
    assert page.get_by_role("heading", level=1).inner_text() == "Talks"
    assert page.locator(".statement[id]").all_inner_texts() == [TEXT[:62], TEXT[63:]]
    page.get_by_role("checkbox", name="anonymous").uncheck()
    assert page.locator("#count").inner_text() == "1 of 2 statements"


@pytest.mark.parametrize(("name", "content"), [("talks.txt", TEXT.encode()), ("talks.pdf", make_pdf([[TEXT]]))])
def test_a_file_dropped_anywhere_is_read(open_page: OpenPage, address: str, name: str, content: bytes) -> None:
    page = open_page(address)
    page.evaluate(DROP, [name, list(content)])
    assert page.locator("#state").inner_text() == f"{name} is chosen."
    page.get_by_role("button", name="Read it").click()
    page.wait_for_url("**/report")
    assert page.get_by_role("heading", level=1).inner_text() == name
    assert "Tanks crossed the river" in page.locator(".statement[id]").last.inner_text()


def test_what_is_refused_says_why_and_keeps_the_text(open_page: OpenPage, address: str) -> None:
    page = open_page(address)
    page.get_by_label("Text", exact=True).fill(ATTACK)
    page.get_by_label("Title").fill(ATTACK)
    page.get_by_label("Or a file").set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"He left."})
    with page.expect_navigation() as navigation:
        page.get_by_role("button", name="Read it").click()
    assert navigation.value.status == 422
    assert "choose either a text or a file" in page.get_by_role("alert").inner_text()
    assert page.get_by_label("Text", exact=True).input_value() == ATTACK
    assert page.get_by_label("Title").input_value() == ATTACK


def test_a_hostile_text_is_shown_and_does_nothing(open_page: OpenPage, address: str) -> None:
    page = open_page(address)
    page.get_by_label("Text", exact=True).fill(f"{ATTACK} said officials in the capital.")
    page.get_by_role("button", name="Read it").click()
    page.wait_for_url("**/report")
    assert ATTACK in page.locator(".text").inner_text()
    assert page.locator("img").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(
    open_page: OpenPage, find_faults: Callable[[Page], list[str]], address: str, scheme: str
) -> None:
    page = open_page(address, color_scheme=scheme)
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 22, 22)"
    assert dark == (scheme == "dark")
    # The page of a refusal holds all that the first one does, and the reason.
    page.get_by_role("button", name="Read it").click()
    page.get_by_role("alert").wait_for()
    assert find_faults(page) == []


def test_a_narrow_window_needs_no_sideways_scrolling(open_page: OpenPage, address: str) -> None:
    page = open_page(address, viewport={"width": 320, "height": 600})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
