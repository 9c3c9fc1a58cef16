"""The mean of the weights that several seeds came to: a model soup (Wortsman et al., 2022)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from claimbasis.codebook import Codebook
from claimbasis.errors import RecipeError
from claimbasis.model import read_settings
from claimbasis.training.encoder import StatementClassifier, load_tokenizer
from claimbasis.training.fit import FitResult
from claimbasis.training.recipe import Recipe

_WEIGHTS_FILE = "weights.safetensors"


def save_weights(model: StatementClassifier, folder: Path) -> None:
    """Keeps what averaging needs of a seed: all its weights, as they were trained."""
    save_file({name: weight.contiguous() for name, weight in model.state_dict().items()}, folder / _WEIGHTS_FILE)


def average_seeds(recipe: Recipe, codebook: Codebook, folders: Sequence[Path]) -> FitResult:
    """The network whose every weight is the mean of those of some seeds, which began with the same weights.

    Args:
        recipe: That they were trained by.
        codebook: Of their labels.
        folders: Of the finished seeds.

    Raises:
        RecipeError: A seed kept no weights.
    """
    if missing := [str(folder) for folder in folders if not (folder / _WEIGHTS_FILE).exists()]:
        raise RecipeError(f"{', '.join(missing)}: kept no weights to average; train again with --fresh")
    tokenizer, special = load_tokenizer(recipe.encoder.base)
    model = StatementClassifier.from_base(recipe.encoder, len(codebook.labels))
    states = [load_file(folder / _WEIGHTS_FILE) for folder in folders]
    model.load_state_dict({name: torch.stack([s[name] for s in states]).mean(0) for name in states[0]})
    return FitResult(model.eval(), tokenizer, special, read_settings(folders[0] / "model").roles)
