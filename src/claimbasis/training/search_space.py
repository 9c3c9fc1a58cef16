"""What a sweep may change in a recipe, and recipes with it changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from claimbasis.errors import RecipeError
from claimbasis.training.recipe import Range, Recipe, Setting, Sweep

# With other data or another number of seeds the scores of two trials could not be compared.
_FIXED = ("name", "question", "seeds", "data", "sweep")


def require_space(recipe: Recipe) -> Sweep:
    """The recipe's sweep, every end and choice of which makes a valid recipe.

    Raises:
        RecipeError: There is none, or its space holds what the recipe does not allow; all faults are named at once.
    """
    if recipe.sweep is None:
        raise RecipeError(
            f"recipe {recipe.name!r} has no [sweep] section; give it one with n_trials and [sweep.space], as the sweep "
            "recipe in experiments/ has"
        )
    faults = [
        f"sweep.space.{key}: {fault}"
        for key, found in recipe.sweep.space.items()
        for fault in _faults(recipe, key, found)
    ]
    if faults:
        raise RecipeError(f"recipe {recipe.name!r}: {'; '.join(faults)}")
    return recipe.sweep


def _faults(recipe: Recipe, key: str, found: Range) -> list[str]:
    if key.split(".")[0] in _FIXED:
        return [f"{', '.join(_FIXED)} stay the same in all trials, or scores could not be compared"]
    if not isinstance(_get(recipe, key), Setting):
        return ["is no setting of a recipe; name one as section.setting, such as optimisation.learning_rate"]
    faults = []
    for value in found.choices or (found.low, found.high):
        try:
            vary(recipe, {key: value})
        except ValidationError as error:
            faults += [f"{value!r}: {e['msg']}" for e in error.errors()]
    if is_whole(recipe, key) and isinstance(found.step, float):
        faults.append(f"step {found.step} must be a whole number")
    return faults


def is_whole(recipe: Recipe, key: str) -> bool:
    """Whether a setting is a whole number, as its present value tells."""
    value = _get(recipe, key)
    return isinstance(value, int) and not isinstance(value, bool)


def vary(recipe: Recipe, settings: Mapping[str, Any]) -> Recipe:
    """The recipe of one trial: with other values of some settings, by dotted key, and without the sweep."""
    values = recipe.model_dump()
    for key, value in settings.items():
        *sections, name = key.split(".")
        place = values
        for section in sections:
            place = place[section]
        place[name] = value
    return Recipe.model_validate(values)


def _get(recipe: Recipe, key: str) -> object:
    value: object = recipe
    for name in key.split("."):
        value = getattr(value, name, None)
    return value
