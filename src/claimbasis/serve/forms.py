"""What the page's form brings: a pasted text, or one file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import PurePath

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from claimbasis.serve.apart import parse_apart
from claimbasis.serve.files import KINDS, check_article
from claimbasis.serve.limits import Limits
from claimbasis.serve.refusals import Refusal, refuse_body
from claimbasis.serve.worker import CheckTime
from claimbasis.types import Article

FIELDS = ("title", "text", "file")
_MULTIPART, _URLENCODED = "multipart/form-data", "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class FormContent:
    """What a form brought; `parse_form` wants a text or a file that is not empty, never both."""

    title: str = ""
    text: str = ""
    file_name: str = ""
    file: bytes = b""

    @property
    def n_bytes(self) -> int:
        """How much is to be read, about: the pictures of a document count, although nobody reads them."""
        return len(self.text) + len(self.file)


async def read_form(request: Request, limits: Limits) -> FormContent:
    """The content of a multipart or urlencoded form.

    Raises:
        Refusal: It is no such form.
    """
    if _check_type(request) == _URLENCODED:
        _check_pairs(await request.body(), limits)
    try:
        async with request.form(max_files=1, max_fields=len(FIELDS), max_part_size=limits.max_form_bytes) as form:
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


def _check_type(request: Request) -> str:
    found = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if found not in (_MULTIPART, _URLENCODED):
        raise Refusal(
            415,
            "the body is no form",
            found=found[:100] or "no content type",
            allowed=f"{_MULTIPART} or {_URLENCODED}",
            way_out="use the page of this server, or POST /v1/label for JSON",
        )
    return found


def _check_pairs(body: bytes, limits: Limits) -> None:
    """Refuses what would keep the server busy before it is seen to be no form: a urlencoded one brings text alone, in few fields."""
    if len(body) > limits.max_body_bytes:
        raise refuse_body(f"{len(body):,} bytes", limits.max_body_bytes)
    if (n_pairs := body.count(b"&") + 1) > len(FIELDS):
        raise Refusal(
            422,
            "the form holds too many fields",
            found=f"{n_pairs:,} fields",
            allowed=f"{', '.join(FIELDS)}, each once",
            way_out="use the page of this server",
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
            allowed=f"one text, or one file: {KINDS}",
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


def parse_form(content: FormContent, limits: Limits, check_time: CheckTime) -> list[Article]:
    """The articles in a form's one text or one file; takes a while for documents.

    Raises:
        Refusal: There is no text or file, or both; an article cannot be read, or is beyond a limit.
        TimeoutError: The time limit is reached.
    """
    _check_content(content, limits)
    if content.file:
        return parse_apart(content.file_name, content.file, limits, check_time)
    article = Article(text=content.text, title=content.title)
    check_article(article, limits)
    return [article]
