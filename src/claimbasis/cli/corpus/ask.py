"""`claimbasis corpus ask`."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from claimbasis.cli.arguments import positive
from claimbasis.cli.corpus.files import write_csv
from claimbasis.cli.output import write_lines, write_rows
from claimbasis.errors import InputError

if TYPE_CHECKING:
    from claimbasis.codebook import Codebook
    from claimbasis.corpus.questions import Question

logger = logging.getLogger("claimbasis")


def add_ask(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.description = (
        "Picks the statements whose scores are nearest to a threshold of the model, with those around them, and writes a "
        "file in which people fill in `labels`; `claimbasis corpus answers` reads it. What the model said is not told."
    )
    parser.add_argument(
        "rows", nargs="+", metavar="ROWS",
        help="what claimbasis label wrote as JSONL (also .gz), or the folder or Parquet of claimbasis archive",
    )  # fmt: skip
    parser.add_argument(
        "--output", required=True, type=Path, metavar="FILE", help=".csv, .jsonl, or .json for Label Studio"
    )
    parser.add_argument("--n", type=positive, default=200, metavar="N", help="most statements (default: 200)")
    parser.add_argument("--per-article", type=positive, default=1, metavar="K", help="most of one article (default: 1)")
    parser.add_argument(
        "--format", choices=("csv", "jsonl", "label-studio"),
        help="default: as the file's name ends; label-studio writes tasks, and the project's labelling interface as .xml beside",
    )  # fmt: skip
    parser.add_argument("--model", metavar="FOLDER", help="model that labelled the rows (default: the shipped model)")
    parser.set_defaults(command=_ask, extra="quality")


def _ask(options: argparse.Namespace) -> int:
    from claimbasis.corpus.questions import choose_questions
    from claimbasis.corpus.scored_rows import read_scored_articles
    from claimbasis.inference.locations import open_folder
    from claimbasis.model import read_settings

    form = options.format or _guess_format(options.output)
    with open_folder(options.model) as folder:
        settings = read_settings(folder)
    thresholds = dict(zip(settings.labels, settings.thresholds, strict=True))
    chosen = choose_questions(
        read_scored_articles(options.rows), thresholds, n=options.n, per_article=options.per_article
    )
    if not chosen.questions:
        raise InputError(f"{', '.join(options.rows)}: no statements; label some articles first")
    _write(options.output, form, chosen.questions, settings.codebook)
    logger.info(
        "%s: %d of %d statements in %d articles", options.output, len(chosen.questions), chosen.n_statements, chosen.n_articles
    )  # fmt: skip
    if len(chosen.questions) < options.n:
        logger.info(
            "there are no more with %d an article and near-duplicates once; --per-article gives more",
            options.per_article,
        )
    return 0


def _guess_format(path: Path) -> str:
    names = {".csv": "csv", ".jsonl": "jsonl", ".json": "label-studio"}
    if path.suffix not in names:
        raise InputError(f"--output {path}: ends like none of {', '.join(names)}; choose another name, or add --format")
    return names[path.suffix]


def _write(path: Path, form: str, questions: Sequence[Question], codebook: Codebook) -> None:
    import json

    from claimbasis.corpus.label_studio import render_form, to_tasks

    if form != "label-studio":
        write = write_csv if form == "csv" else write_rows
        write(path, (question.to_row() for question in questions))
        return
    write_lines(path, [json.dumps(to_tasks(questions), ensure_ascii=False, indent=1) + "\n"])
    interface = path.with_suffix(".xml")
    write_lines(interface, [render_form(codebook)])
    logger.info("%s: for the project's settings, Labeling Interface, Code; then import the tasks", interface)
