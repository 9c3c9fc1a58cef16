"""The commands of data/README.md do what it says."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from claimbasis.cli import main
from claimbasis.corpus.annotated import read_corpus

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]


def card_commands() -> list[list[str]]:
    """The indented commands of the section on checking, comparing and marking."""
    card = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    section = card.partition("## Check, compare, mark\n")[2].partition("\n## ")[0]
    lines = (line for line in section.splitlines() if line.startswith("    claimbasis "))
    return [shlex.split(line, comments=True)[1:] for line in lines]


def test_the_commands_for_checking_comparing_and_marking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("data", "seeds"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    for command in card_commands():
        if command[1] == "answers":
            asked = Path("ask.csv").read_text(encoding="utf-8").splitlines(keepends=True)
            Path("ask.csv").write_text(asked[0] + "official" + "".join(asked[1:]), encoding="utf-8")
        assert main(command) == 0, command
    written = ("suspicions.csv", "disputes.csv", "ask.csv", "tasks.json", "tasks.xml")
    assert [name for name in written if not Path(name).stat().st_size] == []
    (marked,) = read_corpus(["marked.jsonl"])
    assert [s.codes for s in marked.statements] == ["O"]
