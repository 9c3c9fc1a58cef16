"""Exchanges names and numbers in training windows for others of their kind."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from claimbasis.errors import RecipeError


class WordExchange:
    """Maps each word of a class to another of the class, by chance, the same one all over a window.

    Only words that are one token take part: lengths and offsets, and so windows and tags, stay as they are.
    """

    def __init__(self, path: Path, tokenizer: Tokenizer, share: float) -> None:
        """Reads the classes.

        Args:
            path: TOML file, lists of words by class.
            tokenizer: Decides which of them are one token.
            share: Of windows in which words are exchanged.

        Raises:
            RecipeError: The file cannot be read, or no class has two words of one token.
        """
        try:
            classes = tomllib.loads(path.read_text(encoding="utf-8"))
            found = [[tokenizer.token_to_id(word) for word in words] for words in classes.values()]
        except (OSError, ValueError, TypeError) as error:
            raise RecipeError(f"{path}: no lists of words by class ({error})") from error
        known = [np.array([i for i in ids if i is not None]) for ids in found]
        self._classes = [ids for ids in known if len(ids) > 1]
        if not self._classes:
            raise RecipeError(f"{path}: this encoder's tokenizer has no two words of a class; exchange none")
        self._share = share
        vocabulary = tokenizer.get_vocab()
        self._unchanged = np.arange(max(vocabulary.values()) + 1)
        # What continues a word: "john" in "john", "##sson" is no name of its own.
        self._continues = np.zeros(len(self._unchanged), dtype=bool)
        self._continues[[i for token, i in vocabulary.items() if token.startswith("##")]] = True
        if not self._continues.any():
            raise RecipeError(f"{path}: words are exchanged only where a tokenizer marks what continues one with ##")

    def __call__(self, statements: Sequence[Sequence[int]]) -> Sequence[Sequence[int]]:
        """Token ids of the statements of a window, exchanged or as they were; chance is that of torch."""
        if torch.rand(()) >= self._share:
            return statements
        table = self._unchanged.copy()
        for ids in self._classes:
            table[ids] = ids[torch.randperm(len(ids)).numpy()]
        return [self._exchange(np.asarray(ids), table) for ids in statements]

    def _exchange(self, ids: np.ndarray, table: np.ndarray) -> list[int]:
        begins = np.append(self._continues[ids[1:]], False)
        return np.where(begins, ids, table[ids]).tolist()  # type: ignore[no-any-return]
