from __future__ import annotations

import gzip
import json
import re
import shutil
from collections.abc import Callable
from typing import Any

import pytest
from documents import make_docx, make_pdf

from claimbasis import Article, Classifier
from claimbasis.report.page import render_page

pytest.importorskip("fastapi", reason="the service is NOT tested: pip install 'claimbasis[dev]'")
from starlette.testclient import TestClient

TEXT = "Two officials who asked not to be named said talks had failed. Tanks crossed the river at dawn."
ATTACK = """<script>alert(1)</script></textarea><img src=x onerror=alert(1)>"' onmouseover='alert(1) {{ 7*7 }}"""


def test_a_pasted_text_gives_the_page_of_the_report(serve: Callable[..., TestClient], classifier: Classifier) -> None:
    client = serve(classifier)
    expected = render_page([classifier.predict(Article(text=f"{TEXT}\n\n{TEXT}", title="Talks"))])
    form = {"text": f"{TEXT}\r\n\r\n{TEXT}", "title": "Talks"}
    assert client.post("/report", data=form).text == expected
    # As a browser sends it: an empty file beside the text.
    assert client.post("/report", data=form, files={"file": ("", b"")}).text == expected


@pytest.mark.parametrize(
    ("name", "content", "shown"),
    [
        ("a.txt", TEXT.encode(), "<h1 dir=\"auto\">a.txt</h1>"),
        ("a.md", TEXT.encode("utf-16"), "Tanks crossed"),
        ("C:\\x\\..\\../../a.txt", TEXT.encode(), "Tanks crossed"),
        ("a.jsonl", b"\n".join(json.dumps({"text": TEXT, "id": i}).encode() for i in "ab"), "2 articles"),
        ("a.txt", "Two officials said “so”. Tanks crossed.".encode("cp1252"), "“so”."),
        ("a.jsonl.gz", gzip.compress(json.dumps({"text": TEXT, "title": "Packed"}).encode()), "Packed"),
        ("a.pdf", make_pdf([[TEXT]]), "Tanks"),
        ("a.docx", make_docx(f"<w:p><w:r><w:t>{TEXT}</w:t></w:r></w:p>"), "Tanks"),
        ("a.eml", f"Subject: Mailed\n\n{TEXT}".encode(), "Mailed"),
        ("download", make_pdf([[TEXT]]), "Tanks"),
        ("a.html", f"<html><title>T</title><article>{f'<p>{TEXT} {TEXT}</p>' * 3}</article></html>".encode(), "Tanks"),
    ],
)  # fmt: skip
def test_a_file_of_each_kind_is_read(client: TestClient, name: str, content: bytes, shown: str) -> None:
    answer = client.post("/report", data={"text": "", "title": ""}, files={"file": (name, content)})
    assert answer.status_code == 200
    assert shown in answer.text


