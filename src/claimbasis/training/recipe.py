"""All that decides a training run, as one typed value read from a TOML file."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from claimbasis.codebook import Codebook, read_codebook, shipped_codebook
from claimbasis.corpus.annotated import text_hash
from claimbasis.errors import RecipeError
from claimbasis.windows import Pooling, Reading

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(gt=0)]


# What is trained: the encoder, or a simple system that it must beat.
System = Literal["encoder", "tfidf", "phrases"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Data(_Section):
    """Files of annotated articles, relative to the working directory."""

    train: Annotated[list[str], Field(min_length=1)]
    dev: list[str] = []  # empty: `dev_share` of the train articles
    dev_share: Annotated[float, Field(gt=0, lt=1)] = 0.15
    max_articles: Positive | None = None  # for learning curves: a random choice of this many train articles
    max_dev_articles: Positive | None = None
    codebook: str | None = (
        None  # a codebook.toml, under which all these files were annotated; the shipped one when left out
    )
    origin: str = ""  # where the texts and labels come from, for the model's card

    exchange_share: Share = 0.0  # of training windows whose names and numbers are exchanged for others, anew each time
    exchange_words: str = "seeds/exchangeable-words.toml"  # for which others
    phrases: str = ""  # file of phrases that mark unnamed sources, one a line, for the baseline that looks for them

    def read_codebook(self) -> Codebook:
        """The labels to learn.

        Raises:
            CorpusError: The file cannot be read or breaks a rule.
        """
        return shipped_codebook() if self.codebook is None else read_codebook(Path(self.codebook))


class Encoder(_Section):
    """The network under the labels."""

    base: str = "all-MiniLM-L6-v2"  # this name (weights come from a package), any hub name, or a folder
    start: str | None = None  # folder of a model trained from this base, from whose weights training goes on
    pooling: Pooling = "both"
    dropout: Share = 0.1
    freeze_embeddings: bool = False


class Windows(_Section):
    """How statements are read together."""

    max_tokens: Annotated[int, Field(ge=16, le=8192)] = 256
    train_tokens: Annotated[int, Field(ge=16, le=8192)] | None = None  # the longest in training; as above when None
    overlap_tokens: Annotated[int, Field(ge=0)] = 32
    max_statement_tokens: Annotated[int, Field(ge=8)] = 160
    alone_share: Share = 0.3  # share of articles that an epoch reads one statement at a time
    reading: Reading = "windows"  # how the finished model reads by default

    @property
    def statement_tokens(self) -> int:
        """Most tokens of a statement, so that one fits a window with the tokens around it."""
        return min(self.max_statement_tokens, self.max_tokens - 2)


class Spans(_Section):
    """How sources and cues are learned; our own corpus marks them in the annotated articles."""

    polnear: list[str] = []  # files of `claimbasis corpus polnear`; its train articles teach spans alone
    epoch_share: Share = 1.0  # of PolNeAR's articles that an epoch reads, chosen anew each time
    weight: Annotated[float, Field(ge=0)] = 10.0  # of the tags' loss beside that of the labels


class Silver(_Section):
    """What other models say of raw articles, learned beside what people and careful readers wrote."""

    files: list[str] = []  # of `claimbasis corpus silver`
    epoch_share: Share = 1.0  # of their articles that an epoch reads, chosen anew each time


class Optimisation(_Section):
    """How the weights are found."""

    epochs: Positive = 6
    learning_rate: Annotated[float, Field(gt=0, lt=1)] = 2e-4
    layer_decay: Annotated[float, Field(gt=0, le=1)] = 1.0  # factor on the learning rate for each layer further down
    weight_decay: Annotated[float, Field(ge=0)] = 0.01
    warmup_share: Share = 0.1
    tokens_per_batch: Positive = 2048
    positive_weight: Annotated[float, Field(ge=0, le=1)] = 0.5  # exponent on negatives/positives; 0 ignores imbalance
    patience: Positive = 3  # epochs without a better dev macro-F1 before the run stops


Setting = bool | int | float | str


class Range(_Section):
    """Where a sweep looks for one setting: between two numbers, or among some choices."""

    low: int | float | None = None
    high: int | float | None = None  # itself included
    log: bool = False  # as many trials between 1 and 10 as between 10 and 100
    step: Annotated[int | float, Field(gt=0)] | None = None
    choices: Annotated[list[Setting], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Range:
        if self.choices is not None:
            if self.model_fields_set != {"choices"}:
                raise ValueError("has choices, so low, high, log and step say nothing")
            if len(set(map(repr, self.choices))) < len(self.choices):
                raise ValueError(f"choices {self.choices} repeat")
        elif self.low is None or self.high is None:
            raise ValueError("needs low and high, or choices")
        elif self.low >= self.high:
            raise ValueError(f"low {self.low} is not below high {self.high}")
        elif self.log and (self.low <= 0 or self.step is not None):
            raise ValueError("log needs low above 0, and no step")
        return self


class Sweep(_Section):
    """Which settings a sweep tries; each trial trains with the first of the recipe's seeds."""

    n_trials: Positive
    round_size: Positive = 4  # trials that know nothing of each other, and so may run at the same time
    startup_trials: Positive = (
        4  # are drawn without regard to earlier ones, and none is pruned before as many are complete
    )
    warmup_epochs: Positive = 1  # that every trial gets
    # A trial ends early when its best epoch so far is below that of this percentage of the complete trials of earlier rounds.
    keep_percent: Annotated[float, Field(gt=0, le=100)] = 50.0
    seed: Annotated[int, Field(ge=0)] = 1  # of the settings drawn
    space: Annotated[dict[str, Range], Field(min_length=1)]  # by dotted key, such as "optimisation.learning_rate"


