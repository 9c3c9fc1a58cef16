"""The labels, in order, from the codebook file: the only place where the code learns their names."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from claimbasis.errors import CorpusError


@dataclass(frozen=True, slots=True)
class Label:
    """One ground that a statement can rest on."""

    name: str  # as in predictions: "anonymous_sourced"
    code: str  # one letter, as annotators write it: "A"
    short: str  # for narrow columns: "anonymous"
    definition: str
    credits: bool = True  # whether what carries it is credited to somebody, so that a source is worth looking for


@dataclass(frozen=True, slots=True)
class Codebook:
    """The labels and the further codes that annotators use."""

    version: str
    labels: tuple[Label, ...]
    other_codes: dict[str, str]  # code -> name; these are recorded, never predicted

    @property
    def label_names(self) -> tuple[str, ...]:
        """Names of the labels, in the order of every score vector."""
        return tuple(label.name for label in self.labels)

    @property
    def codes(self) -> frozenset[str]:
        """All letters an annotation may contain."""
        return frozenset(label.code for label in self.labels) | self.other_codes.keys()

    def targets(self, codes: str) -> tuple[float, ...]:
        """Codes of one statement ("CO") as 0 or 1 for each label.

        Raises:
            CorpusError: A code is unknown, repeated, or missing altogether.
        """
        unknown = set(codes) - self.codes
        if unknown or not codes or len(set(codes)) < len(codes):
            raise CorpusError(
                f"codes {codes!r} do not fit codebook {self.version}; write each of {''.join(sorted(self.codes))} "
                "at most once, and at least one"
            )
        return tuple(float(label.code in codes) for label in self.labels)


def parse_codebook(text: str) -> Codebook:
    """A codebook from the text of its TOML file.

    Raises:
        CorpusError: The text is no TOML or a key is missing.
    """
    try:
        values = tomllib.loads(text)
        return Codebook(
            version=values["version"],
            labels=tuple(Label(**label) for label in values["labels"]),
            other_codes={other["code"]: other["name"] for other in values["other_codes"]},
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise CorpusError(
            f"codebook.toml cannot be read: {error!r}; compare it with data/codebook/codebook.toml"
        ) from error


@cache
def shipped_codebook() -> Codebook:
    """The codebook that came with the package."""
    return parse_codebook((files("claimbasis") / "bundled" / "codebook.toml").read_text(encoding="utf-8"))
