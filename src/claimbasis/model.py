"""The model folder: the contract between training and everything that uses a model.

A folder holds `settings.json` (this module's `ModelSettings`), `codebook.toml` with the labels, `tokenizer.json`, one ONNX
file a precision, and a card (`README.md`). The settings name every other file with its SHA-256, so that a damaged or mixed folder is noticed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from claimbasis.codebook import Codebook, read_codebook, render_codebook, shipped_codebook
from claimbasis.errors import CorpusError, ModelError
from claimbasis.windows import Pooling, Reading, SpecialTokens

# Rises when the same weights would answer otherwise: other batches (int8 scales by them), other rules for sources.
READING_VERSION = 6
FORMAT_VERSION = 1
SETTINGS_FILE = "settings.json"
CODEBOOK_FILE = "codebook.toml"
TOKENIZER_FILE = "tokenizer.json"
CARD_FILE = "README.md"

Precision = Literal["fp32", "int8"]


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Everything about a model but its weights and its vocabulary."""

    name: str
    codebook: Codebook  # its labels, in the order of all scores; in a file of its own
    thresholds: tuple[float, ...]  # per label, on calibrated scores in [0, 1]
    temperatures: tuple[float, ...]  # per label, divisors of the logits
    offsets: tuple[float, ...]  # per label, added to what the temperature left of the logits
    reading: Reading  # the better one on dev
    pooling: Pooling
    max_tokens: int  # of a window
    overlap_tokens: int  # of context that a further window begins with
    max_statement_tokens: int
    special: SpecialTokens
    base: str  # the encoder it was trained from
    run_id: str  # in the tracking store
    data_hash: str  # of the training data
    created: str  # ISO 8601
    scores: dict[str, float]  # measured on dev with the best precision
    roles: tuple[str, ...] = ()  # of the spans it marks; none: it has no tags
    files: dict[str, str] = field(default_factory=dict)  # name -> SHA-256
    format_version: int = FORMAT_VERSION

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the labels, in the order of all scores."""
        return self.codebook.label_names

    @property
    def codebook_version(self) -> str:
        """Of the codebook that the model was trained under."""
        return self.codebook.version

    def model_id(self, precision: Precision) -> str:
        """Name and fingerprint of what decides predictions: two models with one id give the same answers."""
        decisive = (
            "thresholds",
            "temperatures",
            "offsets",
            "reading",
            "pooling",
            "max_tokens",
            "overlap_tokens",
            "max_statement_tokens",
        )
        essence = [self.labels, *(asdict(self)[name] for name in decisive)] + [
            self.files.get(n) for n in (weights_file(precision), TOKENIZER_FILE)
        ]
        # Where labels credit nobody, no source is looked for.
        essence.append([label.name for label in self.codebook.labels if not label.credits])
        essence.append([label.name for label in self.codebook.labels if label.unnamed])
        essence.append(READING_VERSION)
        return f"{self.name}-{hashlib.sha256(json.dumps(essence).encode()).hexdigest()[:8]}"


def weights_file(precision: Precision) -> str:
    """Name of the ONNX file of a precision."""
    return f"model.{precision}.onnx"


def shipped_model() -> Path:
    """The folder of the model that came with the package."""
    return Path(str(files("claimbasis"))) / "bundled" / "model"


def write_settings(folder: Path, settings: ModelSettings, file_names: Sequence[str]) -> ModelSettings:
    """Writes `codebook.toml`, and `settings.json` with its checksum and those of the named files, which must already be there.

    Returns:
        The settings as written.
    """
    (folder / CODEBOOK_FILE).write_text(render_codebook(settings.codebook), encoding="utf-8", newline="\n")
    names = sorted({*file_names, CODEBOOK_FILE})
    values = {name: value for name, value in asdict(settings).items() if name != "codebook"}
    values |= {"labels": settings.labels, "files": {name: _sha256(folder / name) for name in names}}
    (folder / SETTINGS_FILE).write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return replace(settings, files=values["files"])


def copy_model(source: Path, target: Path, precisions: Sequence[Precision]) -> ModelSettings:
    """Copies a model folder, with some of its weights only.

    Args:
        source: A model folder.
        target: A folder that does not exist yet or is empty.
        precisions: The weights to copy.

    Raises:
        ModelError: The source is damaged or lacks a precision, or the target is in use.
    """
    settings = read_settings(source)
    wanted = [weights_file(precision) for precision in precisions]
    if missing := [file for file in wanted if file not in settings.files]:
        raise ModelError(f"{source}: has no {', '.join(missing)}; it has {', '.join(settings.files)}")
    require_free(target)
    target.mkdir(parents=True, exist_ok=True)
    kept = [file for file in settings.files if file in wanted or not file.endswith(".onnx")]
    for file in kept:
        shutil.copyfile(source / file, target / file)
    return write_settings(target, settings, kept)


def require_free(target: Path) -> None:
    """Sees that nothing would be overwritten.

    Raises:
        ModelError: The target is a file, or a folder that is not empty.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ModelError(f"{target}: is not empty; name a new folder, or remove this one")


def read_settings(folder: Path, *, verify: bool = True) -> ModelSettings:
    """The settings of a model folder.

    Args:
        folder: The model folder.
        verify: Whether to compare every file with its checksum.

    Raises:
        ModelError: The folder is none, of another format version, or damaged.
    """
    path = folder / SETTINGS_FILE
    try:
        settings = _parse_settings(json.loads(path.read_text(encoding="utf-8")), folder)
    except FileNotFoundError as error:
        raise ModelError(
            f"{folder}: no model folder ({SETTINGS_FILE} is missing); train one, or name another"
        ) from error
    except (OSError, ValueError, TypeError, KeyError, CorpusError) as error:
        raise ModelError(f"{path}: cannot be read ({error!r}); export the model again") from error
    for name, expected in settings.files.items() if verify else ():
        _verify(folder / Path(name).name, expected)
    return settings


def _parse_settings(values: dict[str, Any], folder: Path) -> ModelSettings:
    if values.get("format_version") != FORMAT_VERSION:
        raise ValueError(f"format version {values.get('format_version')}, not {FORMAT_VERSION}")
    labels, codebook = values.pop("labels"), _read_codebook(folder)
    if list(codebook.label_names) != labels:
        raise ValueError(f"labels {labels}, but those of its codebook are {list(codebook.label_names)}")
    values.pop("codebook_version", None)
    values.setdefault("offsets", [0.0] * len(labels))  # folders made before there were any
    known = {f.name for f in fields(ModelSettings)} - {"codebook"}
    if unknown := values.keys() - known:
        raise ValueError(f"unknown settings {sorted(unknown)}")
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    return ModelSettings(**(values | {"special": SpecialTokens(**values["special"]), "codebook": codebook}))


def _read_codebook(folder: Path) -> Codebook:
    """The codebook of a folder; one that holds none was made under the shipped one, before codebooks travelled along."""
    path = folder / CODEBOOK_FILE
    return read_codebook(path) if path.exists() else shipped_codebook()


def _verify(path: Path, expected: str) -> None:
    try:
        found = _sha256(path)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error}); export or install the model again") from error
    if found != expected:
        raise ModelError(
            f"{path}: SHA-256 is {found[:12]}…, settings say {expected[:12]}…; export or install the model again"
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
