"""`claimbasis corpus import`: somebody's own labelled statements become annotated articles, ready for training."""

from __future__ import annotations

import argparse
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claimbasis.cli.arguments import add_codebook, choose_codebook
from claimbasis.cli.output import N_NAMED, name_some, write_lines, write_rows
from claimbasis.errors import CorpusError, InputError

if TYPE_CHECKING:
    from claimbasis.codebook import Codebook
    from claimbasis.corpus.labelled import Columns, ImportReport, LabelReader
    from claimbasis.corpus.tables import Table

logger = logging.getLogger("claimbasis")
_FEW = 30  # statements: with fewer a label is hardly learned, and its score on a share of them says little
_SMALL = 3_000  # statements: with fewer, a usual batch makes so few steps an epoch that little is learned


def add_import(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument(
        "table", type=Path, metavar="FILE", help="CSV (, ; tab or |) or JSONL, one statement a row, also .gz"
    )
    parser.add_argument("--text-column", default="text", metavar="NAME", help="the statement (default: text)")
    parser.add_argument(
        "--label-column", action="append", metavar="NAME",
        help="names of labels, several with a separator between them, nothing for none; can be given again (default: label)",
    )  # fmt: skip
    parser.add_argument(
        "--flag-column", action="append", default=[], metavar="NAME",
        help="is called as a label, with 1 where the label holds and 0 where not; can be given again",
    )  # fmt: skip
    parser.add_argument(
        "--separator", default=";|,", metavar="CHARS", help="between labels of one cell (default: any of ;|,)"
    )
    parser.add_argument(
        "--article-column",
        metavar="NAME",
        help="which rows belong to one article (default: each statement stands alone)",
    )
    parser.add_argument(
        "--order-column", metavar="NAME", help="numbers that put an article's rows in order (default: the file's)"
    )
    parser.add_argument(
        "--map", action="append", default=[], metavar="OLD=NEW",
        help="the codebook's name for a label of the file; OLD= leaves the label out; can be given again",
    )  # fmt: skip
    codebooks = parser.add_mutually_exclusive_group()
    add_codebook(codebooks)
    codebooks.add_argument(
        "--new-codebook",
        type=Path,
        metavar="FILE",
        help="write a codebook with the labels that the file has, and use it",
    )
    parser.add_argument("--recipe", type=Path, metavar="FILE", help="also write a recipe for claimbasis train")
    parser.add_argument(
        "--output", required=True, type=Path, metavar="FILE", help="annotated JSONL, gzipped if it ends so"
    )
    parser.set_defaults(command=_import)


def _import(options: argparse.Namespace) -> int:
    from claimbasis.corpus.labelled import Columns, ImportReport, LabelReader, import_table, require_columns
    from claimbasis.corpus.tables import Table
    from claimbasis.report.progress import StatementProgress

    for path in filter(None, (options.new_codebook, options.recipe)):
        if path.exists():
            raise InputError(f"{path}: is there already; name another file, or remove this one")
    default = [] if options.flag_column else ["label"]
    columns = Columns(
        options.text_column, tuple(options.label_column or default), tuple(options.flag_column),
        options.article_column, options.order_column, options.separator,
    )  # fmt: skip
    table, report = Table(options.table), ImportReport()
    require_columns(table, columns)
    renamed = _parse_map(options.map)
    codebook = (
        _make_codebook(options, table, columns, renamed) if options.new_codebook else choose_codebook(options.codebook)
    )
    reader = LabelReader(columns, renamed, codebook)
    _require_known(table, reader, codebook)
    with StatementProgress() as progress:
        rows = import_table(table, columns, reader, codebook, report, on_statements=progress.add)
        write_rows(options.output, _require_some(rows, table, report))
    if options.recipe:
        _write_recipe(options, columns, report)
    return _tell(options, report, codebook)


def _parse_map(pairs: list[str]) -> dict[str, str]:
    if wrong := [pair for pair in pairs if "=" not in pair]:
        raise InputError(f"--map {wrong[0]!r}: write OLD=NEW, or OLD= for a label to leave out")
    return {old: new for old, _, new in (pair.rpartition("=") for pair in pairs)}


def _make_codebook(options: argparse.Namespace, table: Table, columns: Columns, renamed: dict[str, str]) -> Codebook:
    """A codebook with the labels of the table, also written for people to go on with."""
    from claimbasis.codebook import render_codebook
    from claimbasis.corpus.labelled import LabelReader, make_codebook, survey_labels

    codebook = make_codebook(list(survey_labels(table, LabelReader(columns, renamed, None))))
    write_lines(options.new_codebook, [_CODEBOOK_HEAD + render_codebook(codebook)])
    logger.info("%s: %s; say in it what each of them means", options.new_codebook, ", ".join(codebook.label_names))
    return codebook


_CODEBOOK_HEAD = """\
# Labels as they were found in a table. `name` becomes the name of columns, `short` is shown where room is scarce, `definition`
# tells readers of reports what the label means: one sentence each. With `credits = false` no source is looked for.
# What stands under [[other_codes]] with a code and a name is told apart by annotators and never predicted.
"""


def _require_known(table: Table, reader: LabelReader, codebook: Codebook) -> None:
    """Sees that the codebook has all labels of the table.

    Raises:
        CorpusError: It lacks some; each is named with its first line.
    """
    from claimbasis.corpus.labelled import survey_labels

    unknown = survey_labels(table, reader)
    if unknown:
        named = [f"{name[:40]!r} (line {found.line}, {found.n_rows} rows)" for name, found in unknown.items()]
        raise CorpusError(
            f"{table.path}: labels that codebook {codebook.version} does not have: {name_some(named)}. It has "
            f"{', '.join((*codebook.label_names, *codebook.other_codes.values()))}. Rename a label with --map "
            f"'{next(iter(unknown))[:40]}=NAME', leave it out with --map '{next(iter(unknown))[:40]}=', name your own codebook "
            "with --codebook, or have one written with --new-codebook FILE"
        )


def _require_some(rows: Iterator[dict[str, Any]], table: Table, report: ImportReport) -> Iterator[dict[str, Any]]:
    first = next(rows, None)
    if first is None:
        reasons = name_some(report.left_out) or "it holds no rows but the first line"
        raise CorpusError(f"{table.path}: not one statement could be used: {reasons}")
    yield first
    yield from rows


def _write_recipe(options: argparse.Namespace, columns: Columns, report: ImportReport) -> None:
    """A recipe that can be trained as it is; a small corpus needs more epochs and smaller steps."""
    name = re.sub(r"[^a-z0-9]+", "-", options.recipe.stem.lower()).strip("-") or "own-data"
    codebook = options.codebook or options.new_codebook
    small = report.n_statements < _SMALL
    lines = [
        f"name = {json.dumps(name)}",
        f"question = {_quote(f'How well are the labels of {options.table.name} learned?')}",
        "seeds = [1]",
        "",
        "[data]",
        f"train = [{_quote(str(options.output))}]",
        f"dev_share = 0.2  # of the articles; or keep some of your own apart: dev = [{_quote('dev.jsonl')}]",
        *([f"codebook = {_quote(str(codebook))}"] if codebook else []),
        f"origin = {_quote(f'{report.n_statements} statements of {options.table.name}.')}",
        "",
        "[windows]",
        *(["alone_share = 1.0  # no statement has others around it"] if columns.article is None else []),
        f"reading = {_quote('alone' if columns.article is None else 'both')}",
        "",
        "[optimisation]",
        f"epochs = {12 if small else 5}",
        f"tokens_per_batch = {512 if small else 2048}",
    ]
    write_lines(options.recipe, [f"{line}\n" for line in lines])


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _tell(options: argparse.Namespace, report: ImportReport, codebook: Codebook) -> int:
    """Tells what became of the rows.

    Returns:
        The exit code: 1 when something was left out, else 0.
    """
    from claimbasis.codebook import NONE

    for reason in report.left_out[:N_NAMED]:
        logger.warning("left out: %s", reason)
    counts = ", ".join(f"{report.labels[name]} {name}" for name in (*codebook.label_names, NONE))
    logger.info(
        "%s: %d articles, %d statements (%s); of %d rows %d repeat others and %d are left out",
        options.output, report.n_articles, report.n_statements, counts, report.n_rows, report.n_repeated, len(report.left_out),
    )  # fmt: skip
    if few := [name for name in codebook.label_names if report.labels[name] < _FEW]:
        logger.warning("fewer than %d statements carry %s: too few to learn from", _FEW, ", ".join(few))
    if options.recipe:
        logger.info(
            "next: claimbasis train %s --output %s",
            options.recipe,
            options.recipe.with_name(f"{options.recipe.stem}-model"),
        )
    return 1 if report.left_out else 0
