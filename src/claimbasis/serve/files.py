"""Articles from the file of a form, within the limits."""

from __future__ import annotations

from claimbasis.errors import InputError
from claimbasis.serve.limits import Limits
from claimbasis.serve.refusals import Refusal
from claimbasis.text.articles import parse_bytes
from claimbasis.types import Article

KINDS = "text, Markdown, HTML, PDF with a text layer, Word (.docx), mail (.eml), JSONL; each also packed as .gz"


def parse_file(name: str, raw: bytes, limits: Limits) -> list[Article]:
    """The articles in a file.

    Raises:
        Refusal: One of them cannot be read, or is beyond a limit.
    """
    problems: list[InputError] = []
    articles: list[Article] = []
    try:
        for article in parse_bytes(name, raw, problems.append):
            check_article(article, limits)
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
            allowed=KINDS,
            way_out="correct the file, or paste the text",
        )
    return articles


def _refuse_number(limits: Limits) -> Refusal:
    return Refusal(
        422,
        "too many articles",
        found=f"more than {limits.max_articles}",
        allowed=f"at most {limits.max_articles} articles in a file",
        way_out="split the file, or use `claimbasis report` for an archive",
    )


def check_article(article: Article, limits: Limits) -> None:
    """Refuses a text that is too long or no text."""
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
