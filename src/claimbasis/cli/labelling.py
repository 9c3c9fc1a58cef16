"""What `claimbasis label` and `claimbasis report` share: articles on their way through a model."""

from __future__ import annotations

import argparse
import logging
import os
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from claimbasis.cli.arguments import READINGS
from claimbasis.errors import InputError

if TYPE_CHECKING:
    from claimbasis.report.progress import StatementProgress
    from claimbasis.types import Article, ArticlePrediction

logger = logging.getLogger("claimbasis")


def add_articles(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments that `Labelling` reads, but for those of the model."""
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="FILE",
        help="text, Markdown, HTML, JSONL, PDF, .docx or .eml files (also .gz), folders, web addresses with --fetch, "
        "or - for standard input",
    )
    parser.add_argument("--fetch", action="store_true", help="read web addresses (http, https) from the network")
    parser.add_argument(
        "--reading",
        choices=READINGS,
        help="read statements with those around them, alone, both ways, or again where the first leaves doubt (default: the model's)",
    )


class Labelling:
    """Reads and labels the articles of a command, says what it skips, and counts.

    Raises:
        InputError: None of the paths exists, or one is a web address and the command may not fetch.
        ModelError: The model cannot be used.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        from claimbasis.inference.classifier import Classifier

        _check_paths(options.paths, fetch=options.fetch)
        self.classifier = Classifier.load(
            options.model,
            precision=options.precision,
            reading=options.reading,
            n_threads=options.threads,
            device=options.device,
        )
        self._paths, self._fetch = options.paths, options.fetch
        self.n_articles = self.n_statements = self.n_skipped = 0

    def read(self) -> Iterator[Article]:
        """The articles that can be read."""
        from claimbasis.text.articles import read_articles

        return read_articles(self._paths, on_reject=self._skip, fetch=self._fetch)

    def predict(self, articles: Iterable[Article], progress: StatementProgress) -> Iterator[ArticlePrediction]:
        """Their predictions, while the progress is hidden."""
        for prediction in self.classifier.predict_many(articles, on_statements=progress.add):
            progress.hide()
            self.n_articles, self.n_statements = self.n_articles + 1, self.n_statements + len(prediction)
            if not len(prediction):
                logger.warning(
                    "%s: no statements; it holds only menus, captions without words or the like", prediction.article.id
                )
            yield prediction

    def finish(self) -> int:
        """Tells the counts.

        Returns:
            The exit code: 1 when something was skipped, else 0.
        """
        if self.n_articles != 1 or self.n_skipped:
            logger.info("%d articles, %d statements, %d skipped", self.n_articles, self.n_statements, self.n_skipped)
        return 1 if self.n_skipped else 0

    def _skip(self, error: InputError) -> None:
        self.n_skipped += 1
        logger.error("skipped: %s", error)


def refuse_inputs_as_output(paths: Sequence[str], output: Path | None) -> None:
    """Sees that a command neither writes over what it is to read nor reads what it writes.

    Args:
        paths: What it reads.
        output: The file that it writes; standard output when None, which may be a file too.

    Raises:
        InputError: The file is one of the inputs, or lies in a folder that is.
    """
    for path in map(Path, paths):
        if _holds(path, output):
            raise InputError(
                f"{output or 'standard output'}: is read as an input ({path}), and cannot be written too; choose another place"
            )


def _holds(path: Path, output: Path | None) -> bool:
    from claimbasis.text.articles import STDIN

    if output and str(path) == STDIN:
        try:
            read = os.fstat(sys.stdin.fileno())
            return stat.S_ISREG(read.st_mode) and output.exists() and os.path.samestat(read, output.stat())
        except (OSError, ValueError):  # no file at all
            return False
    if output:
        place = output.resolve()
        return path.exists() and path.resolve() in (place, *(place.parents if path.is_dir() else ()))
    try:
        written = os.fstat(sys.stdout.fileno())
    except (OSError, ValueError):  # no file at all
        return False
    files = (path.rglob("*") if path.is_dir() else [path]) if stat.S_ISREG(written.st_mode) else ()
    return any(os.path.samestat(written, file.stat()) for file in files if file.is_file())


def _check_paths(paths: Sequence[str], *, fetch: bool) -> None:
    """Finds mistakes in the command itself, before a model is loaded."""
    from claimbasis.text.articles import STDIN
    from claimbasis.text.fetch import is_url, refuse_unasked

    urls = [path for path in paths if is_url(path)]
    if urls and not fetch:
        raise refuse_unasked(urls[0])
    if not urls and all(path != STDIN and not Path(path).exists() for path in paths):
        raise InputError(f"{', '.join(paths)}: no such file or folder")
