"""Made-up archives, and their output as rows."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

_NAMES = ("ministry", "mayor", "two officials", "court", "army", "bank", "union", "witness", "clinic", "regulator")
_ACTS = ("said talks had failed", "denied it", "closed the bridge", "published the minutes", "would not comment")
_TIMES = ("on Monday", "at dawn", "before the vote", "in the capital", "after the storm")


def make_text(seed: int) -> str:
    """A made-up article of three to eight statements, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311  # nothing secret
    sentences = (
        f"The {chance.choice(_NAMES)} {chance.choice(_ACTS)} {chance.choice(_TIMES)}, document {seed}{n} shows."
        for n in range(chance.randint(3, 8))
    )
    return " ".join(sentences)


def make_rows(n_rows: int, *, start: int = 0, **more: Any) -> list[dict[str, Any]]:
    """Rows as an archive has them; every seventh text is one that was there before."""
    return [
        {
            "id": f"a{n}",
            "outlet": f"Outlet {n % 3}",
            "date": "2026-02-01",
            "text": make_text(n - 3 if n % 7 == 6 else n),
        }
        | more
        for n in range(start, start + n_rows)
    ]


def write_jsonl(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


Output = dict[str, list[dict[str, Any]]]


def read_output(folder: Path) -> Output:
    """All rows of an output, in one order whatever the files."""
    found: Output = {}
    for kind in ("statements", "articles"):
        rows = [row for file in sorted((folder / kind).iterdir()) for row in pq.read_table(file).to_pylist()]
        found[kind] = sorted(rows, key=lambda row: (row["input"], row["row"], row.get("index", 0)))
    rejects = folder / "rejects.jsonl"
    lines = rejects.read_text(encoding="utf-8").splitlines() if rejects.exists() else []
    return found | {"rejects": [json.loads(line) for line in lines]}
