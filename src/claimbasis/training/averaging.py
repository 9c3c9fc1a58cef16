"""The mean of the weights that several seeds came to: a model soup (Wortsman et al., 2022)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from claimbasis.codebook import Codebook
from claimbasis.model import read_settings
from claimbasis.training.encoder import StatementClassifier, load_tokenizer
from claimbasis.training.fit import FitResult
from claimbasis.training.recipe import Recipe
from claimbasis.training.weights import read_weights


def average_seeds(recipe: Recipe, codebook: Codebook, folders: Sequence[Path]) -> FitResult:
    """The network whose every weight is the mean of those of some seeds, which began with the same weights.

    Args:
        recipe: That they were trained by.
        codebook: Of their labels.
        folders: Of the finished seeds.

    Raises:
        RecipeError: A seed kept no weights.
    """
    tokenizer, special = load_tokenizer(recipe.encoder.base)
    model = StatementClassifier.from_base(recipe.encoder, len(codebook.labels))
    states = [read_weights(folder) for folder in folders]
    model.load_state_dict({name: torch.stack([s[name] for s in states]).mean(0) for name in states[0]})
    return FitResult(model.eval(), tokenizer, special, read_settings(folders[0] / "model").roles)
