"""What the OpenAPI description says beyond what the routes' types tell."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from claimbasis.serve.files import KINDS
from claimbasis.serve.limits import Limits
from claimbasis.serve.wire import SOMETHING, ErrorAnswer, LabelRequests

_SCHEMAS = "#/components/schemas/{model}"
_MEANINGS = {
    400: "The body cannot be parsed.",
    408: "The body did not arrive in time.",
    413: "The body is too large.",
    415: "The body is of another type.",
    422: "A field, an article or a number of things is beyond what is allowed.",
    500: "The server failed.",
    503: "The queue is full, the time limit is reached, or the server is stopping; Retry-After says when to come again.",
}
_BLANK = r"^\s*$"
_RETRY_AFTER = {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}


def describe_json_errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Error answers in JSON, for a route's `responses`."""
    return {status: {"model": ErrorAnswer, **_describe(status)} for status in statuses}


def describe_html_errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Error answers as a page with the form and the reason, for a route's `responses`."""
    return {
        status: {"content": {"text/html": {"schema": {"type": "string"}}}, **_describe(status)} for status in statuses
    }


def _describe(status: int) -> dict[str, Any]:
    return {"description": _MEANINGS[status]} | ({"headers": _RETRY_AFTER} if status == 503 else {})


def describe_request(requests: LabelRequests) -> dict[str, Any]:
    """The body of `POST /v1/label`, without the definitions that it refers to."""
    schema = requests.describe(_SCHEMAS)
    schema.pop("$defs", None)
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def describe_form(limits: Limits) -> dict[str, Any]:
    """The body of `POST /report`: a text, or a file; browsers send the other one too, empty."""
    text = {
        "type": "string", "pattern": SOMETHING, "maxLength": limits.max_article_chars,
        "description": "not only blanks, no null bytes",
    }  # fmt: skip
    file = {
        "type": "string", "format": "binary", "minLength": 1,
        "description": f"{KINDS}; at most {limits.max_file_bytes:,} bytes",
    }  # fmt: skip
    title = {"type": "string", "maxLength": limits.max_field_chars}
    no_text = {"type": "string", "pattern": _BLANK, "description": "nothing but blanks, beside a file"}
    no_file = {"type": "string", "maxLength": 0, "description": "empty, beside a text"}
    pasted = _describe_fields(text=text, file=no_file, title=title, required="text")
    uploaded = _describe_fields(file=file, text=no_text, title=title, required="file")
    content = {
        "multipart/form-data": {"schema": {"oneOf": [pasted, uploaded]}},
        "application/x-www-form-urlencoded": {"schema": _describe_fields(text=text, title=title, required="text")},
    }
    return {"requestBody": {"required": True, "content": content}}


def _describe_fields(*, required: str, **fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": [required], "additionalProperties": False}


def fill_description(app: FastAPI, requests: LabelRequests) -> None:
    """Adds the definitions that `describe_request` refers to."""
    description = app.openapi()  # the application keeps it
    description["components"]["schemas"] |= requests.describe(_SCHEMAS).get("$defs", {})
