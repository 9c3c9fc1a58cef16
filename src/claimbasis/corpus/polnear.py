"""Reads PolNeAR, a public corpus of 1,008 US political articles with attributions: who says it, by which words, what.

The corpus (Newell et al. 2018, https://github.com/networkdynamics/PolNeAR) keeps its annotations in the brat stand-off
format: `data/SPLIT/text/NAME.txt` and `data/SPLIT/attributions/NAME_ANNOTATOR.ann`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from claimbasis.errors import CorpusError

SPLITS = ("train", "dev", "test")
ROLES = ("source", "cue", "content")
_SPAN = re.compile(r"(T\d+)\t(\w[\w-]*) ([\d ;]+)\t")


def read_polnear(folder: Path) -> Iterator[dict[str, Any]]:
    """One row an article and annotator.

    Args:
        folder: The corpus' `data` folder, or the one that holds it.

    Yields:
        Objects with `id` ("polnear/SPLIT/NAME"), `annotator`, `text` and `attributions`: each an object of the roles
        `source`, `cue` and `content`, lists of `start` and `end` in characters, end exclusive.

    Raises:
        CorpusError: The folder holds no such corpus, or a file cannot be read.
    """
    root = folder / "data" if (folder / "data").is_dir() else folder
    files = [(split, file) for split in SPLITS for file in sorted((root / split / "attributions").glob("*.ann"))]
    if not files:
        raise CorpusError(f"{folder}: no PolNeAR here (no data/train/attributions/*.ann); name the folder of its clone")
    for split, file in files:
        name, _, annotator = file.stem.rpartition("_")
        try:
            text = read_text(root / split / "text" / f"{name}.txt")
            attributions = parse_attributions(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise CorpusError(f"{file}: cannot be read ({error}); is the clone whole?") from error
        yield {
            "id": f"polnear/{split}/{name}", "annotator": annotator, "text": text, "attributions": attributions,
        }  # fmt: skip


def read_text(path: Path) -> str:
    """A text as it is: offsets count its characters, carriage returns among them."""
    with path.open(encoding="utf-8", newline="") as stream:
        return stream.read()


def parse_attributions(annotation: str) -> list[dict[str, list[dict[str, int]]]]:
    """The attributions of a brat file, in reading order, their spans sorted."""
    spans = {match[1]: _parse_offsets(match[3]) for match in _SPAN.finditer(annotation)}
    attributions = []
    for line in annotation.splitlines():
        if not line.startswith("E"):
            continue
        arguments = [argument.partition(":") for argument in line.partition("\t")[2].split()]
        roles: dict[str, list[dict[str, int]]] = {role: [] for role in ROLES}
        for kind, _, span in arguments:
            role = re.sub(r"\d", "", kind).lower()
            if role in roles:
                roles[role] += spans.get(span, [])
        attributions.append({role: sorted(found, key=lambda s: s["start"]) for role, found in roles.items()})
    return sorted(attributions, key=lambda a: min((s["start"] for found in a.values() for s in found), default=0))


def _parse_offsets(offsets: str) -> list[dict[str, int]]:
    pieces = [piece.split() for piece in offsets.split(";")]
    return [{"start": int(start), "end": int(end)} for start, end in pieces]
