"""What was found about annotated files, as tables for the terminal."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from claimbasis.codebook import Codebook
from claimbasis.corpus.checks import LEAKAGE, Finding, Kind, Place, statements_of
from claimbasis.evaluation.agreement import Agreement
from claimbasis.evaluation.metrics import Measured
from claimbasis.evaluation.tables import plain_text

_MAX_CHARS = 110  # of a statement in a table


def render_findings(
    found: Sequence[Finding], places: Sequence[Place], codebook: Codebook, *, n_worst: int
) -> list[Table]:
    """How much was found of each kind, then the worst of each.

    Args:
        found: All findings.
        places: All articles that were looked at.
        codebook: The labels, whose short names are shown.
        n_worst: Most rows of a kind.
    """
    counts = Counter(finding.kind for finding in found)
    table = _table(f"{len(places)} articles, {len(statements_of(places))} statements")
    for name in ("", "found", ""):
        table.add_column(name, justify="right" if name else "left")
    for kind in Kind:
        table.add_row(kind, str(counts[kind]), "leakage" if kind in LEAKAGE and counts[kind] else "")
    short = {label.name: label.short for label in codebook.labels}
    ranked = {kind: sorted((f for f in found if f.kind == kind), key=_badness) for kind in Kind if counts[kind]}
    return [table, *(_render_kind(kind, some, short, n_worst) for kind, some in ranked.items())]


def _badness(finding: Finding) -> tuple[bool, float]:
    """The worst first: pairs in two files, then those that are most alike; labels of the lowest quality."""
    score = finding.score or 0.0
    if other := finding.other:
        return other.file == finding.place.file, -score
    return False, score


def _render_kind(kind: Kind, found: Sequence[Finding], short: Mapping[str, str], n_worst: int) -> Table:
    shown = f"the worst {n_worst} of {len(found)}" if len(found) > n_worst else str(len(found))
    table = _table(f"{kind}: {shown}")
    for name in ("file", "article", "#"):
        table.add_column(name, overflow="fold")
    if kind == Kind.LABELS:
        for name in ("given", "perhaps", "quality"):
            table.add_column(name)
    elif found[0].score is not None:
        table.add_column("alike")
    table.add_column("", overflow="fold", ratio=1)
    for finding in found[:n_worst]:
        table.add_row(*_cells(finding, short))
    return table


def _cells(finding: Finding, short: Mapping[str, str]) -> Iterator[Text]:
    place, other = finding.place, finding.other
    yield Text(place.file.rsplit("/", 1)[-1])
    yield plain_text(place.item.article.id)
    yield Text(str(place.statement.statement.index) if place.statement else "")
    if finding.kind == Kind.LABELS:
        yield from (
            Text(", ".join(short[name] for name in labels) or "none") for labels in (finding.given, finding.suggested)
        )
    if finding.score is not None:
        yield Text(f"{finding.score:.2f}")
    below = f"{finding.detail}: {_name(other)}" if other else finding.detail
    yield _shorten(place.text) + Text("\n") + Text(below, style="dim")


def _name(place: Place) -> str:
    index = f" #{place.statement.statement.index}" if place.statement else ""
    return f"{plain_text(place.item.article.id).plain}{index}"


def _table(title: str) -> Table:
    # Titles hold names of files, which may look like markup.
    return Table(
        title=Text(title),
        title_justify="left",
        title_style="",
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        header_style="dim",
    )


def _shorten(text: str) -> Text:
    return plain_text(text if len(text) <= _MAX_CHARS else text[: _MAX_CHARS - 1] + "…")


def render_agreement(agreement: Agreement) -> list[Table]:
    """Who read what, then kappa of each pair, then alpha over all where there are more than two."""
    readers = _table("readers")
    _add_columns(readers, "", "statements", "only here", *agreement.alpha)
    for name, counts in agreement.counts.items():
        numbers = [agreement.n_read[name], agreement.n_alone[name], *counts.values()]
        readers.add_row(Text(name), *map(str, numbers))
    measured = _table("agreement; [95 % over articles]")
    _add_columns(measured, "", "statements", "same codes", "macro-F1", *(f"{name}\nkappa" for name in agreement.alpha))
    for pair in agreement.pairs:
        share, f1 = f"{100 * pair.same_codes_share:.1f} %", f"{pair.macro_f1:.3f}"
        measured.add_row(
            Text("\n".join(pair.names)), str(pair.n_statements), share, f1, *map(_cell, pair.kappa.values())
        )
    measured.add_row("alpha, all", "", "", "", *map(_cell, agreement.alpha.values()))
    return [readers, measured]


def _add_columns(table: Table, first: str, *others: str) -> None:
    table.add_column(first, overflow="fold")
    for name in others:
        table.add_column(name, justify="right")


def _cell(value: Measured) -> str:
    """The number above its interval."""
    return "–" if math.isnan(value.value) else str(value).replace(" [", "\n[")
