from __future__ import annotations

import importlib
import io
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from documents import make_docx, make_pdf

from claimbasis import Article, InputError, read_articles, split_statements
from claimbasis.text import docx
from claimbasis.text.metadata import clean_title
from claimbasis.text.paragraphs import join_pages

Reader = Callable[[str, bytes], Article]


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    """Reads one file as an article, or raises the reason why it was rejected."""

    def read_one(name: str, raw: bytes) -> Article:
        (tmp_path / name).write_bytes(raw)
        rejects: list[InputError] = []
        articles = list(read_articles([str(tmp_path / name)], on_reject=rejects.append))
        if rejects:
            assert str(rejects[0]).startswith(f"{tmp_path / name}: ")
            raise rejects[0]
        return articles[0]

    return read_one


# ---- PDF

pdf = pytest.mark.skipif(
    importlib.util.find_spec("pypdf") is None, reason="PDF IS NOT TESTED: pip install 'claimbasis[documents]'"
)
LINES = [
    "Council votes for the wall",
    "The council of Aldersley voted on Monday evening to raise the wall (twice), two offi-",
    "cials who asked not to be named said. Mayor Ann Hill called the plan well-",
    "founded; her well-founded doubts had gone.",
    "Work starts in May.",
]
PARAGRAPHS = [
    "Council votes for the wall",
    "The council of Aldersley voted on Monday evening to raise the wall (twice), two officials who asked not to be "
    "named said. Mayor Ann Hill called the plan well-founded; her well-founded doubts had gone.",
    "Work starts in May.",
]


@pdf
def test_a_pdf_gives_whole_sentences_and_its_metadata(read: Reader) -> None:
    article = read("a.pdf", make_pdf([LINES], title="The wall", date="D:20250304233000-05'00'"))
    assert article.text == "\n\n".join(PARAGRAPHS)
    assert (article.title, article.date) == ("The wall", "2025-03-04")
    assert [s.text for s in split_statements(article.text)][1].endswith("two officials who asked not to be named said.")


@pdf
def test_metadata_that_tell_nothing_are_left_out(read: Reader) -> None:
    article = read("a.pdf", make_pdf([LINES], title="Microsoft Word - wall_v3.doc", date="D:yesterday"))
    assert (article.title, article.date) == ("", "")


@pdf
def test_a_pdf_without_an_ending_is_known_by_its_first_bytes(read: Reader) -> None:
    assert read("download", make_pdf([LINES])).text.startswith("Council votes")


def make_protected() -> bytes:
    pypdf = importlib.import_module("pypdf")
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(make_pdf([LINES])))
    writer.encrypt("secret", algorithm="RC4-128")
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


@pdf
@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (make_protected, "protected"),
        (lambda: make_pdf([["- 1 -"]]), "scanned\\? run OCR"),
        (lambda: make_pdf([]), "scanned"),
        (lambda: make_pdf([LINES])[:300], "broken"),
        (lambda: b"%PDF-1.7\nrubbish", "broken"),
        (lambda: b"\x00", "broken"),
        (lambda: make_pdf([LINES]).replace(b"/Kids [5 0 R]", b"/Kids [2 0 R]"), "broken"),
        (lambda: make_pdf([["x"]] * 3), "3 pages, and at most 2"),
        (lambda: make_pdf([["word " * 500]]), "unpacks to more than 0.002 MB"),
    ],
)
def test_a_pdf_that_cannot_be_read_says_why(
    read: Reader, monkeypatch: pytest.MonkeyPatch, make: Callable[[], bytes], reason: str
) -> None:
    module = importlib.import_module("claimbasis.text.pdf")
    monkeypatch.setattr(module, "MAX_PAGES", 2)
    monkeypatch.setattr(module, "MAX_UNPACKED_BYTES", 2_000)
    with pytest.raises(InputError, match=reason):
        read("a.pdf", make())


@pdf
def test_a_pdf_that_takes_too_long_is_given_up(read: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module("claimbasis.text.pdf"), "MAX_SECONDS", -1.0)
    with pytest.raises(InputError, match="takes longer"):
        read("a.pdf", make_pdf([LINES]))


