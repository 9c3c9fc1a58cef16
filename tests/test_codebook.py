from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from claimbasis import CorpusError, ModelError
from claimbasis.codebook import parse_codebook, read_codebook, render_codebook, shipped_codebook
from claimbasis.model import CODEBOOK_FILE, read_settings, shipped_model, write_settings

SOURCE = Path(__file__).parents[1] / "src" / "claimbasis"
TWO = """
version = "1"
[[labels]]
name = "opinion"
code = "o"
[[labels]]
name = "fact"
code = "f"
short = "reported fact"
credits = false
"""


def test_no_code_knows_the_names_of_the_labels() -> None:
    names = re.compile("|".join(shipped_codebook().label_names))
    # The codebook's module explains its fields by one label.
    files = [file for file in SOURCE.rglob("*") if file.suffix in (".py", ".js", ".css", ".j2", ".html")]
    found = [str(file.relative_to(SOURCE)) for file in files if names.search(file.read_text(encoding="utf-8"))]
    assert len(files) > 100
    assert found == ["codebook.py"]


def test_only_what_has_no_model_takes_the_shipped_codebook() -> None:
    users = {
        str(file.relative_to(SOURCE))
        for file in SOURCE.rglob("*.py")
        if "shipped_codebook()" in file.read_text(encoding="utf-8")
    }
    assert users == {
        "codebook.py", "model.py", "corpus/annotated.py", "corpus/hub.py", "training/recipe.py", "cli/arguments.py",
    }  # fmt: skip


def test_what_is_left_out_has_a_value() -> None:
    codebook = parse_codebook(TWO)
    assert codebook.label_names == ("opinion", "fact")
    assert [label.short for label in codebook.labels] == ["opinion", "reported fact"]
    assert [label.credits for label in codebook.labels] == [True, False]
    # Nobody is asked for a code that the codebook does not have.
    assert codebook.targets("") == (0.0, 0.0)
    assert codebook.targets("f") == (0.0, 1.0)
    with pytest.raises(CorpusError, match="N for none of the labels"):
        shipped_codebook().targets("")


@pytest.mark.parametrize("codebook", [shipped_codebook(), parse_codebook(TWO)])
def test_a_codebook_written_is_read_as_the_same(codebook: object, tmp_path: Path) -> None:
    assert parse_codebook(render_codebook(codebook)) == codebook  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('version = "1"', "version = 1", "version is 1; write text in quotation marks"),
        ('version = "1"', "", "version is missing"),
        ('name = "fact"', "", "labels 2: name is missing"),
        ('name = "fact"', 'name = "hard news"', "label name 'hard news'; use at most 40 letters, digits, _ and -"),
        ('name = "fact"', 'name = "None"', "none of chars, none, sources, statements"),
        ('name = "fact"', 'name = "Opinion"', "label name 'opinion' stands twice"),
        ('code = "f"', 'code = "o"', "code 'o' stands twice"),
        ('code = "f"', 'code = "fa"', "code 'fa'; use one letter or digit"),
        ("credits = false", 'credits = "no"', "labels 2: credits is 'no'; write true or false"),
        (
            "credits = false",
            'colour = "red"',
            "unknown key 'colour'; use name, code, short, definition, credits, unnamed",
        ),
        ('short = "reported fact"', 'short = "a\\nb"', "write one line without control characters"),
        ("[[labels]]", "[labels", "no TOML"),
    ],
)
def test_a_bad_codebook_is_refused_with_file_key_and_what_is_allowed(
    old: str, new: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(TWO.replace(old, new), encoding="utf-8")
    with pytest.raises(CorpusError, match=re.escape(message)) as caught:
        read_codebook(path)
    assert str(path) in str(caught.value)


def test_a_folder_whose_codebook_has_other_labels_is_no_model(tmp_path: Path) -> None:
    settings = replace(read_settings(shipped_model(), verify=False), files={})
    write_settings(tmp_path, settings, [])
    assert read_settings(tmp_path).codebook == settings.codebook
    (tmp_path / CODEBOOK_FILE).write_text(TWO, encoding="utf-8")
    with pytest.raises(ModelError, match="opinion"):
        read_settings(tmp_path)


def test_a_label_that_credits_nobody_makes_another_model() -> None:
    settings = read_settings(shipped_model(), verify=False)
    labels = tuple(replace(label, credits=False) for label in settings.codebook.labels)
    other = replace(settings, codebook=replace(settings.codebook, labels=labels))
    assert other.model_id("int8") != settings.model_id("int8")
