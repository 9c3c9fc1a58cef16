"""The lock: what is installed for training and tests is pinned, down to the last package that comes with another."""

from __future__ import annotations

import importlib.metadata
import tomllib
from pathlib import Path

import pytest

packaging = pytest.importorskip("packaging.requirements")
ROOT = Path(__file__).parents[1]


def normalise(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def find_installed(requirements: list[str], extras: frozenset[str], seen: set[tuple[str, frozenset[str]]]) -> None:
    for text in requirements:
        wanted = packaging.Requirement(text)
        key = (normalise(wanted.name), frozenset(wanted.extras))
        if wanted.marker and not any(wanted.marker.evaluate({"extra": extra}) for extra in extras or {""}):
            continue
        if key in seen or key[0] == "claimbasis":
            continue
        try:
            below = importlib.metadata.requires(wanted.name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        seen.add(key)
        find_installed(below, key[1], seen)


def test_every_package_of_training_and_tests_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    direct = project["dependencies"] + [line for name in extras if name != "ray" for line in extras[name]]
    found: set[tuple[str, frozenset[str]]] = set()
    find_installed(direct, frozenset(), found)
    lines = (ROOT / ".ci" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {normalise(line.partition("==")[0]) for line in lines if "==" in line}
    assert len(found) > 50
    missing = sorted({name for name, _ in found} - pinned)
    assert not missing, f"not pinned: {', '.join(missing)}; `make lock` writes .ci/constraints.txt again"
    assert not [line for line in lines if "+" in line]  # pins hold for every build of a version
