"""From a run to a registered version, and from a version to the champion. No alias moves before its version has predicted."""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from claimbasis.corpus.annotated import AnnotatedArticle, data_hash, read_corpus
from claimbasis.errors import InputError, ModelError
from claimbasis.evaluation.gate import (
    Check,
    Cost,
    compare_standings,
    measure_standing,
    read_gate,
    time_statements,
)
from claimbasis.inference.classifier import Classifier
from claimbasis.inference.reading import OnStatements
from claimbasis.model import Precision, read_settings
from claimbasis.registry import store
from claimbasis.registry.packing import check_model, pack_model
from claimbasis.registry.store import CHAMPION, Version


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate said about a version."""

    version: Version
    champion: Version | None  # before
    data: str  # what was measured on, in words
    checks: tuple[Check, ...]

    @property
    def missed(self) -> list[Check]:
        """The checks that were not passed."""
        return [check for check in self.checks if check.missed_by]


def register_model(source: str, name: str, alias: str, *, precision: Precision | None = None) -> Version:
    """Makes a model version.

    1. Find the model folder. 2. Pack it, and predict with what was packed. 3. Register it. 4. Load it back, predict, and only
    then move the alias.

    Args:
        source: A model folder, or the id of a run, or its beginning.
        name: Of the registered model.
        alias: Moves to the new version.
        precision: The weights to register; int8 where there, when None.

    Raises:
        InputError: The alias is the champion's.
        ModelError: There is no such model, or it does not predict; no alias has moved.
    """
    if alias == CHAMPION:
        raise InputError(
            f"--alias {alias}: only `claimbasis promote` moves it; choose another, such as {store.CANDIDATE}"
        )
    # 1.
    with _find_folder(source) as folder, tempfile.TemporaryDirectory(prefix="claimbasis-") as scratch:
        settings = read_settings(folder)
        # 2.
        packed = Path(scratch) / "packed"
        pack_model(folder, packed, precision=precision)
        model_id = check_model(str(packed))
        # 3.
        run_id = settings.run_id if store.has_run(settings.run_id) else store.make_run(model_id)
        tags = {"model_id": model_id, "training_run": settings.run_id, "train_hash": settings.data_hash}
        tags |= {"dev_macro_f1": f"{settings.scores['macro_f1']:.4f}"} if "macro_f1" in settings.scores else {}
        version = store.create_version(name, packed, run_id, tags)
    # 4.
    check_model(version.address)
    store.set_alias(version, alias)
    return version


@contextmanager
def _find_folder(source: str) -> Iterator[Path]:
    store.open_store(make=True)
    if Path(source).is_dir():
        yield Path(source)
    else:
        with store.fetch_run_model(store.find_run(source)) as folder:
            yield folder


def judge_version(
    name: str,
    reference: str,
    *,
    data: Sequence[str] = (),
    gate_file: Path | None = None,
    on_statements: OnStatements | None = None,
) -> Verdict:
    """Measures a version, beside the present champion, on annotated articles; moves nothing.

    1. Find the versions; the one that asks predicts, as MLflow loads it. 2. Read what to measure on. 3. Measure.

    Args:
        name: Of the registered model.
        reference: A version's number, or an alias.
        data: Files of annotated articles; those that the version's run was measured on, when empty.
        gate_file: The limits; the shipped ones when None.
        on_statements: Called with the number of statements done.

    Raises:
        ModelError: There is no such version, or one of the two cannot be loaded.
        CorpusError: The data break a rule, or lack a label.
        InputError: No data are given, and the run names none.
        RecipeError: The limits cannot be read.
    """
    # 1.
    version = store.find_version(name, reference)
    if version is None:
        raise ModelError(f"{name} {reference}: no such version or alias in the registry; claimbasis register makes one")
    champion = store.find_version(name, CHAMPION)
    check_model(version.address)
    asking = _fetch(version)
    # 2.
    gate = read_gate(gate_file, asking.classifier.settings.labels)
    articles = read_corpus(data or _recorded_data(version), codebook=asking.classifier.settings.codebook)
    # 3.
    rivals = {"asking": asking} | ({CHAMPION: _fetch(champion)} if champion else {})
    times = time_statements({who: rival.classifier for who, rival in rivals.items()}, articles)
    standings = {
        who: measure_standing(
            rival.classifier, articles, rival.classifier.settings.codebook, gate, Cost(times[who], rival.megabytes),
            on_statements=on_statements,
        )
        for who, rival in rivals.items()
    }  # fmt: skip
    checks = compare_standings(gate, standings["asking"], standings.get(CHAMPION))
    return Verdict(version, champion, _describe(articles), tuple(checks))


@dataclass(frozen=True, slots=True)
class _Fetched:
    """A version that is loaded."""

    classifier: Classifier
    megabytes: float  # of its folder


def _fetch(version: Version) -> _Fetched:
    with store.fetch_version(version.address) as folder:
        n_bytes = sum(file.stat().st_size for file in folder.rglob("*"))
        return _Fetched(Classifier.load(folder), n_bytes / 1_000_000)


def _recorded_data(version: Version) -> tuple[str, ...]:
    """The files that the version's training run was measured on."""
    files = store.dev_files(version.run_id)
    if not files:
        raise InputError(f"{version.address}: its run names no annotated articles to measure on; name some with --data")
    if missing := [file for file in files if not Path(file).exists()]:
        raise InputError(
            f"{version.address}: its run was measured on {', '.join(missing)}, not to be found from here; name annotated "
            "articles with --data"
        )
    return files


def _describe(articles: Sequence[AnnotatedArticle]) -> str:
    n_statements = sum(len(item.statements) for item in articles)
    return f"{len(articles)} articles, {n_statements} statements, hash {data_hash(articles)}"


def crown(verdict: Verdict) -> None:
    """Writes the verdict on the version's page, and makes the version champion if nothing was missed."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    outcome = f"missed {len(verdict.missed)} of" if verdict.missed else "passed"
    store.set_tag(verdict.version, "gate", f"{outcome} {len(verdict.checks)} checks on {verdict.data}, {now}")
    if not verdict.missed:
        store.set_alias(verdict.version, CHAMPION)
