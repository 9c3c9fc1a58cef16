"""The page with the form."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import jinja2
from markupsafe import Markup

from claimbasis.codebook import Codebook
from claimbasis.report.page import hash_inline
from claimbasis.serve.files import KINDS
from claimbasis.serve.limits import Limits
from claimbasis.serve.refusals import Refusal
from claimbasis.text.articles import FILE_ENDINGS


@dataclass(frozen=True, slots=True)
class Home:
    """What the page shows besides the form."""

    refusal: Refusal | None = None
    limits: Limits | None = None
    model_id: str = ""
    codebook: Codebook | None = None
    title: str = ""  # what the form held before it was refused
    text: str = ""

    def render(self) -> str:
        """The page, in one file that needs no other."""
        context = {
            "home": self,
            "endings": (*FILE_ENDINGS, ".gz"),
            "kinds": KINDS,
            "style": _read("home.css"),
            "script": _read("home.js"),
        }
        return _environment().get_template("home.html.j2").render(context)


@cache
def content_security_policy() -> str:
    """What a browser may do with the page: show it, run its own script, and send its form to this server."""
    style, script = hash_inline(_read("home.css")), hash_inline(_read("home.js"))
    return (
        f"default-src 'none'; style-src '{style}'; script-src '{script}'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


@cache
def _environment() -> jinja2.Environment:
    """Escapes all that is filled in; a misspelt name is an error."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("claimbasis.serve"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _read(name: str) -> Markup:
    """A style or script of ours."""
    return Markup((files("claimbasis.serve") / "templates" / name).read_text(encoding="utf-8"))  # noqa: S704  # trusted
