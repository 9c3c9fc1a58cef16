"""`claimbasis corpus picture`."""

from __future__ import annotations

import argparse
from pathlib import Path

from claimbasis.cli.arguments import add_codebook, choose_codebook


def add_picture(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("annotated", nargs="+", metavar="FILE", help="annotated articles (JSONL, also .gz)")
    add_codebook(parser)
    parser.add_argument("--output", required=True, type=Path, metavar="FILE", help="SVG or PNG")
    parser.set_defaults(command=_picture)


def _picture(options: argparse.Namespace) -> int:
    from claimbasis.corpus.annotated import read_corpus
    from claimbasis.evaluation.plots import plot_labels_by_domain, save_figure

    codebook = choose_codebook(options.codebook)
    figure = plot_labels_by_domain(read_corpus(options.annotated, codebook=codebook), codebook)
    save_figure(figure, options.output, options.output.suffix.lower().removeprefix(".") or "svg")
    return 0
