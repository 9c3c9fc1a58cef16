"""MLflow's store, as far as models are concerned: runs that hold one, registered versions, aliases."""

from __future__ import annotations

import ast
import os
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mlflow
from mlflow.exceptions import MlflowException

from claimbasis.errors import ModelError
from claimbasis.model import CARD_FILE

CANDIDATE, CHAMPION = "candidate", "champion"
EXPERIMENT = "claimbasis"
STORE_FILE = "mlflow.db"  # in the working directory
# In the MLflow model, and in the artifacts of a run.
_FOLDER_IN_VERSION, _FOLDER_IN_RUN = "artifacts/model", "model"
# Of MLflow's errors: no such model or version, no such alias.
_NOT_THERE = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")
MIN_PREFIX = 4  # characters of a run id; fewer would hit by luck


@dataclass(frozen=True, slots=True)
class Version:
    """A registered model version."""

    name: str  # of the registered model
    number: int  # from 1
    run_id: str
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """By which MLflow, and `Classifier.load`, find it."""
        return f"models:/{self.name}/{self.number}"


def name_store() -> str:
    """The store's address; absolute, because MLflow keeps what it opened when a program changes its directory."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{Path(STORE_FILE).absolute()}"


def open_store(*, make: bool = False) -> mlflow.MlflowClient:
    """A client of the store: the one chosen in MLflow, else `MLFLOW_TRACKING_URI`, else a SQLite file in the working directory.

    Args:
        make: Whether that SQLite file may be made.

    Raises:
        ModelError: There is no such file.
    """
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    if not mlflow.tracking.is_tracking_uri_set():
        path = Path(STORE_FILE).absolute()
        if not make and not path.exists():
            raise ModelError(
                f"{path}: no tracking store here; change to the folder that has it, or set MLFLOW_TRACKING_URI"
            )
        mlflow.set_tracking_uri(name_store())
    return mlflow.MlflowClient()


@contextmanager
def tell_failures() -> Iterator[None]:
    """Whatever else MLflow refuses in the block (a server that does not answer, a database of another version) is told plainly.

    Raises:
        ModelError: MLflow refused something.
    """
    try:
        yield
    except MlflowException as error:
        raise ModelError(
            f"{mlflow.get_tracking_uri()}: the store refuses ({error}); see MLFLOW_TRACKING_URI"
        ) from error


@contextmanager
def fetch_version(address: str) -> Iterator[Path]:
    """The model folder of a registered version; gone when the block ends.

    Args:
        address: Such as "models:/claimbasis@champion" or "models:/claimbasis/3".

    Raises:
        ModelError: There is no store, no such version, or it holds no model of ours.
    """
    open_store()
    with _fetch(address, {"artifact_uri": f"{address}/{_FOLDER_IN_VERSION}"}, "claimbasis register makes one") as path:
        yield path


@contextmanager
def fetch_run_model(run_id: str) -> Iterator[Path]:
    """The model folder that a run logged; gone when the block ends.

    Raises:
        ModelError: The run has none.
    """
    where = {"run_id": run_id, "artifact_path": _FOLDER_IN_RUN}
    with _fetch(f"run {run_id}", where, "name the run of one seed, or a model folder") as path:
        yield path


@contextmanager
def _fetch(what: str, where: Mapping[str, str], advice: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="claimbasis-") as scratch:
        try:
            path = Path(mlflow.artifacts.download_artifacts(**where, dst_path=scratch))
        except (MlflowException, OSError) as error:
            raise ModelError(f"{what}: no model in {mlflow.get_tracking_uri()} ({error}); {advice}") from error
        yield path


def find_run(prefix: str) -> str:
    """The id of the one run of all experiments whose id begins so.

    Raises:
        ModelError: None does, or several.
    """
    if len(prefix) < MIN_PREFIX:
        raise ModelError(f"{prefix}: neither a model folder nor {MIN_PREFIX} characters of a run id")
    try:
        client = open_store()
    except ModelError as error:
        raise ModelError(f"{prefix}: no model folder, and to look for a run: {error}") from error
    found = [run_id for run_id in _list_runs(client) if run_id.startswith(prefix)]
    if not found:
        raise ModelError(
            f"{prefix}: neither a model folder nor the beginning of a run id in {mlflow.get_tracking_uri()}"
        )
    if len(found) > 1:
        raise ModelError(f"{prefix}: {len(found)} run ids begin so; give more of it")
    return found[0]


def _list_runs(client: mlflow.MlflowClient) -> Iterator[str]:
    """All run ids: MLflow cannot search for their beginnings."""
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    token = None
    while True:
        page = client.search_runs(experiments, max_results=1000, page_token=token)
        yield from (str(run.info.run_id) for run in page)
        if not (token := page.token):
            return


def has_run(run_id: str) -> bool:
    """Whether the store knows a run that is not deleted."""
    try:
        return str(mlflow.MlflowClient().get_run(run_id).info.lifecycle_stage) == "active"
    except MlflowException:
        return False


def dev_files(run_id: str) -> tuple[str, ...]:
    """The files that a training run was measured on; none where it took a share of the training data, or did not say."""
    params = mlflow.MlflowClient().get_run(run_id).data.params
    try:
        return tuple(map(str, ast.literal_eval(params.get("data.dev", "[]"))))
    except (ValueError, SyntaxError):
        return ()


def make_run(name: str) -> str:
    """A finished run that holds nothing yet, for a model whose own run is not in this store."""
    client = mlflow.MlflowClient()
    known = client.get_experiment_by_name(EXPERIMENT)
    experiment_id = known.experiment_id if known else client.create_experiment(EXPERIMENT)
    run_id = str(client.create_run(experiment_id, run_name=name).info.run_id)
    client.set_terminated(run_id)
    return run_id


def create_version(name: str, packed: Path, run_id: str, tags: Mapping[str, str]) -> Version:
    """Registers an MLflow model: its files go to the artifacts of the run, its card is the description.

    Raises:
        ModelError: MLflow does not take the name.
    """
    client = mlflow.MlflowClient()
    place = f"registered-{uuid.uuid4().hex[:8]}"  # a version is never written over
    try:
        _ensure_model(client, name)
        client.log_artifacts(run_id, str(packed), place)
        card = packed / _FOLDER_IN_VERSION / CARD_FILE
        description = card.read_text(encoding="utf-8") if card.exists() else None
        made = client.create_model_version(
            name, f"runs:/{run_id}/{place}", run_id=run_id, tags=dict(tags), description=description
        )
    except MlflowException as error:
        raise ModelError(f"{name}: cannot be registered ({error}); no alias has moved") from error
    return _to_version(made)


def _ensure_model(client: mlflow.MlflowClient, name: str) -> None:
    try:
        client.get_registered_model(name)
    except MlflowException:
        client.create_registered_model(name, description="Says, statement by statement, what news rests on.")


def find_version(name: str, reference: str) -> Version | None:
    """The version with a number or an alias; None where there is none.

    Raises:
        ModelError: There is no store, or it does not answer.
    """
    client = open_store()
    find = client.get_model_version if reference.isdecimal() else client.get_model_version_by_alias
    try:
        return _to_version(find(name, reference))
    except MlflowException as error:
        if error.error_code in _NOT_THERE:
            return None
        raise ModelError(f"{name} {reference}: {mlflow.get_tracking_uri()} does not answer ({error})") from error


def set_alias(version: Version, alias: str) -> None:
    """Moves an alias, in one step.

    Raises:
        ModelError: MLflow does not move it.
    """
    try:
        mlflow.MlflowClient().set_registered_model_alias(version.name, alias, str(version.number))
    except MlflowException as error:
        raise ModelError(f"{version.address}: cannot become {alias} ({error}); no alias has moved") from error


def set_tag(version: Version, key: str, value: str) -> None:
    """Writes a fact on a version's page."""
    mlflow.MlflowClient().set_model_version_tag(version.name, str(version.number), key, value)


def _to_version(found: Any) -> Version:  # noqa: ANN401  # MLflow has no types
    return Version(found.name, int(found.version), found.run_id, dict(found.tags))
