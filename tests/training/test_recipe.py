from __future__ import annotations

from pathlib import Path

import pytest

from claimbasis import RecipeError
from claimbasis.training.recipe import read_recipe

ROOT = Path(__file__).parents[2]
MINIMAL = 'name = "try"\nquestion = "?"\nseeds = [1]\n[data]\ntrain = ["a.jsonl"]\n'


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", sorted((ROOT / "experiments").glob("*.toml")), ids=lambda p: p.name)
def test_all_recipes_in_the_repository_can_be_read(path: Path) -> None:
    assert read_recipe(path).seeds


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("[optimisation]\nepoch = 3", "optimisation.epoch: Extra"),
        ("[optimisation]\nepochs = 0", "optimisation.epochs"),
        ("[optimisation]\nlearning_rate = '2e-4'", "optimisation.learning_rate"),
        ("[windows]\nreading = 'backwards'", "windows.reading"),
        ("[windows", "cannot be read"),
    ],
)
def test_mistakes_stop_a_recipe_and_are_named(tmp_path: Path, line: str, reason: str) -> None:
    with pytest.raises(RecipeError, match=reason):
        read_recipe(write(tmp_path, MINIMAL + line))


def test_values_can_be_replaced(tmp_path: Path) -> None:
    recipe = read_recipe(
        write(tmp_path, MINIMAL), ["optimisation.epochs=2", "seeds=[4,5]", "encoder.base=some/encoder"]
    )
    assert (recipe.optimisation.epochs, recipe.seeds, recipe.encoder.base) == (2, [4, 5], "some/encoder")


@pytest.mark.parametrize("override", ["optimisation.epochs", "=3", "name.x=1", "optimisation.epoch=3", "seeds=[1,1]"])
def test_bad_replacements_are_refused(tmp_path: Path, override: str) -> None:
    with pytest.raises(RecipeError):
        read_recipe(write(tmp_path, MINIMAL), [override])


def test_the_fingerprint_changes_with_settings_but_not_with_seeds(tmp_path: Path) -> None:
    path = write(tmp_path, MINIMAL)
    assert (
        read_recipe(path).fingerprint
        == read_recipe(path, ["seeds=[9]"]).fingerprint
        != read_recipe(path, ["optimisation.epochs=2"]).fingerprint
    )


def test_simple_systems_have_no_weights_to_average(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="average_seeds"):
        read_recipe(write(tmp_path, MINIMAL), ["average_seeds=true", "system=tfidf"])