def test_without_the_extra_the_error_names_it(read: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(importlib.import_module("sys").modules, "claimbasis.text.pdf", None)
    with pytest.raises(InputError, match=r"pip install 'claimbasis\[documents\]'"):
        read("a.pdf", make_pdf([LINES]))


# ---- lines to paragraphs

BODY = "The rising water took the lower road again while the council met."


def test_running_heads_feet_and_page_numbers_are_dropped() -> None:
    days = ("Monday", "Tuesday", "Friday")
    pages = [
        f"The Echo, page {n}\n{BODY[:-1]} on {day},\nand the rain went on.\n{n} of 3\nCopyright Echo"
        for n, day in enumerate(days, 1)
    ]
    assert join_pages(pages) == "\n\n".join(f"{BODY[:-1]} on {day}, and the rain went on." for day in days)


def test_a_paragraph_goes_on_over_the_page() -> None:
    assert join_pages([f"{BODY[:-1]}\n1", "and nobody spoke.\n2"]) == f"{BODY[:-1]} and nobody spoke."


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("a long enough line with an anti-\nAmerican end", "a long enough line with an anti-American end"),
        ("a long enough line of 2019-\n20 for all", "a long enough line of 2019- 20 for all"),
        ("a long enough line with soft hy\u00ad\nphens in it", "a long enough line with soft hyphens in it"),
        ("the oﬃcials conﬁrmed", "the officials confirmed"),
        ("a long enough line of a_b1c-\nde for all", "a long enough line of a_b1cde for all"),
        ("x" * 200_000 + "\n" + "y" * 200_000, "x" * 200_000 + " " + "y" * 200_000),
        ("half a \ud83d character", "half a � character"),
        ("first of the list\n• second of the list", "first of the list\n\n• second of the list"),
        ("", ""),
    ],
)
def test_line_ends(lines: str, expected: str) -> None:
    assert join_pages([lines]) == expected


# ---- Word


def paragraph(text: str, style: str = "") -> str:
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{properties}<w:r><w:t>{text}</w:t></w:r></w:p>"


def test_a_docx_gives_its_paragraphs_and_properties(read: Reader) -> None:
    body = (
        paragraph("The wall", "Title")
        + "<w:p><w:r><w:t xml:space='preserve'>Officials </w:t></w:r><w:del><w:r><w:delText>never </w:delText></w:r></w:del>"
        "<w:moveFrom><w:r><w:t>gone </w:t></w:r></w:moveFrom><w:r><w:t>said &lt;so&gt;.</w:t><w:tab/><w:t>Twice.</w:t></w:r></w:p>"
        + "<w:p/>"
        + f"<mc:AlternateContent><mc:Choice>{paragraph('Box.')}</mc:Choice><mc:Fallback>{paragraph('Box.')}</mc:Fallback></mc:AlternateContent>"
    )
    article = read("a.docx", make_docx(body, properties="<dcterms:created>2025-03-04T09:00:00Z</dcterms:created>"))
    assert article.text == "The wall\n\nOfficials said <so>. Twice.\n\nBox."
    assert (article.title, article.date) == ("The wall", "2025-03-04")
    named = make_docx(body, properties="<dc:title>Flood wall</dc:title><dcterms:created>soon</dcterms:created>")
    assert read("b", named).title == "Flood wall"
    long = make_docx(body, properties=f"<dc:title>{'a&#10;' * 400_000}</dc:title>")
    assert len(read("c.docx", long).title) < 1_100


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"no archive", "broken"),
        (make_docx(paragraph("Text."))[:-40], "broken"),
        (make_docx("<w:p>"), "broken"),
        (make_docx(""), "empty"),
        (b"\xd0\xcf\x11\xe0 and so on", "password"),
        (b"PK\x01\x02" * 10_001, "more than 10000 files"),
        (make_docx("<w:p>" * 600 + "</w:p>" * 600), "nested deeper"),
        (make_docx(paragraph("&a;"), head="<!DOCTYPE a [<!ENTITY a 'b'>]>"), "document type"),
        (make_docx(paragraph("x" * 200_000)), "unpacks to more than 0.1 MB"),
        (make_docx(paragraph("x")).replace(b"word/document", b"word/dokument"), "no Word document"),
    ],
)
def test_a_docx_that_cannot_be_read_says_why(
    read: Reader, monkeypatch: pytest.MonkeyPatch, raw: bytes, reason: str
) -> None:
    monkeypatch.setattr(docx, "MAX_UNPACKED_BYTES", 100_000)
    with pytest.raises(InputError, match=reason):
        read("a.docx", raw)


# ---- e-mail


def make_mail(plain: str = "", page: str = "") -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "Züricher Rat: the wall"
    message["Date"] = "Tue, 04 Mar 2025 23:30:00 -0500"
    message["From"] = "desk@echo.example"
    if plain:
        message.set_content(plain, charset="iso-8859-1", cte="quoted-printable")
    if page and plain:
        message.add_alternative(page, subtype="html")
    elif page:
        message.set_content(page, subtype="html")
    return message


def test_an_email_gives_its_plain_text_subject_and_date(read: Reader) -> None:
    message = make_mail("The council of Zürich voted.\n", "<p>Not this</p>")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="a.pdf")
    article = read("a.eml", message.as_bytes())
    assert article.text == "The council of Zürich voted."
    assert (article.title, article.date) == ("Züricher Rat: the wall", "2025-03-04")


def test_latin_1_means_windows_1252_as_in_browsers(read: Reader) -> None:
    text = "“We left,” the minister’s aide said – and went."
    head = "Subject: x\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: 8bit\n\n"
    assert read("a.eml", (head + text).encode("cp1252")).text == text
    page = f"<html><head><meta charset='ISO-8859-1'></head><body>{f'<p>{text} It was the third time this week.</p>' * 4}</body></html>"
    assert text in read("a.html", page.encode("cp1252")).text


