"""Answers that are not JSON models: refusals, and the pages with their Content-Security-Policy."""

from __future__ import annotations

from starlette.responses import HTMLResponse, JSONResponse, Response

from claimbasis.serve.home import Home, content_security_policy
from claimbasis.serve.refusals import Refusal

REPORT_PATH = "/report"
# The page itself names its styles and its script by their hashes; the header adds what only a header can.
_REPORT_POLICY = "frame-ancestors 'none'; form-action 'none'; base-uri 'none'"


def answer_refusal(refusal: Refusal, path: str) -> Response:
    """JSON, but for the form's address, where a browser waits: there the page, with the reason on top."""
    if path == REPORT_PATH:
        return answer_home(Home(refusal=refusal), refusal.status, refusal.headers)
    return JSONResponse(refusal.to_dict(), refusal.status, refusal.headers)


def answer_home(home: Home, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """The page with the form."""
    policy = {"Content-Security-Policy": content_security_policy()}
    return HTMLResponse(home.render(), status, policy | (headers or {}))


def answer_report(page: str) -> Response:
    """The page that `claimbasis report` makes."""
    return HTMLResponse(page, headers={"Content-Security-Policy": _REPORT_POLICY})
