"""What a run needs to be done again: its recipe, its data, and the surroundings it was made in."""

from __future__ import annotations

import importlib.metadata
import logging
import os
import platform
import subprocess

from pydantic import ValidationError

from claimbasis.errors import RecipeError
from claimbasis.training.data import ExperimentData, load_data
from claimbasis.training.recipe import Recipe
from claimbasis.training.store import RunRecord, read_text

logger = logging.getLogger(__name__)
RECIPE_FILE, ENVIRONMENT_FILE = "recipe.json", "environment.txt"
_N_NAMED = 6  # differences that a warning lists before it says how many more there are


def recipe_of(run: RunRecord) -> Recipe:
    """The recipe that a run was made by; for the run of one seed, with this seed alone.

    Raises:
        RecipeError: The run holds none, or one that this version cannot read.
    """
    text = read_text(run.run_id, RECIPE_FILE) or (read_text(run.parent_id, RECIPE_FILE) if run.parent_id else None)
    if text is None:
        raise RecipeError(f"run {run.run_id}: holds no {RECIPE_FILE}; only runs of `claimbasis train` can be repeated")
    try:
        recipe = Recipe.model_validate_json(text)
    except ValidationError as error:
        raise RecipeError(
            f"run {run.run_id}: this version cannot read its {RECIPE_FILE} ({error}); go back to its commit, "
            f"{run.params.get('git_commit', 'unknown')}"
        ) from error
    return recipe.model_copy(update={"seeds": [int(run.params["seed"])]}) if "seed" in run.params else recipe


def load_same_data(run: RunRecord, recipe: Recipe) -> ExperimentData:
    """The data of a run, if they are still what they were.

    Raises:
        CorpusError: A file is missing or breaks a rule.
        RecipeError: Something has changed since; both fingerprints are named.
    """
    if "train_hash" not in run.params:
        raise RecipeError(f"run {run.run_id}: does not say what data it had; train its recipe for a new result")
    data = load_data(recipe)
    facts = data.facts
    files_of = {
        "train_hash": recipe.data.train,
        "dev_hash": recipe.data.dev or recipe.data.train,
        "marks_hash": recipe.data.train,
        "spans_hash": recipe.spans.polnear,
        "silver_hash": recipe.silver.files,
        "start_id": [recipe.encoder.start] if recipe.encoder.start else [],
    }
    for name, files in files_of.items():
        # Older runs recorded less.
        if files and (recorded := run.params.get(name, facts[name])) != facts[name]:
            raise RecipeError(
                f"run {run.run_id}: {name} was {recorded}, and is {facts[name]} now; restore {', '.join(files)} as it was, "
                "or train the recipe itself for a new result"
            )
    return data


def describe_changes(run: RunRecord) -> list[str]:
    """How commit and environment differ from those of a run, a line each; other numbers are then no surprise."""
    found = []
    if (recorded := run.params.get("git_commit")) and recorded != (commit := git_commit()):
        found.append(f"commit was {recorded}, is {commit}")
    before = set((read_text(run.run_id, ENVIRONMENT_FILE) or "").splitlines())
    if before and (differing := sorted(before ^ set(environment()))):
        more = f" and {len(differing) - _N_NAMED} more" if len(differing) > _N_NAMED else ""
        shown = [f"{line} ({'then' if line in before else 'now'})" for line in differing[:_N_NAMED]]
        found.append(f"environment: {', '.join(shown)}{more}")
    return found


def render_note(recipe: Recipe, run_id: str) -> str:
    """What MLflow shows on top of a run's page, as Markdown."""
    return f"{recipe.question}\n\nRepeat it in the folder where it was made:\n\n    claimbasis train --run {run_id}\n"


def git_commit() -> str:
    """The commit of the working directory, with a mark when files have changed; "unknown" outside a repository."""
    try:
        commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit.stdout.strip()


def environment() -> list[str]:
    """All installed packages with their versions, Python, and the kind of machine: rounding depends on all of them."""
    packages = {f"{d.metadata['Name']}=={d.version}" for d in importlib.metadata.distributions()}
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return sorted({*packages, f"python=={platform.python_version()}", f"machine: {machine}"})
