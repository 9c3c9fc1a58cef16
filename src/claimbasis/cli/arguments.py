"""Arguments that several commands share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from claimbasis.codebook import Codebook

# Of `claimbasis.windows.Reading`, which a command line that only asks for help need not load.
READINGS = ("windows", "alone", "both", "again")


def add_model(parser: argparse.ArgumentParser, *, default_threads: str = "all cores") -> None:
    """Which model, and how it runs."""
    parser.add_argument(
        "--model",
        metavar="FOLDER",
        help="model folder, or a registered model such as models:/claimbasis@champion (default: the shipped model)",
    )
    parser.add_argument("--precision", choices=("int8", "fp32"), help="weights to use (default: int8 where there)")
    parser.add_argument(
        "--threads", type=positive, metavar="N", help=f"threads of the model (default: {default_threads})"
    )
    parser.add_argument(
        "--device", choices=("cpu", "cuda"), default="cpu", help="where the model runs; cuda needs onnxruntime-gpu"
    )


def add_codebook(parser: argparse._ActionsContainer) -> None:
    """Which labels annotated articles may carry."""
    parser.add_argument("--codebook", type=Path, metavar="FILE", help="the labels (default: the shipped codebook)")


def choose_codebook(path: Path | None) -> Codebook:
    """The codebook that `--codebook` names.

    Raises:
        CorpusError: The file cannot be read, or breaks a rule.
    """
    from claimbasis.codebook import read_codebook, shipped_codebook

    return read_codebook(path) if path else shipped_codebook()


def positive(text: str) -> int:
    """A whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def share(text: str) -> float:
    """A number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return value
