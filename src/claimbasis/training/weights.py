"""The weights of a trained network, as they were trained: to average them, or to go on from them."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from claimbasis.errors import RecipeError
from claimbasis.training.encoder import StatementClassifier

_FILE = "weights.safetensors"


def save_weights(model: StatementClassifier, folder: Path) -> None:
    """Keeps them in the folder of a seed."""
    save_file({name: weight.contiguous() for name, weight in model.state_dict().items()}, folder / _FILE)


def read_weights(folder: Path) -> dict[str, torch.Tensor]:
    """What a finished seed kept.

    Raises:
        RecipeError: It kept nothing, or the file is damaged.
    """
    try:
        return load_file(folder / _FILE)
    except (OSError, SafetensorError) as error:
        raise RecipeError(
            f"{folder}: kept no weights that can be read ({error}); name the folder of a finished seed, or train again "
            "with --fresh"
        ) from error


def begin_with(model: StatementClassifier, folder: Path) -> None:
    """Gives a network the weights of a finished seed.

    Raises:
        RecipeError: They are none, or of another network.
    """
    # What a positive target weighs comes from the data that are learned now.
    weights = read_weights(folder) | {"positive_weight": model.positive_weight}
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise RecipeError(f"{folder}: its weights belong to another encoder or other labels ({error})") from error
