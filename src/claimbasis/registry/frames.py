"""Data frames of articles, or of statements, on their way through a model: what the registered model does."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import pandas

from claimbasis.errors import InputError
from claimbasis.inference.classifier import Classifier
from claimbasis.text.articles import check_article
from claimbasis.types import ROLES, Article, Statement

Unit = Literal["article", "statement"]
TEXT_COLUMN, ID_COLUMN = "text", "id"
_SPAN_PARTS = {"": "object", "_start": "Int64", "_end": "Int64"}
_NO_STATEMENTS = "no statements; it holds only menus, captions without words or the like"


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one row of the frame."""

    article_id: str
    rows: tuple[dict[str, Any], ...] = ()  # one a statement, as `ArticlePrediction.to_rows` gives them
    error: str | None = None  # why there are none


def predict_frame(
    classifier: Classifier,
    frame: Any,  # noqa: ANN401  # a pandas.DataFrame
    *,
    unit: str = "article",
    min_score: float = 0.0,
    nested: bool = False,
) -> Any:  # noqa: ANN401  # a pandas.DataFrame
    """Labels a frame. A row that cannot be read stops nothing: it comes back with the reason under `error`.

    Args:
        classifier: The model.
        frame: Has a column `text` and at will `id`; without an id, the row's number is the article's.
        unit: What a row's text is: an "article", or a "statement", where consecutive rows with one id are read together.
        min_score: Only statements where the score of a label is at least this, in [0, 1].
        nested: Whether to give one row for each row of the frame, as Spark needs it, with its rows in a list.

    Returns:
        A row a statement, and one a row that cannot be read: `row` (its number in the frame), the columns of
        `ArticlePrediction.to_frame`, and `error`. With `nested`, the same rows as a list of dicts under `rows`.

    Raises:
        InputError: A parameter has a value that is not allowed.
    """
    if unit not in get_args(Unit):
        raise InputError(f"unit {unit!r}: a row is one of {', '.join(get_args(Unit))}")
    if not 0 <= min_score <= 1:
        raise InputError(f"min_score {min_score}: scores lie between 0 and 1")
    texts = list(frame[TEXT_COLUMN])
    ids = [
        _name(value, number)
        for number, value in enumerate(frame[ID_COLUMN] if ID_COLUMN in frame else [None] * len(texts))
    ]
    label = _label_articles if unit == "article" else _label_statements
    results = [_select(result, min_score) for result in label(classifier, ids, texts)]
    columns = column_types(classifier.settings.labels)
    found = [_list_rows(result, number, columns) for number, result in enumerate(results)]
    if nested:
        return pandas.DataFrame({"rows": pandas.Series(found, dtype=object)})
    flat = [list(row.values()) for rows in found for row in rows]
    return pandas.DataFrame(flat, columns=list(columns), dtype=object).astype(columns)


def column_types(labels: Sequence[str]) -> dict[str, str]:
    """Columns of `predict_frame`, with their pandas types; object stands for text, or a list of texts, or None.

    What can be missing is so in a way that JSON has a word for: MLflow's server would answer NaN, which is no JSON.
    """
    columns = {"row": "int64", "article_id": "object", "index": "Int64", "start": "Int64", "end": "Int64"}
    columns |= dict.fromkeys(("text", "label", "labels"), "object") | {f"score_{label}": "Float64" for label in labels}
    columns |= {f"{role}{part}": kind for role in ROLES for part, kind in _SPAN_PARTS.items()}
    return columns | {"model_id": "object", "error": "object"}


def _name(value: object, number: int) -> str:
    """An id as text; the row's number where there is none."""
    if _is_missing(value) or value == "":
        return str(number)
    # One missing id turns all numbers of a column into floats.
    return str(int(value) if isinstance(value, float) and value.is_integer() else value)


def _is_missing(value: object) -> bool:
    return value is None or value is pandas.NA or value != value


def _label_articles(classifier: Classifier, ids: Sequence[str], texts: Sequence[object]) -> Iterator[RowResult]:
    for article_id, text in zip(ids, texts, strict=True):
        try:
            rows = tuple(classifier.predict(_read_article(article_id, text)).to_rows())
        except Exception as error:  # noqa: BLE001  # one row must not cost the others theirs; it is told
            yield RowResult(article_id, error=_tell(article_id, error))
        else:
            yield RowResult(article_id, rows, None if rows else f"{article_id}: {_NO_STATEMENTS}")


def _label_statements(classifier: Classifier, ids: Sequence[str], texts: Sequence[object]) -> Iterator[RowResult]:
    for article_id, group in itertools.groupby(zip(ids, texts, strict=True), key=lambda pair: pair[0]):
        yield from _label_consecutive(classifier, article_id, [text for _, text in group])


def _label_consecutive(classifier: Classifier, article_id: str, texts: Sequence[object]) -> list[RowResult]:
    """Statements that follow one another, without those that cannot be read."""
    errors = [_find_fault(article_id, text) for text in texts]
    readable = [str(text) for text, error in zip(texts, errors, strict=True) if not error]
    try:
        rows = iter(_predict_joined(classifier, article_id, readable))
    except Exception as error:  # noqa: BLE001  # as above
        told = _tell(article_id, error)
        return [RowResult(article_id, error=fault or told) for fault in errors]
    return [RowResult(article_id, error=fault) if fault else RowResult(article_id, (next(rows),)) for fault in errors]


def _predict_joined(classifier: Classifier, article_id: str, texts: Sequence[str]) -> list[dict[str, Any]]:
    """A row a statement; offsets are those of the statements joined by blanks."""
    ends = list(itertools.accumulate((len(text) + 1 for text in texts), initial=-1))[1:]
    statements = [
        Statement(index, end - len(text), end, text) for index, (text, end) in enumerate(zip(texts, ends, strict=True))
    ]
    return classifier.predict_statements(Article(" ".join(texts), id=article_id), statements).to_rows()


def _read_article(article_id: str, text: object) -> Article:
    if not isinstance(text, str):
        found = "nothing" if _is_missing(text) else type(text).__name__
        raise InputError(f"{article_id}: {found} under '{TEXT_COLUMN}'; each row needs a text there")
    return check_article(Article(text, id=article_id), article_id)


def _find_fault(article_id: str, text: object) -> str | None:
    try:
        _read_article(article_id, text)
    except InputError as error:
        return str(error)
    return None


def _tell(article_id: str, error: Exception) -> str:
    known = isinstance(error, InputError)
    return str(error) if known else f"{article_id}: cannot be labelled ({type(error).__name__}: {error})"


def _select(result: RowResult, min_score: float) -> RowResult:
    return replace(result, rows=tuple(row for row in result.rows if max(row["scores"].values()) >= min_score))


def _list_rows(result: RowResult, number: int, columns: Iterable[str]) -> list[dict[str, Any]]:
    """The rows with all columns, in order; one that tells the error where there is one."""
    rows = [{"article_id": result.article_id, "error": result.error}] if result.error else map(_flatten, result.rows)
    return [dict.fromkeys(columns) | {"row": number} | row for row in rows]


def _flatten(row: dict[str, Any]) -> dict[str, Any]:
    """The same with a column a score."""
    scores = {f"score_{label}": score for label, score in row["scores"].items()}
    return {name: value for name, value in row.items() if name != "scores"} | scores
