"""The `claimbasis report` command: pages for analysts."""

from __future__ import annotations

import argparse
import itertools
import logging
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from claimbasis.cli.labelling import Labelling, add_articles, refuse_inputs_as_output
from claimbasis.cli.output import make_folder
from claimbasis.errors import InputError

if TYPE_CHECKING:
    from claimbasis.types import Article, ArticlePrediction

logger = logging.getLogger("claimbasis")
# A page takes about 0.65 KB a statement: 50 articles of 100 statements make 3 MB, which browsers still open at once.
MAX_ARTICLES_A_PAGE = 50


def add_report(parser: argparse.ArgumentParser) -> None:
    """Adds the command's own options."""
    add_articles(parser)
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        type=Path,
        metavar="PAGE",
        help=f"a name that ends in .html: one page that needs no other file, with an index when there are several "
        f"articles, {MAX_ARTICLES_A_PAGE} at most; any other name: a folder with index.html and a page an article",
    )
    parser.set_defaults(command=_report)


def _report(options: argparse.Namespace) -> int:
    from claimbasis.report.progress import StatementProgress

    output, one_page = options.output, options.output.suffix.lower() in (".html", ".htm")
    _refuse_overwriting(options.paths, output, one_page=one_page)
    make_folder(output.parent if one_page else output)
    labelling = Labelling(options)
    articles = _limit(labelling.read(), output) if one_page else labelling.read()
    with StatementProgress() as progress:
        predictions = labelling.predict(articles, progress)
        page = _write_page(predictions, output) if one_page else _write_folder(predictions, output, labelling)
    logger.info("%s is ready for a browser", page)
    return labelling.finish()


def _refuse_overwriting(paths: Sequence[str], output: Path, *, one_page: bool) -> None:
    """Sees that no page takes the place of an input, and that none is read as one next time."""
    from claimbasis.report.page import INDEX_FILE, is_article_file

    refuse_inputs_as_output(paths, output if one_page else output / INDEX_FILE)
    for path in map(Path, () if one_page else paths):
        if is_article_file(path.name) and path.resolve().parent == output.resolve():
            refuse_inputs_as_output([str(path)], path)


def _limit(articles: Iterable[Article], output: Path) -> list[Article]:
    found = list(itertools.islice(articles, MAX_ARTICLES_A_PAGE + 1))
    if len(found) > MAX_ARTICLES_A_PAGE:
        raise InputError(
            f"--output {output}: more than {MAX_ARTICLES_A_PAGE} articles, the most for one page; "
            f"name a folder instead, such as {output.with_suffix('')}/"
        )
    return found


def _write_page(predictions: Iterable[ArticlePrediction], output: Path) -> Path:
    from claimbasis.report.page import render_page

    found = list(predictions)
    if not found:
        raise InputError(f"--output {output}: not written, because no article could be read")
    _write(output, render_page(found))
    return output


def _write_folder(predictions: Iterator[ArticlePrediction], folder: Path, labelling: Labelling) -> Path:
    """Writes each article's page as soon as it is labelled, and the index last; texts do not gather in memory."""
    from claimbasis.report.page import INDEX_FILE, name_article_file, render_folder_article, render_folder_index
    from claimbasis.report.profile import summarise_article

    summaries = []
    for number, prediction in enumerate(predictions, 1):
        _write(folder / name_article_file(number), render_folder_article(prediction))
        summaries.append(summarise_article(prediction))
    if not summaries:
        raise InputError(f"--output {folder}: nothing written, because no article could be read")
    _write(folder / INDEX_FILE, render_folder_index(summaries, labelling.classifier.settings.codebook))
    return folder / INDEX_FILE


def _write(path: Path, page: str) -> None:
    """Writes a page aside and puts it in its place when it is whole."""
    aside = path.with_name(path.name + ".part")
    try:
        aside.write_text(page, encoding="utf-8", newline="\n")
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
