"""Where a run writes down what it did: a small protocol, and MLflow behind it. The only door to MLflow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import mlflow
from matplotlib.figure import Figure

from claimbasis.errors import ModelError
from claimbasis.registry.store import EXPERIMENT, name_store

COMPARISON_TAG = "claimbasis.compares"  # on runs that hold no training, but a comparison of two


class RunLog(Protocol):
    """Where a training run writes down what it did."""

    @property
    def run_id(self) -> str:
        """By which the run can be found again."""

    def params(self, values: Mapping[str, Any]) -> None:
        """Settings and facts that hold for the whole run."""

    def metric(self, name: str, value: float, *, step: int = 0) -> None:
        """One number."""

    def text(self, content: str, file_name: str) -> None:
        """A text file."""

    def figure(self, figure: Figure, file_name: str) -> None:
        """A picture."""

    def folder(self, path: Path, name: str) -> None:
        """All files of a folder."""

    def note(self, markdown: str) -> None:
        """What is to be read first about the run."""


class MlflowLog:
    """Writes to one MLflow run, by its id: runs of several processes or threads do not get in each other's way."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self._client = mlflow.MlflowClient()

    def params(self, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            self._client.log_param(self.run_id, name, value)

    def metric(self, name: str, value: float, *, step: int = 0) -> None:
        self._client.log_metric(self.run_id, name, value, step=step)

    def text(self, content: str, file_name: str) -> None:
        self._client.log_text(self.run_id, content, file_name)

    def figure(self, figure: Figure, file_name: str) -> None:
        self._client.log_figure(self.run_id, figure, file_name)

    def folder(self, path: Path, name: str) -> None:
        self._client.log_artifacts(self.run_id, str(path), name)

    def note(self, markdown: str) -> None:
        self._client.set_tag(self.run_id, "mlflow.note.content", markdown)


def open_store() -> str:
    """Chooses the tracking store: `MLFLOW_TRACKING_URI` when set, else a SQLite file in the working directory.

    Returns:
        The store's address.
    """
    mlflow.set_tracking_uri(name_store())
    mlflow.set_experiment(EXPERIMENT)
    return str(mlflow.get_tracking_uri())


@contextmanager
def tracked_run(
    name: str, *, run_id: str | None = None, parent_id: str | None = None, tags: Mapping[str, str] | None = None
) -> Iterator[MlflowLog]:
    """A run that is marked finished, failed, or (on Ctrl-C) killed when the block ends.

    Args:
        name: Shown in the list of runs.
        run_id: Goes on with this run instead of starting one.
        parent_id: The run this one is a part of.
        tags: By which a new run can be told from others.
    """
    client = mlflow.MlflowClient()
    if run_id is None:
        experiment = client.get_experiment_by_name(EXPERIMENT)
        all_tags = {**(tags or {}), **({"mlflow.parentRunId": parent_id} if parent_id else {})}
        run_id = client.create_run(experiment.experiment_id, run_name=name, tags=all_tags).info.run_id
    else:
        client.update_run(run_id, status="RUNNING")
    status = "FAILED"
    try:
        yield MlflowLog(run_id)
        status = "FINISHED"
    except KeyboardInterrupt:
        status = "KILLED"
        raise
    finally:
        client.set_terminated(run_id, status)


def mark_killed(run_id: str) -> None:
    """Ends a run whose process could not do it."""
    mlflow.MlflowClient().set_terminated(run_id, "KILLED")


def fetch_model(run_id: str) -> Path:
    """The model folder that a run logged, fetched from the store.

    Raises:
        ModelError: The store knows no such run, or the run has no model.
    """
    store = open_store()
    try:
        return Path(mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="model"))
    except (mlflow.exceptions.MlflowException, OSError) as error:
        raise ModelError(f"{run_id}: neither a model folder nor a run with a model in {store} ({error})") from error
