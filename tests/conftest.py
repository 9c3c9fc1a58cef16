from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from claimbasis.inference.classifier import Classifier

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

# The command line sets this before MLflow is imported; the tests import it themselves.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    return Classifier.load()


@pytest.fixture
def write_corpus(tmp_path: Path) -> Callable[..., Path]:
    """Writes annotated articles, given as (id, [(statement, codes), …]), to a JSONL file."""

    def write(*articles: tuple[str, list[tuple[str, str]]], name: str = "corpus.jsonl", **extra: Any) -> Path:
        rows = []
        for article_id, statements in articles:
            text, rows_of_article = "", []
            for statement, codes in statements:
                start = len(text) + (1 if text else 0)
                text = f"{text} {statement}".strip()
                rows_of_article.append({"start": start, "end": start + len(statement), "codes": codes})
            rows.append({"id": article_id, "text": text, "statements": rows_of_article, **extra})
        path = tmp_path / name
        path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium of this machine; a module's tests share it, because its event loop must not outlive them."""
    api = pytest.importorskip("playwright.sync_api", reason="NO BROWSER TESTS: pip install 'claimbasis[dev]'")
    with api.sync_playwright() as playwright:
        names = ("chromium", "chromium-browser", "google-chrome", playwright.chromium.executable_path)
        if not (program := next(filter(None, map(shutil.which, names)), None)):
            pytest.skip("NO BROWSER TESTS: no Chromium here; apt-get install chromium, or playwright install chromium")
        with playwright.chromium.launch(executable_path=program) as browser:
            yield browser


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens an address; keyword arguments are the context's. Nothing may go wrong in the page's console."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def open_page(address: str, **options: Any) -> Page:
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.set_default_timeout(10_000)
        # A page of a refusal is a message for Chromium, whatever it holds.
        page.on("console", lambda message: "status of 422" in message.text or problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: (problems.append(dialog.message), dialog.dismiss()))
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def find_faults() -> Callable[[Page], list[str]]:
    """The serious faults that axe finds in a page for people who cannot see, or see differently."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="NO AXE: pip install 'claimbasis[dev]'")

    def find_faults(page: Page) -> list[str]:
        violations = axe.Axe().run(page).response["violations"]
        return [
            f"{v['id']}: {v['nodes'][0]['html']}: {v['nodes'][0]['failureSummary']}"
            for v in violations
            if v["impact"] in ("serious", "critical")
        ]

    return find_faults
