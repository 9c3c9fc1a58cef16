"""`claimbasis corpus join`, `detach` and `polnear`: labels with and without their texts."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from claimbasis.cli.corpus.files import add_output
from claimbasis.cli.output import name_some, write_rows
from claimbasis.errors import CorpusError, InputError

logger = logging.getLogger("claimbasis")


def add_join(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("labels", type=Path, metavar="LABELS", help="stand-off labels (JSONL, also .gz)")
    parser.add_argument("texts", nargs="+", metavar="TEXTS", help="articles with id and text (JSONL, also .gz)")
    parser.set_defaults(command=_join)
    add_output(parser)


def add_detach(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("annotated", nargs="+", type=Path, metavar="FILE", help="annotated articles (JSONL, also .gz)")
    parser.set_defaults(command=_detach)
    add_output(parser)


def add_polnear(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the clone")
    parser.set_defaults(command=_polnear)
    add_output(parser)


def _join(options: argparse.Namespace) -> int:
    from claimbasis.corpus.annotated import read_rows
    from claimbasis.corpus.standoff import JoinReport, join_texts
    from claimbasis.text.articles import read_articles

    labels = list(read_rows(options.labels))
    wanted = {row.get("id") for row in labels}
    rejects: list[InputError] = []
    texts = {
        article.id: {"text": article.text, "title": article.title}
        for article in read_articles(options.texts, on_reject=rejects.append)
        if article.id in wanted
    }
    for error in rejects:
        logger.error("skipped: %s", error)
    report = JoinReport()
    rows = list(join_texts(labels, texts, report))
    if not rows:
        raise CorpusError(
            f"{options.labels}: none of its {len(labels)} articles is in {', '.join(options.texts)}; "
            f"the first is {labels[0]['id'] if labels else 'missing'!r}, and ids must be equal"
        )
    write_rows(options.output, rows)
    logger.info(
        "%s: %d of %d articles, %d spans, %d of them at other offsets than in the labels",
        options.output, report.n_articles, len(labels), report.n_spans, report.n_moved,
    )  # fmt: skip
    if report.missing:
        logger.warning("no text for %d articles: %s", len(report.missing), name_some(report.missing))
    if report.changed:
        logger.warning(
            "left out %d spans whose words your copy does not hold: %s",
            sum(report.changed.values()), name_some(f"{key} ({n})" for key, n in report.changed.items()),
        )  # fmt: skip
    return 1 if rejects or report.missing or report.changed else 0


def _detach(options: argparse.Namespace) -> int:
    from claimbasis.corpus.annotated import read_rows
    from claimbasis.corpus.standoff import detach_text

    write_rows(options.output, (detach_text(row) for path in options.annotated for row in read_rows(path)))
    return 0


def _polnear(options: argparse.Namespace) -> int:
    from claimbasis.corpus.polnear import read_polnear

    write_rows(options.output, read_polnear(options.folder))
    return 0
