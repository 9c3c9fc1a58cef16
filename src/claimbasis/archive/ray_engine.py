"""Parts labelled by the machines of a Ray cluster, or by this one as if it were a cluster."""

from __future__ import annotations

import importlib
import re
import socket
from typing import Any, Self

from claimbasis.archive.labelling import Labelled, ModelChoice, Work, label_texts, load_in_worker
from claimbasis.errors import ArchiveError, InputError

# A node may die while it works on a part, and so may the next one; for ever would mean that the part itself kills them.
MAX_RETRIES = 5
_REACH_SECONDS = 10.0
_HOST_AND_PORT = re.compile(r"[\w.-]+:\d{1,5}")


class RayEngine:
    """Labels each piece of a part in a task of its own, which Ray starts elsewhere when a worker or a machine dies.

    Inputs are read and the output is written where the job was started: no machine needs to see another one's disks,
    but each needs claimbasis and, unless it is the shipped one, the model in the same folder.
    """

    def __init__(self, choice: ModelChoice, *, address: str | None, n_gpus: float = 0.0) -> None:
        """Connects to a cluster.

        Args:
            choice: The model; its number of threads is the number of cores that a task takes.
            address: Of a running cluster, as `ray start` prints it; None begins one on this machine.
            n_gpus: What a task takes of a GPU.

        Raises:
            InputError: Ray is not installed, the cluster cannot be reached, or none of its machines is large enough.
        """
        self._ray = _import_ray()
        self._n_cores, self._n_gpus = choice.n_threads or 1, n_gpus
        self._is_ours = not self._ray.is_initialized()
        if self._is_ours:
            self._connect(address)
        self._choice = self._ray.put(choice)
        task = self._ray.remote(_label)
        self._task = task.options(num_cpus=self._n_cores, num_gpus=n_gpus, max_retries=MAX_RETRIES)
        self._parts: dict[Any, str] = {}
        self.n_labelled = 0
        if not self.n_slots:
            self._disconnect()
            raise InputError(
                f"--engine ray: no machine of the cluster has {self._n_cores} cores and {n_gpus:g} GPUs for a worker; "
                "take fewer --threads or --gpus-per-worker"
            )

    def _connect(self, address: str | None) -> None:
        try:
            if address and _HOST_AND_PORT.fullmatch(address):
                # Ray itself tries for minutes before it says that nobody is there.
                host, port = address.rsplit(":", 1)
                socket.create_connection((host, int(port)), timeout=_REACH_SECONDS).close()
            self._ray.init(
                address=address or "local", log_to_driver=False, include_dashboard=False if not address else None
            )
        except Exception as error:  # Ray's exceptions have no common parent
            raise InputError(
                f"--ray-address {address}: no Ray cluster can be reached there ({error}); start one with: ray start --head"
            ) from error

    @property
    def n_slots(self) -> int:
        """How many pieces the machines that are there now can label at a time."""
        found = 0
        for node in self._ray.nodes():
            if node["Alive"]:
                has = node["Resources"]
                slots = has.get("CPU", 0) / self._n_cores
                found += int(min(slots, has.get("GPU", 0) / self._n_gpus) if self._n_gpus else slots)
        return found

    def submit(self, work: Work) -> None:
        """Takes a piece on."""
        self._parts[self._task.remote(self._choice, work)] = work.part

    def next_done(self) -> Labelled:
        """Waits for a piece.

        Raises:
            ArchiveError: It killed its worker again and again, or failed.
        """
        (reference,), _ = self._ray.wait(list(self._parts), num_returns=1)
        part = self._parts.pop(reference)
        try:
            labelled: Labelled = self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            cause = getattr(error, "cause", None) or error
            raise ArchiveError(f"part {part}: could not be labelled on the cluster ({cause})") from error
        self.n_labelled += len(labelled.statements) + len(labelled.rejects)
        return labelled

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Drops what is still in hand, and the connection if it was made here."""
        for reference in self._parts:
            self._ray.cancel(reference, force=True)
        self._disconnect()

    def _disconnect(self) -> None:
        if self._is_ours:
            self._ray.shutdown()


def _label(choice: ModelChoice, work: Work) -> Labelled:
    return label_texts(load_in_worker(choice), work)


def _import_ray() -> Any:  # noqa: ANN401  # a module
    try:
        return importlib.import_module("ray")
    except ModuleNotFoundError as error:
        raise InputError("--engine ray: ray is not installed; pip install 'claimbasis[ray]'") from error
