"""Annotated articles and the JSONL files that hold them."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from claimbasis.codebook import Codebook, shipped_codebook
from claimbasis.errors import CorpusError
from claimbasis.text.statements import split_statements
from claimbasis.types import ROLES, Article, Statement

# "He added" and continued quotations point back a few sentences, hardly ever more.
N_CONTEXT_STATEMENTS = 6
# Key of a row that is a piece of an article, such as one statement with those around it: holds the id of the whole article.
PART_OF = "part_of"
_TEXTS = ("text", "id", "title", "outlet", "date", "url")


@dataclass(frozen=True, slots=True)
class AnnotatedStatement:
    """A statement and the codes of the grounds it rests on."""

    statement: Statement
    codes: str  # primary first, for example "CO"
    readings: tuple[str, ...] = ()  # what each annotator wrote, before disagreements were settled
    extra: dict[str, Any] = field(default_factory=dict)  # spans, tags and whatever else the row holds


@dataclass(frozen=True, slots=True)
class AnnotatedArticle:
    """An article whose consecutive statements, or those of one passage of it, carry codes."""

    article: Article
    statements: tuple[AnnotatedStatement, ...]
    extra: dict[str, Any] = field(default_factory=dict)  # domain, style, links and whatever else the row holds

    @property
    def whole_id(self) -> str:
        """The id of the article that this one is a piece of; its own where it is whole."""
        return str(self.extra.get(PART_OF) or self.article.id)

    def context(self) -> list[Statement]:
        """Statements in front of an annotated passage, which its first ones lean on; none where the text begins with it."""
        return split_statements(self.article.text, end=self.statements[0].statement.start)[-N_CONTEXT_STATEMENTS:]


def read_corpus(paths: Iterable[str | Path], *, codebook: Codebook | None = None) -> list[AnnotatedArticle]:
    """All annotated articles of some JSONL files (also .gz), checked.

    Args:
        paths: Files with one JSON object an article: `id`, `text`, `statements` (each `start`, `end` in characters,
            end exclusive, and `codes`), and at will `title`, `outlet`, `date`, `url` and more.
        codebook: Whose codes are allowed; the shipped one when None.

    Raises:
        CorpusError: A file is missing or breaks the format; offsets do not fit the text; a code is unknown; an article
            occurs twice.
    """
    codebook = codebook or shipped_codebook()
    articles = [article for path in paths for article in read_file(Path(path), codebook)]
    if not articles:
        raise CorpusError(
            f"no annotated article in {', '.join(map(str, paths)) or 'no file'}; name files that hold some"
        )
    require_distinct(articles)
    return articles


def read_file(path: Path, codebook: Codebook) -> list[AnnotatedArticle]:
    """The articles of one file, each checked, but not whether one occurs twice; see `read_corpus`."""
    return [_parse(line, place, codebook) for place, line in _read_lines(path)]


def _read_lines(path: Path) -> Iterator[tuple[str, str]]:
    """Places ("file:line") and lines that are not blank."""
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        lines = raw.decode("utf-8").split("\n")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise CorpusError(f"{path}: cannot be read ({error}); annotated articles are JSONL files in UTF-8") from error
    yield from ((f"{path}:{number}", line) for number, line in enumerate(lines, 1) if line.strip())


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The JSON objects of a JSONL file (also .gz), unchecked.

    Raises:
        CorpusError: The file cannot be read, or a line is no JSON object.
    """
    yield from (row for _, row in read_placed_rows(path))


def read_placed_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """As `read_rows`, each with its place ("file:line")."""
    for place, line in _read_lines(path):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise CorpusError(f"{place}: no JSON ({error}); write one object a line") from error
        if not isinstance(row, dict):
            raise CorpusError(f"{place}: no JSON object; write one object a line")
        yield place, row


def _parse(line: str, place: str, codebook: Codebook) -> AnnotatedArticle:
    try:
        row: dict[str, Any] = json.loads(line)
        article = Article(**{name: _parse_text(name, row.pop(name, "")) for name in _TEXTS})
        rows = row.pop("statements")
        statements = tuple(_parse_statement(index, item, article.text, codebook) for index, item in enumerate(rows))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorpusError(f"{place}: no annotated article ({error!r}); needed are id, text and statements") from error
    except CorpusError as error:
        raise CorpusError(f"{place}: {error}") from error
    _check_article(article, statements, place)
    return AnnotatedArticle(article, statements, row)


