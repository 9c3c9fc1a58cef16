"""Articles from the page's form: a pasted text, or one file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import PurePath

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from claimbasis.errors import InputError
from claimbasis.serve.limits import Limits
from claimbasis.serve.refusals import Refusal
from claimbasis.text.articles import parse_bytes
from claimbasis.types import Article

FIELDS = ("title", "text", "file")
_ENDINGS = (".txt", ".text", ".md", ".markdown", ".html", ".htm", ".xhtml", ".jsonl", ".ndjson")
_KINDS = "text (.txt, .md), HTML (.html) or JSONL (.jsonl) in UTF-8"


@dataclass(frozen=True, slots=True)
class FormContent:
    """What a form brought; `parse_form` wants a text or a file that is not empty, never both."""

    title: str = ""
    text: str = ""
    file_name: str = ""
    file: bytes = b""


async def read_form(request: Request, limits: Limits) -> FormContent:
    """The content of a multipart or urlencoded form.

    Raises:
        Refusal: It is no such form.
    """
    _check_type(request)
    try:
        async with request.form(max_files=1, max_fields=len(FIELDS), max_part_size=limits.max_body_bytes) as form:
            _check_fields([name for name, _ in form.multi_items()])
            return await _read_content(form)
    except HTTPException as error:
        raise Refusal(
            400,
            "the form cannot be read",
            found=error.detail,
            allowed=f"the fields {', '.join(FIELDS)}, each once",
            way_out="send the form again from the page of this server",
        ) from error


async def _read_content(form: FormData) -> FormContent:
    file = form.get("file")
    upload = file if isinstance(file, UploadFile) else None
    return FormContent(
        title=_read_field(form.get("title")),
        text=_read_field(form.get("text")),
        file_name=PurePath(upload.filename or "").name if upload else "",
        file=await upload.read() if upload else _read_field(file).encode("utf-8", errors="replace"),
    )


def _check_type(request: Request) -> None:
    found = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if found not in ("multipart/form-data", "application/x-www-form-urlencoded"):
        raise Refusal(
            415,
            "the body is no form",
            found=found[:100] or "no content type",
            allowed="multipart/form-data or application/x-www-form-urlencoded",
            way_out="use the page of this server, or POST /v1/label for JSON",
        )


def _check_fields(names: list[str]) -> None:
    wrong = [name for name, n in Counter(names).items() if name not in FIELDS or n > 1]
    if wrong:
        raise Refusal(
            422,
            "the form holds a field that is unknown or repeated",
            found=wrong[0][:100],
            allowed=f"{', '.join(FIELDS)}, each once",
            way_out="use the page of this server",
        )


def _read_field(value: UploadFile | str | None) -> str:
    """A field's text with the line ends that it had before the browser sent it."""
    return value.replace("\r\n", "\n") if isinstance(value, str) else ""


def _check_content(content: FormContent, limits: Limits) -> None:
    """Refuses what does not hold exactly one text or file, or has names too long."""
    texts = (bool(content.text.strip()), bool(content.file))
    if sum(texts) != 1:
        raise Refusal(
            422,
            "choose either a text or a file",
            found="both" if all(texts) else "neither, or an empty file",
            allowed=f"one text, or one file: {_KINDS}",
            way_out="empty the text field, or take the file out of the form" if all(texts) else "paste a text",
        )
    most = limits.max_field_chars
    if max(len(content.title), len(content.file_name)) > most:
        raise Refusal(
            422,
            "the title or the file's name is too long",
            found=f"{max(len(content.title), len(content.file_name)):,} characters",
            allowed=f"at most {most:,} characters",
            way_out="shorten it",
        )


def parse_form(content: FormContent, limits: Limits) -> list[Article]:
    """The articles in a form's one text or one file; takes a while for HTML.

    Raises:
        Refusal: There is no text or file, or both; an article cannot be read, or is beyond a limit.
    """
    _check_content(content, limits)
    articles = _parse_file(content, limits) if content.file else [Article(text=content.text, title=content.title)]
    for article in articles:
        _check_article(article, limits)
    return articles


def _parse_file(content: FormContent, limits: Limits) -> list[Article]:
    problems: list[InputError] = []
    articles = []
    try:
        _check_kind(content)
        for article in parse_bytes(content.file_name, content.file, problems.append):
            articles.append(article)
            if len(articles) > limits.max_articles:
                raise _refuse_number(limits)
    except InputError as error:
        problems.append(error)
    if problems or not articles:
        raise Refusal(
            422,
            "the file cannot be read" if not articles else f"of the file's articles {len(problems)} cannot be read",
            found=str(problems[0]) if problems else "no articles",
            allowed=_KINDS,
            way_out="correct the file, or paste the text",
        )
    return articles


def _check_kind(content: FormContent) -> None:
    """Refuses other kinds of files, packed ones among them: their parsers are not for what strangers send."""
    raw = content.file
    ending = PurePath(content.file_name).suffix.lower()
    if ending and ending not in _ENDINGS:
        raise InputError(f"{content.file_name}: a file that ends in {ending}; save it as text")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{content.file_name}: byte {error.start:,} is not UTF-8; save the file as UTF-8") from error


def _refuse_number(limits: Limits) -> Refusal:
    return Refusal(
        422,
        "too many articles",
        found=f"more than {limits.max_articles}",
        allowed=f"at most {limits.max_articles} articles in a file",
        way_out="split the file, or use `claimbasis report` for an archive",
    )


def _check_article(article: Article, limits: Limits) -> None:
    found = len(article.text)
    if found > limits.max_article_chars:
        raise Refusal(
            422,
            "the text is too long",
            found=f"{found:,} characters",
            allowed=f"at most {limits.max_article_chars:,} characters an article",
            way_out="split the text, or start the server with a larger --max-chars",
        )
    if "\x00" in article.text:
        raise Refusal(
            422,
            "the text holds null bytes",
            found=f"{article.text.count(chr(0)):,} null bytes",
            allowed="text",
            way_out="take them out; a file with null bytes is usually no text",
        )
