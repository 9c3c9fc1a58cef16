"""What the tracking store knows of earlier runs. With `tracking`, the only door to MLflow."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mlflow

from claimbasis.errors import ModelError
from claimbasis.registry.store import EXPERIMENT, MIN_PREFIX, STORE_FILE
from claimbasis.training.tracking import COMPARISON_TAG, open_store


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run of the tracking store, as it was written down."""

    run_id: str
    parent_id: str | None  # the run that it is a part of
    name: str
    status: str  # RUNNING, FINISHED, FAILED or KILLED; a run that was killed hard stays RUNNING
    started: datetime.datetime  # with time zone
    params: dict[str, str]
    metrics: dict[str, float]
    tags: dict[str, str]


def list_trainings() -> list[RunRecord]:
    """All trainings of the store that are not deleted, the newest first; none where there is no store yet.

    Runs that hold a comparison of others are left out.
    """
    # Merely to look must not leave a database behind.
    if not os.environ.get("MLFLOW_TRACKING_URI") and not Path(STORE_FILE).exists():
        return []
    open_store()
    return [run for run in _search() if COMPARISON_TAG not in run.tags]


def _search() -> Iterator[RunRecord]:
    client = mlflow.MlflowClient()
    experiment = client.get_experiment_by_name(EXPERIMENT)
    token = None
    while True:
        page = client.search_runs(
            [experiment.experiment_id], order_by=["attributes.start_time DESC"], max_results=1000, page_token=token
        )
        yield from map(_to_record, page)
        if not (token := page.token):
            return


def _to_record(run: mlflow.entities.Run) -> RunRecord:
    return RunRecord(
        run_id=run.info.run_id,
        parent_id=run.data.tags.get("mlflow.parentRunId"),
        name=run.info.run_name,
        status=run.info.status,
        started=datetime.datetime.fromtimestamp(run.info.start_time / 1000, datetime.UTC),
        params=run.data.params,
        metrics=run.data.metrics,
        tags=run.data.tags,
    )


def pick_run(runs: list[RunRecord], reference: str) -> RunRecord:
    """The one run among these that has an id, or whose id begins so.

    Raises:
        ModelError: None has, or several.
    """
    found = [run for run in runs if run.run_id.startswith(reference)] if len(reference) >= MIN_PREFIX else []
    if len(found) == 1:
        return found[0]
    if found:
        raise ModelError(f"run {reference}: {len(found)} ids begin so; give more of it: {_name(found)}")
    raise ModelError(
        f"run {reference}: not among the {len(runs)} runs of this tracking store; `claimbasis runs` lists them, "
        f"and {MIN_PREFIX} characters of an id are enough where they are its own"
    )


def _name(runs: list[RunRecord]) -> str:
    return ", ".join(run.run_id[:16] for run in runs[:5])


def children_of(runs: list[RunRecord], parent: RunRecord) -> list[RunRecord]:
    """The parts of a run, in the order in which they began."""
    return sorted((run for run in runs if run.parent_id == parent.run_id), key=lambda run: run.started)


def read_text(run_id: str, file_name: str) -> str | None:
    """A text file that a run of the open store logged; None where it has none of this name."""
    if not any(file.path == file_name for file in mlflow.MlflowClient().list_artifacts(run_id)):
        return None
    return str(mlflow.artifacts.load_text(f"runs:/{run_id}/{file_name}"))