def test_an_email_of_html_is_read_as_a_page(read: Reader) -> None:
    body = "".join(f"<p>Paragraph {n} tells how the council of Aldersley voted on the wall.</p>" for n in "ABC")
    article = read("a.eml", make_mail(page=f"<html><body>{body}</body></html>").as_bytes())
    assert "Paragraph B tells" in article.text
    assert article.title == "Züricher Rat: the wall"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"Just a text.\n", "no headers"),
        (bytes(range(256)) * 4, "no headers"),
        (b"Subject: x\nContent-Type: image/png\n\nx", "no text in this e-mail"),
        (b"Subject: x\n\n\x00\x01", "binary"),
        (make_mail(page="<html></html>").as_bytes(), "no article"),
        (b"Content-Type: text/plain" + b"; a=b" * 100_000 + b"\n\nHe left.", "a header Content-Type of 500,0"),
        (b"Subject: " + b"a b " * 100_000 + b"\n\nHe left.", "a header Subject of 400,0"),
    ],
)
def test_an_email_that_cannot_be_read_says_why(read: Reader, raw: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read("a.eml", raw)


def test_odd_headers_do_not_stop_an_email(read: Reader) -> None:
    article = read(
        "a.eml", b"Subject: =?utf-8?b?broken\nDate: soon\nContent-Type: text/plain; charset=punycode\n\nHe left."
    )
    assert (article.text, article.date) == ("He left.", "")


# ---- saved web pages

STORY = "".join(
    f"<p>Paragraph {n} tells how the council of Aldersley voted on the flood wall after two officials spoke.</p>"
    for n in "ABCDE"
)
OPEN_GRAPH = f"""<html><head><title>Wall vote | The Aldersley Echo</title>
<meta property="og:title" content="Council votes for the wall"><meta property="og:site_name" content="The Aldersley Echo">
<meta property="article:published_time" content="2025-03-04T18:30:00+01:00">
<meta property="article:modified_time" content="2025-06-01T08:00:00+01:00">
<link rel="canonical" href="https://echo.example/wall"></head>
<body><nav>Home News Sport</nav><article><h1>Council votes for the wall</h1>{STORY}</article></body></html>"""
JSON_LD = f"""<html><head><title>Wall</title><script type="application/ld+json">{{"@context": "https://schema.org",
"@type": "NewsArticle", "headline": "Council votes for the wall", "datePublished": "2025-03-04T18:30:00Z",
"publisher": {{"@type": "Organization", "name": "Harbour Gazette"}}}}</script></head>
<body><article><h1>Council votes for the wall</h1>{STORY}</article></body></html>"""
SAVED = f"""<!DOCTYPE html>
<!-- saved from url=(0036)https://www.northernpost.example/n/17 -->
<html><head><meta charset="windows-1251"><title>Голос</title></head>
<body><main><h1>Голос</h1>{STORY}<p>Так сказали двое чиновников из Алдерсли, которые просили не называть имён.</p></main>
<footer>Copyright 2019 Northern Post</footer></body></html>"""


@pytest.mark.parametrize(
    ("page", "charset", "expected"),
    [
        (OPEN_GRAPH, "utf-8", ("Council votes for the wall", "The Aldersley Echo", "2025-03-04", "https://echo.example/wall")),
        (JSON_LD, "utf-8", ("Council votes for the wall", "Harbour Gazette", "2025-03-04", "")),
        (SAVED, "windows-1251", ("Голос", "northernpost.example", "", "https://www.northernpost.example/n/17")),
    ],
)  # fmt: skip
def test_a_saved_page_tells_title_outlet_date_and_address(
    read: Reader, page: str, charset: str, expected: tuple[str, ...]
) -> None:
    article = read("a.html", page.encode(charset))
    assert (article.title, article.outlet, article.date, article.url) == expected
    assert "Paragraph C tells" in article.text


# ---- all together


def test_a_folder_of_documents_goes_on_after_broken_ones(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(b"broken")
    (tmp_path / "b.docx").write_bytes(make_docx(paragraph("He left.")))
    (tmp_path / "~$b.docx").write_bytes(b"Word's note that the file is open")
    (tmp_path / "c.eml").write_bytes(make_mail("She stayed.").as_bytes())
    rejects: list[Any] = []
    assert [a.text for a in read_articles([str(tmp_path)], on_reject=rejects.append)] == ["He left.", "She stayed."]
    assert len(rejects) == 1


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        (" The \n wall ", "The wall"),
        ("Untitled 3", ""), ("report_final.docx", ""), ("Microsoft Word - a b.doc", ""), (None, ""), ("x" * 301, ""),
        ("Document shows talks failed", "Document shows talks failed"), ("U.N. vote", "U.N. vote"),
    ],
)  # fmt: skip
def test_titles_worth_showing(title: str | None, expected: str) -> None:
    assert clean_title(title) == expected
