"""Cells that a spreadsheet must not take for formulas."""

from __future__ import annotations

# What a cell that is computed begins with, and what spreadsheets skip in front of it.
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def guard_cell(value: object) -> object:
    """The value; what others wrote, and a spreadsheet would compute, with an apostrophe in front."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_BEGINS_A_FORMULA) else value


def unguard_cell(value: str) -> str:
    """What `guard_cell` was given."""
    return value[1:] if value.startswith(tuple(f"'{mark}" for mark in _BEGINS_A_FORMULA)) else value