class Recipe(_Section):
    """One question, and how it is put to the test."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    question: str
    data: Data
    seeds: Annotated[list[int], Field(min_length=1)]
    average_seeds: bool = False  # also package the mean of the seeds' weights; a single seed is just itself
    system: System = "encoder"  # the simple ones use nothing of the sections below `data`
    encoder: Encoder = Encoder()
    windows: Windows = Windows()
    spans: Spans = Spans()
    silver: Silver = Silver()
    optimisation: Optimisation = Optimisation()
    thresholds: dict[str, Share] = {}  # on a label's calibrated scores; those of other labels are chosen on dev
    # Says nothing about a single training: `exclude` keeps it out of fingerprints and logs.
    sweep: Annotated[Sweep | None, Field(exclude=True)] = None

    @model_validator(mode="after")
    def _has_weights_to_average(self) -> Recipe:
        if self.average_seeds and self.system != "encoder":
            raise ValueError("average_seeds needs an encoder: simple systems have no weights to average")
        return self

    @property
    def fingerprint(self) -> str:
        """Eight hexadecimal digits that change with every setting that decides a result, but the seeds."""
        return text_hash(
            json.dumps(
                self.model_dump(exclude={"seeds": True, "average_seeds": True, "question": True, "data": {"origin"}}),
                sort_keys=True,
            )
        )[:8]


# What `--smoke` replaces: everything runs once, for real, on little.
SMOKE = (
    "name=smoke",
    "seeds=[1]",
    "data.max_articles=6",
    "data.max_dev_articles=4",
    "windows.max_tokens=96",
    "windows.train_tokens=96",
    "windows.max_statement_tokens=48",
    "windows.overlap_tokens=24",
    "spans.epoch_share=0.01",
    "silver.epoch_share=0.01",
    "optimisation.epochs=1",
)


def read_recipe(path: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """The recipe in a TOML file, with some values replaced.

    Args:
        path: The file.
        overrides: Such as "optimisation.epochs=3", each value written as in TOML (a bare word counts as text).

    Raises:
        RecipeError: The file cannot be read, a key is unknown, or a value is not allowed; all faults are named at once.
    """
    try:
        values = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(f"{path}: cannot be read ({error}); recipes are TOML files, see experiments/") from error
    for override in overrides:
        _apply(values, override)
    try:
        recipe = Recipe.model_validate(values)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise RecipeError(f"{path}: {faults}") from error
    if recipe.system == "phrases" and not recipe.data.phrases:
        raise RecipeError(f'{path}: system "phrases" needs data.phrases, such as "seeds/anonymity-phrases.txt"')
    if len(set(recipe.seeds)) < len(recipe.seeds):
        raise RecipeError(f"{path}: seeds {recipe.seeds} repeat; each seed is one run")
    return recipe


def _apply(values: dict[str, Any], override: str) -> None:
    key, separator, raw = override.partition("=")
    if not separator or not key:
        raise RecipeError(f"override {override!r} is not of the form key=value, such as optimisation.epochs=3")
    try:
        value = tomllib.loads(f"value = {raw}")["value"]
    except tomllib.TOMLDecodeError:
        value = raw
    *sections, name = key.split(".")
    for section in sections:
        values = values.setdefault(section, {})
        if not isinstance(values, dict):
            raise RecipeError(f"override {override!r}: {section} is no section of the recipe")
    values[name] = value
