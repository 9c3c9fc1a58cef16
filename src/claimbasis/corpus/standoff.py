"""Labels without the texts they belong to: each span by its offsets and a fingerprint of its characters.

News texts belong to their publishers, labels do not. A stand-off row is a row of annotated JSONL without `text` and
`title`; every object in it that has `start` and `end` also has `hash`, by which it is found again in somebody's own
copy of the article, even where passages in front of it were cut or added.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from claimbasis.errors import CorpusError

Row = dict[str, Any]
_WORDS_OF_THE_ARTICLE = ("text", "title")
# How far a span may have moved against the one before it: copies differ by a caption, a link or a byline.
MAX_SHIFT_CHARS = 2_000
_NUMBER = "#"  # of a statement in its row, while it is looked for


@dataclass(slots=True)
class JoinReport:
    """What became of stand-off labels when they met the texts."""

    n_articles: int = 0  # joined, at least in part
    n_spans: int = 0  # found
    n_moved: int = 0  # found, but at other offsets than the labels name
    missing: list[str] = field(default_factory=list)  # ids of articles whose text was not given
    changed: dict[str, int] = field(default_factory=dict)  # id -> spans whose characters the text no longer holds


def detach_text(row: Row) -> Row:
    """The stand-off form of an annotated article.

    Args:
        row: An object with `id`, `text` and, at any depth, objects with `start` and `end`.

    Raises:
        CorpusError: There is no text, or offsets do not fit it.
    """
    text = row.get("text")
    if not isinstance(text, str):
        raise CorpusError(f"article {row.get('id')!r} has no text; only annotated articles can be detached")
    kept = {name: value for name, value in row.items() if name not in _WORDS_OF_THE_ARTICLE}
    return dict(_hashed(kept, text, str(row.get("id"))))


def _hashed(value: Any, text: str, article_id: str) -> Any:  # noqa: ANN401  # any JSON value
    if isinstance(value, list):
        return [_hashed(item, text, article_id) for item in value]
    if not isinstance(value, dict):
        return value
    row = {name: _hashed(item, text, article_id) for name, item in value.items()}
    if _is_span(row):
        if not 0 <= row["start"] < row["end"] <= len(text):
            raise CorpusError(
                f"article {article_id!r}: offsets {row['start']} to {row['end']} do not fit its {len(text)} characters"
            )
        row["hash"] = slice_hash(text[row["start"] : row["end"]])
    return row


def _is_span(row: Row) -> bool:
    return isinstance(row.get("start"), int) and isinstance(row.get("end"), int)


def slice_hash(text: str) -> str:
    """The first 8 hexadecimal digits of the SHA-256 of some characters."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def join_texts(labels: Iterable[Row], texts: Mapping[str, Row], report: JoinReport) -> Iterator[Row]:
    """Annotated articles made of stand-off labels and one's own copy of the texts.

    Spans whose characters are no longer there are left out, and with them what they hold and what points at them; an article
    that loses all its statements or attributions is left out whole.

    Args:
        labels: Stand-off rows, each with an `id`.
        texts: id -> row with `text`, and `title` where known.
        report: Filled in as the rows come.

    Raises:
        CorpusError: A row has no id, or a span of it no fingerprint.
    """
    for row in labels:
        if not isinstance(row.get("id"), str):
            raise CorpusError(f"stand-off labels without an id: {str(row)[:80]}; each row names its article")
        own = texts.get(row["id"])
        if own is None:
            report.missing.append(row["id"])
            continue
        finder = _Finder(str(own["text"]), report)
        found = _find_statements(finder, row)
        if finder.n_lost:
            report.changed[row["id"]] = finder.n_lost
        if not finder.n_lost or any(found.get(name) for name in ("statements", "attributions")):
            report.n_articles += 1
            yield {name: own[name] for name in _WORDS_OF_THE_ARTICLE if name in own} | found


def _find_statements(finder: _Finder, row: Row) -> Row:
    """The row with the offsets that fit the text; statements that others name by number are those that are left."""
    numbered = [{_NUMBER: number, **statement} for number, statement in enumerate(row.get("statements", []))]
    found = finder.find(row | ({"statements": numbered} if numbered else {}))
    places = {statement.pop(_NUMBER): place for place, statement in enumerate(found.get("statements", []))}
    for statement in found.get("statements", []):
        if "source_in" in statement and (source := places.get(statement.pop("source_in"))) is not None:
            statement["source_in"] = source
    if "links" in found:
        ends = ("first", "second")
        found["links"] = [
            link | {end: places[link[end]] for end in ends}
            for link in found["links"]
            if all(link[end] in places for end in ends)
        ]
    return found


class _Finder:
    """Finds the spans of one article in a text, in reading order, so that a shift found once helps the next one."""

    def __init__(self, text: str, report: JoinReport) -> None:
        self._text, self._report = text, report
        self._shift = 0
        self.n_lost = 0

    def find(self, row: Row) -> Row:
        """The row with the offsets that fit this text."""
        return dict(self._visit(row))

    def _visit(self, value: Any) -> Any:  # noqa: ANN401  # any JSON value
        if isinstance(value, list):
            items = [self._visit(item) for item in value]
            return [item for item in items if item is not None]
        if not isinstance(value, dict):
            return value
        if not _is_span(value):
            return {name: self._visit(item) for name, item in value.items()}
        start = self._locate(value)
        if start is None:
            self.n_lost += 1
            return None
        self._report.n_spans += 1
        self._report.n_moved += start != value["start"]
        inner = {name: self._visit(item) for name, item in value.items() if name != "hash"}
        return inner | {"start": start, "end": start + value["end"] - value["start"]}

    def _locate(self, span: Row) -> int | None:
        labelled: int = span["start"]
        length = span["end"] - labelled
        if not isinstance(span.get("hash"), str):
            raise CorpusError(f"span {labelled} to {span['end']} has no hash; these are no stand-off labels")
        expected = labelled + self._shift
        for distance in range(MAX_SHIFT_CHARS):
            for start in {expected + distance, expected - distance}:
                inside = start >= 0 and start + length <= len(self._text)
                if inside and slice_hash(self._text[start : start + length]) == span["hash"]:
                    self._shift = start - labelled
                    return start
        return None