def _parse_text(name: str, value: Any) -> str:  # noqa: ANN401  # whatever the file holds
    """A text of an article; a number, such as a year for a date, is taken for one."""
    if isinstance(value, bool | list | dict):
        raise CorpusError(f"{name} is {str(value)[:40]!r}; write text")
    return "" if value is None else str(value)


def _parse_statement(index: int, row: dict[str, Any], text: str, codebook: Codebook) -> AnnotatedStatement:
    start, end, codes = row.pop("start"), row.pop("end"), row.pop("codes")
    if not isinstance(codes, str):
        raise CorpusError(f"statement {index}: codes are {codes!r}; write their letters as one text")
    codebook.targets(codes)
    _check_offsets(f"statement {index}", start, end, text)
    for span in row.get("spans") or ():
        if span["role"] not in ROLES:
            raise CorpusError(f"statement {index}: role {span['role']!r} is none of {', '.join(ROLES)}")
        _check_offsets(f"statement {index}, {span['role']}", span["start"], span["end"], text)
    readings = tuple(row.pop("annotators", ()))
    return AnnotatedStatement(Statement(index, start, end, text[start:end]), codes, readings, row)


def _check_offsets(what: str, start: int, end: int, text: str) -> None:
    if not 0 <= start < end <= len(text):
        raise CorpusError(f"{what}: offsets {start} to {end} do not fit a text of {len(text)} characters")


def _check_article(article: Article, statements: tuple[AnnotatedStatement, ...], place: str) -> None:
    if not article.id or not statements:
        raise CorpusError(f"{place}: an annotated article needs an id and at least one statement")
    for s in statements:
        if s.extra.get("source_in", 0) not in range(len(statements)):
            raise CorpusError(
                f"{place}: statement {s.statement.index} has its source in {s.extra['source_in']!r}; write the number of a "
                f"statement, from 0 to {len(statements) - 1}"
            )
    for before, after in itertools.pairwise(statements):
        if after.statement.start < before.statement.end:
            raise CorpusError(
                f"{place}: statement {after.statement.index} begins at {after.statement.start}, before the one in front "
                f"of it ends ({before.statement.end}); write statements in reading order, without overlap"
            )


def require_distinct(articles: Iterable[AnnotatedArticle]) -> None:
    """Sees that no article occurs twice, by id or by text.

    Raises:
        CorpusError: One does; both ids are named.
    """
    seen: dict[str, str] = {}
    for item in articles:
        for key in (f"id {item.article.id}", f"text {text_hash(item.article.text)}"):
            if key in seen:
                raise CorpusError(f"article {item.article.id!r} occurs twice (also as {seen[key]!r}); keep one of them")
            seen[key] = item.article.id


def require_separate(train: Iterable[AnnotatedArticle], dev: Iterable[AnnotatedArticle]) -> None:
    """Sees that no article stands on both sides of a split, nor pieces of one.

    Raises:
        CorpusError: One does.
    """
    train, dev = list(train), list(dev)
    try:
        require_distinct([*train, *dev])
    except CorpusError as error:
        raise CorpusError(f"train and dev overlap: {error}") from error
    if both := {item.whole_id for item in train} & {item.whole_id for item in dev}:
        raise CorpusError(
            f"train and dev overlap: pieces of article {min(both)!r} stand in both; keep them on one side"
        )


def text_hash(text: str) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def marks_hash(articles: Iterable[AnnotatedArticle]) -> str:
    """A fingerprint of the spans marked in articles, whatever their order; `data_hash` knows nothing of them."""
    rows = sorted(
        json.dumps([a.article.id, [s.extra.get("spans") for s in a.statements]], sort_keys=True) for a in articles
    )
    return text_hash("\n".join(rows))


def data_hash(articles: Iterable[AnnotatedArticle]) -> str:
    """A fingerprint of texts, offsets and codes that does not depend on the order of the articles."""
    rows = sorted(
        json.dumps(
            [
                a.article.id,
                text_hash(a.article.text),
                [(s.statement.start, s.statement.end, s.codes) for s in a.statements],
            ]
        )
        for a in articles
    )
    return text_hash("\n".join(rows))
