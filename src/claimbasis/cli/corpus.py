"""The `claimbasis corpus` commands: labels with and without their texts."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from claimbasis.cli.corpus_import import add_import
from claimbasis.cli.output import name_some, write_rows
from claimbasis.errors import CorpusError, InputError

logger = logging.getLogger("claimbasis")


def add_corpus(parser: argparse.ArgumentParser) -> None:
    """Adds the commands below `corpus`."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_import(
        commands.add_parser("import", help="labelled statements of your own (CSV, JSONL) become annotated articles")
    )
    join = commands.add_parser("join", help="stand-off labels and your copy of the texts become annotated articles")
    join.add_argument("labels", type=Path, metavar="LABELS", help="stand-off labels (JSONL, also .gz)")
    join.add_argument("texts", nargs="+", metavar="TEXTS", help="articles with id and text (JSONL, also .gz)")
    join.set_defaults(command=_join)
    detach = commands.add_parser("detach", help="annotated articles become labels without their texts")
    detach.add_argument("annotated", nargs="+", type=Path, metavar="FILE", help="annotated articles (JSONL, also .gz)")
    detach.set_defaults(command=_detach)
    polnear = commands.add_parser("polnear", help="a clone of PolNeAR becomes JSONL, with its attributions")
    polnear.add_argument("folder", type=Path, metavar="FOLDER", help="the clone")
    polnear.set_defaults(command=_polnear)
    for command in (join, detach, polnear):
        command.add_argument("--output", required=True, type=Path, metavar="FILE", help="JSONL, gzipped if it ends so")
    picture = commands.add_parser("picture", help="a picture of the labels by domain")
    picture.add_argument("annotated", nargs="+", metavar="FILE", help="annotated articles (JSONL, also .gz)")
    picture.add_argument("--codebook", type=Path, metavar="FILE", help="of these articles (default: the shipped one)")
    picture.add_argument("--output", required=True, type=Path, metavar="FILE", help="SVG or PNG")
    picture.set_defaults(command=_picture)


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


def _picture(options: argparse.Namespace) -> int:
    import matplotlib

    from claimbasis.codebook import read_codebook, shipped_codebook
    from claimbasis.corpus.annotated import read_corpus
    from claimbasis.evaluation.plots import plot_labels_by_domain

    # Without these the same picture would be another file each time it is drawn.
    matplotlib.rcParams["svg.hashsalt"] = "claimbasis"
    codebook = read_codebook(options.codebook) if options.codebook else shipped_codebook()
    figure = plot_labels_by_domain(read_corpus(options.annotated, codebook=codebook), codebook)
    figure.savefig(options.output, metadata={"Date": None} if options.output.suffix == ".svg" else None)
    return 0
