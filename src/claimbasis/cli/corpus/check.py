"""`claimbasis corpus check`."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

from claimbasis.cli.arguments import add_codebook, add_model, choose_codebook, positive
from claimbasis.cli.corpus.files import add_table, write_table
from claimbasis.cli.output import make_console
from claimbasis.errors import CorpusError, InputError

if TYPE_CHECKING:
    from claimbasis.codebook import Codebook
    from claimbasis.corpus.checks import Finding, Place
    from claimbasis.report.progress import StatementProgress

logger = logging.getLogger("claimbasis")


def add_check(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.description = (
        "Finds what somebody should look at, and changes nothing: labels that a system which has not learned from them "
        "thinks wrong, articles and statements that occur twice or nearly so, and statements that are none. Ends with "
        "code 1 when an article, or a statement of ten words, stands in two files, since a test is worth nothing then."
    )
    parser.add_argument(
        "data", nargs="*", metavar="FILE",
        help="annotated articles (JSONL, also .gz); their labels are judged by cross-validation with TF-IDF",
    )  # fmt: skip
    parser.add_argument(
        "--unseen", nargs="+", default=[], metavar="FILE",
        help="annotated articles that the model has not learned from; their labels are judged by its scores",
    )  # fmt: skip
    parser.add_argument(
        "--worst", type=positive, default=10, metavar="N", help="show so many of each kind (default: 10)"
    )
    add_codebook(parser)
    add_table(parser, "write all findings here")
    add_model(parser)
    parser.set_defaults(command=_check, extra="quality")


def _check(options: argparse.Namespace) -> int:
    from claimbasis.corpus.checks import LEAKAGE, read_places
    from claimbasis.evaluation.corpus_tables import render_findings
    from claimbasis.report.progress import StatementProgress

    files = [*options.data, *options.unseen]
    if not files:
        raise InputError("nothing to check: name annotated articles, or some that the model has not seen with --unseen")
    codebook = choose_codebook(options.codebook)
    places = read_places(files, codebook)
    with StatementProgress() as progress:
        found = list(_find(options, places, codebook, progress))
    console = make_console()
    console.print(*render_findings(found, places, codebook, n_worst=options.worst))
    if options.output:
        write_table(options.output, (finding.to_row() for finding in found))
        logger.info("%s: %d findings", options.output, len(found))
    return 1 if any(finding.kind in LEAKAGE for finding in found) else 0


def _find(
    options: argparse.Namespace, places: list[Place], codebook: Codebook, progress: StatementProgress
) -> Iterator[Finding]:
    """All findings: leakage, near-duplicates that are none of it, odd statements, and unlikely labels."""
    from claimbasis.corpus.checks import find_leakage, find_odd_statements
    from claimbasis.evaluation.near_duplicates import find_near_articles, find_near_statements

    leaked = list(find_leakage(places))
    yield from leaked
    twins = {id(finding.place.item) for finding in leaked if finding.place.statement is None}
    once = [place for place in places if id(place.item) not in twins]
    yield from find_near_articles(once)
    same = {id(finding.place.statement) for finding in leaked}
    yield from (
        finding
        for finding in find_near_statements(once, on_statements=progress.add)
        if id(finding.place.statement) not in same
    )
    yield from find_odd_statements(once)
    for unseen in (False, True):
        chosen = [place for place in once if (place.file in options.unseen) == unseen]
        yield from _judge(options, chosen, codebook, progress, unseen=unseen) if chosen else ()


def _judge(
    options: argparse.Namespace, places: list[Place], codebook: Codebook, progress: StatementProgress, *, unseen: bool
) -> list[Finding]:
    from claimbasis.evaluation.label_errors import cross_validate, find_label_errors, score_unseen
    from claimbasis.inference.classifier import Classifier

    articles = [place.item for place in places]
    if unseen:
        classifier = Classifier.load(
            options.model, precision=options.precision, n_threads=options.threads, device=options.device
        )
        scores, judge = score_unseen(classifier, articles, codebook, on_statements=progress.add), classifier.model_id
    try:
        if not unseen:
            scores, judge = cross_validate(articles, codebook), "cross-validation"
        return find_label_errors(places, codebook, scores, judge=judge)
    except CorpusError as error:
        logger.warning("labels not judged: %s", error)
        return []
