"""What a recipe trains on and chooses by."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from claimbasis.codebook import Codebook
from claimbasis.corpus.annotated import (
    AnnotatedArticle,
    data_hash,
    marks_hash,
    read_corpus,
    require_separate,
    text_hash,
)
from claimbasis.corpus.marked import MarkedArticle, read_polnear_rows
from claimbasis.corpus.splits import split_by_article
from claimbasis.errors import CorpusError, RecipeError
from claimbasis.training.exported import identify_start
from claimbasis.training.recipe import Recipe
from claimbasis.training.silver import SilverArticle, read_silver


@dataclass(frozen=True, slots=True)
class ExperimentData:
    """What a recipe trains on and chooses by."""

    train: list[AnnotatedArticle]
    dev: list[AnnotatedArticle]
    codebook: Codebook  # under which both were annotated
    marked: list[MarkedArticle]  # teach spans alone
    silver: list[SilverArticle]  # labelled by models
    spans_hash: str  # of the files of `marked`
    silver_hash: str  # of those of `silver`
    exchange_hash: str  # of the words that training exchanges, empty where it exchanges none
    start_id: str  # of the model from which training goes on, empty where it starts from the encoder

    @property
    def hash(self) -> str:
        """Eight hexadecimal digits of all that is learned from or chosen by."""
        marks = (marks_hash(self.train), self.spans_hash)
        parts = (self.codebook.fingerprint, *marks, self.silver_hash, self.exchange_hash, self.start_id)
        return text_hash(data_hash([*self.train, *self.dev]) + "".join(parts))[:8]

    @property
    def facts(self) -> dict[str, Any]:
        """Sizes and fingerprints, for the log."""
        sides = {"train": self.train, "dev": self.dev}
        hashes = {"codebook": f"{self.codebook.version} ({', '.join(self.codebook.label_names)})"}
        hashes |= {f"{name}_hash": data_hash(side) for name, side in sides.items()} | {
            "marks_hash": marks_hash(self.train),
            "spans_hash": self.spans_hash,
            "silver_hash": self.silver_hash,
            "start_id": self.start_id,
        }
        return hashes | {
            f"{name}_{unit}": count
            for name, side in sides.items()
            for unit, count in (("articles", len(side)), ("statements", sum(len(a.statements) for a in side)))
        }


def load_data(recipe: Recipe) -> ExperimentData:
    """Reads, checks and splits the recipe's data.

    Raises:
        CorpusError: A file breaks a rule of its format or the codebook, or an article stands on both sides.
        RecipeError: The words to exchange cannot be read, or a threshold is that of no label.
        ModelError: The model to go on from cannot be read.
    """
    codebook = recipe.data.read_codebook()
    if unknown := recipe.thresholds.keys() - set(codebook.label_names):
        raise RecipeError(
            f"thresholds.{min(unknown)}: no label of the codebook; it has {', '.join(codebook.label_names)}"
        )
    train = read_corpus(recipe.data.train, codebook=codebook)
    # The split and the choice of articles belong to the recipe, not to the seed: all seeds see the same data.
    rng = np.random.default_rng(0)
    if recipe.data.dev:
        dev = read_corpus(recipe.data.dev, codebook=codebook)
        require_separate(train, dev)
    else:
        train, dev = split_by_article(train, dev_share=recipe.data.dev_share, rng=rng)
    silver = read_silver(recipe.silver.files, labels=codebook.label_names)
    if known := {article.id for article in silver} & {item.whole_id for item in dev}:
        raise CorpusError(f"silver.files: {min(known)} is an article of dev; make them with --apart and the dev files")
    return ExperimentData(
        _choose(train, recipe.data.max_articles, rng),
        _choose(dev, recipe.data.max_dev_articles, rng),
        codebook,
        read_polnear_rows(recipe.spans.polnear, split="train"),
        silver,
        _hash_files("spans.polnear", recipe.spans.polnear, "polnear"),
        _hash_files("silver.files", recipe.silver.files, "silver"),
        _hash_words(Path(recipe.data.exchange_words)) if recipe.data.exchange_share else "",
        identify_start(Path(recipe.encoder.start)) if recipe.encoder.start else "",
    )


def _hash_files(key: str, paths: Sequence[str], command: str) -> str:
    try:
        return text_hash("\n".join(hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in paths))
    except OSError as error:
        raise CorpusError(f"{key}: {error}; `claimbasis corpus {command}` writes such files") from error


def _hash_words(path: Path) -> str:
    try:
        return text_hash(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"data.exchange_words: {path} cannot be read ({error})") from error


def _choose(articles: list[AnnotatedArticle], n: int | None, rng: np.random.Generator) -> list[AnnotatedArticle]:
    return articles if n is None else [articles[i] for i in sorted(rng.permutation(len(articles))[:n].tolist())]
