"""`claimbasis corpus picture`."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_picture(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("annotated", nargs="+", metavar="FILE", help="annotated articles (JSONL, also .gz)")
    parser.add_argument("--output", required=True, type=Path, metavar="FILE", help="SVG or PNG")
    parser.set_defaults(command=_picture)


def _picture(options: argparse.Namespace) -> int:
    import matplotlib

    from claimbasis.codebook import shipped_codebook
    from claimbasis.corpus.annotated import read_corpus
    from claimbasis.evaluation.plots import plot_labels_by_domain

    # Without these the same picture would be another file each time it is drawn.
    matplotlib.rcParams["svg.hashsalt"] = "claimbasis"
    figure = plot_labels_by_domain(read_corpus(options.annotated), shipped_codebook())
    figure.savefig(options.output, metadata={"Date": None} if options.output.suffix == ".svg" else None)
    return 0