@pytest.mark.parametrize(
    ("form", "file", "status", "reason"),
    [
        ({"text": " "}, None, 422, "neither"),
        ({"text": TEXT}, ("a.txt", TEXT.encode()), 422, "both"),
        ({"text": TEXT, "more": "x"}, None, 422, "unknown or repeated"),
        ({"text": "x" * 1001}, None, 422, "at most 1,000 characters an article"),
        ({"text": TEXT, "title": "x" * 1001}, None, 422, "too long"),
        ({"text": "a\x00b"}, None, 422, "null bytes"),
        ({}, ("a.txt", b"\x00\x01" * 50), 422, "binary"),
        ({}, ("a.txt.gz", b"\x1f\x8b"), 422, "cannot be unpacked"),
        ({}, ("a.png", b"\x89PNG\r\n\x1a\n\x00\x00"), 422, "binary"),
        ({}, ("a.pdf", make_pdf([["- 1 -"]])), 422, "scanned"),
        ({}, ("a.docx", make_docx(f"<w:p><w:r><w:t>{'x' * 2000}</w:t></w:r></w:p>")), 422, "at most 1,000 characters an article"),
        ({}, ("a.html", b"<html></html>"), 422, "no article found"),
        ({}, ("a.jsonl", json.dumps({"text": TEXT}).encode() + b"\n{"), 422, "a.jsonl:2"),
        ({}, ("a.jsonl", json.dumps({"text": "\ud800"}).encode()), 422, "lone surrogate"),
        ({}, ("a.jsonl", (json.dumps({"text": TEXT}) + "\n").encode() * 4), 422, "at most 3 articles"),
        ({}, ("a.txt", b"x" * 200_000), 413, "too large"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_why_on_the_page(
    serve: Callable[..., TestClient], model: Any, form: dict[str, str], file: Any, status: int, reason: str
) -> None:
    client = serve(model, max_article_chars=1000, max_articles=3, max_file_bytes=50_000)
    answer = client.post("/report", data=form, files={"file": file} if file else None)
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert reason in answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_a_document_made_to_do_harm_ends_its_own_request_alone(
    serve: Callable[..., TestClient], model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = serve(model, timeout_seconds=1)
    endless = client.post("/report", files={"file": ("a.pdf", make_pdf([["He left."] * 300_000]))})
    assert (endless.status_code, "the time limit is reached" in endless.text) == (503, True)
    monkeypatch.setattr("sys.executable", shutil.which("false"))
    breaks = client.post("/report", files={"file": ("a.pdf", b"%PDF-")})
    assert (breaks.status_code, "takes too much memory" in breaks.text) == (422, True)
    assert client.post("/report", data={"text": TEXT}).status_code == 200


def test_the_page_takes_what_the_command_line_takes(client: TestClient) -> None:
    page = client.get("/").text
    (accepted,) = re.findall('accept="([^"]+)"', page)
    assert {".pdf", ".docx", ".eml", ".html", ".md", ".jsonl", ".gz"} <= set(accepted.split(","))
    assert "10 MB" in page


def test_the_description_of_the_form_says_which_texts_are_refused(client: TestClient) -> None:
    content = client.get("/openapi.json").json()["paths"]["/report"]["post"]["requestBody"]["content"]
    plain = content["application/x-www-form-urlencoded"]["schema"]
    allowed = re.compile(plain["properties"]["text"]["pattern"])
    assert plain["required"] == ["text"]
    for text in ("", " \n", "a\x00b", "x", f"\n {TEXT}\n"):
        status = client.post("/report", data={"text": text}).status_code
        assert (status == 200) == bool(allowed.search(text)), repr(text)


@pytest.mark.parametrize("text", ["", " \n", "x", "\x00"])
@pytest.mark.parametrize("file", [b"", TEXT.encode()])
def test_the_description_of_the_form_says_what_may_stand_side_by_side(
    client: TestClient, text: str, file: bytes
) -> None:
    content = client.get("/openapi.json").json()["paths"]["/report"]["post"]["requestBody"]["content"]
    kinds = [kind["properties"] for kind in content["multipart/form-data"]["schema"]["oneOf"]]
    fitting = [
        kind
        for kind in kinds
        if re.search(kind["text"]["pattern"], text)
        and kind["file"].get("minLength", 0) <= len(file) <= kind["file"].get("maxLength", 1000)
    ]
    status = client.post("/report", data={"text": text}, files={"file": ("a.txt" if file else "", file)}).status_code
    assert (status, len(fitting)) in [(200, 1), (422, 0)]


def test_a_broken_form_is_refused(client: TestClient) -> None:
    def post(kind: str, body: bytes) -> int:
        return client.post("/report", content=body, headers={"Content-Type": kind}).status_code

    assert post("multipart/form-data", b"x") == 400
    assert post("multipart/form-data; boundary=b", b"--b\r\nnonsense") in (400, 422)
    assert post("application/json", b"{}") == 415
    urlencoded = "application/x-www-form-urlencoded"
    assert post(urlencoded, b"text=%ff%fe&text=2") == 422
    assert post(urlencoded, b"&" * 1_000_000) == 422
    assert post(urlencoded, b"text=" + b"%41" * 1_000_000) == 413


def test_hostile_text_never_becomes_markup(client: TestClient) -> None:
    shown = client.post("/report", data={"text": f"{TEXT} {ATTACK} said.", "title": ATTACK})
    refused = client.post("/report", data={"text": ATTACK, "title": ATTACK}, files={"file": (ATTACK, b"x")})
    named = client.post("/report", files={"file": (f"{ATTACK}.txt", b"\x00")})
    assert [shown.status_code, refused.status_code, named.status_code] == [200, 422, 422]
    for answer in (shown, refused, named):
        assert "alert(1)" in answer.text
        assert "<script>alert" not in answer.text
        assert "<img" not in answer.text
        assert answer.text.count("</textarea>") <= 1


def test_pages_load_nothing_and_say_so_to_the_browser(client: TestClient) -> None:
    home, report = client.get("/"), client.post("/report", data={"text": TEXT})
    assert "default-src 'none'" in home.headers["content-security-policy"]
    assert "unsafe" not in home.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in report.headers["content-security-policy"]
    for answer in (home, report):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "http://" not in answer.text.replace("http://www.w3.org", "")
        assert "https://" not in answer.text
