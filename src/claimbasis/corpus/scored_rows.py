"""Statements with the scores that a model gave them, as `claimbasis label` and `claimbasis archive` write them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from claimbasis.corpus.annotated import read_placed_rows
from claimbasis.errors import CorpusError

_SCORE = "score_"  # begins the columns of an archive that hold scores
_PLACE = ("article_id", "index", "text", "model_id")


@dataclass(frozen=True, slots=True)
class ScoredStatement:
    """One row: a statement and its scores."""

    article_id: str
    index: int  # among the article's statements, from 0
    text: str
    scores: dict[str, float]  # label -> probability in [0, 1]
    model_id: str


def read_scored_articles(paths: Iterable[str | Path]) -> Iterator[list[ScoredStatement]]:
    """The rows of one article after the other; of Parquet never more than one article and a batch in memory.

    Args:
        paths: JSONL (also .gz) of `claimbasis label`, Parquet, or folders that `claimbasis archive` wrote.

    Raises:
        CorpusError: A path leads nowhere, or a row has no scores.
        ModuleNotFoundError: pyarrow is missing, and a file is Parquet.
    """
    for file in (file for path in paths for file in _files(Path(path))):
        read = _read_parquet if file.suffix == ".parquet" else _read_jsonl
        for _, rows in groupby(read(file), key=lambda row: row.article_id):
            yield list(rows)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    folder = path / "statements" if (path / "statements").is_dir() else path
    if found := sorted(folder.rglob("*.parquet")):
        return found
    raise CorpusError(f"{path}: no Parquet in this folder; name one that claimbasis archive wrote, or JSONL files")


def _read_jsonl(path: Path) -> Iterator[ScoredStatement]:
    for place, row in read_placed_rows(path):
        yield _parse(row, row.get("scores"), place)


def _read_parquet(path: Path) -> Iterator[ScoredStatement]:
    import pyarrow.parquet  # noqa: PLC0415  # an extra's, for those whose rows are Parquet

    try:
        file = pyarrow.parquet.ParquetFile(path)
        labels = [name.removeprefix(_SCORE) for name in file.schema_arrow.names if name.startswith(_SCORE)]
        columns = [*_PLACE, *(_SCORE + label for label in labels)]
        for batch in file.iter_batches(columns=[name for name in columns if name in file.schema_arrow.names]):
            for row in batch.to_pylist():
                yield _parse(row, {label: row[_SCORE + label] for label in labels}, str(path))
    except (OSError, pyarrow.ArrowException) as error:
        raise CorpusError(f"{path}: cannot be read ({error}); write it again with claimbasis archive") from error


def _parse(row: dict[str, Any], scores: Any, place: str) -> ScoredStatement:  # noqa: ANN401  # whatever the file holds
    try:
        if not scores:
            raise KeyError("scores")
        known = {str(label): float(score) for label, score in scores.items()}
        return ScoredStatement(str(row["article_id"]), int(row["index"]), str(row["text"]), known, str(row["model_id"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CorpusError(
            f"{place}: no statement with scores ({error!r}); needed are article_id, index, text, scores and model_id, as "
            "claimbasis label --format jsonl and claimbasis archive write them"
        ) from error
