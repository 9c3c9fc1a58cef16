from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from archive_rows import make_rows, read_output, write_jsonl

from claimbasis.archive.job import JobOptions, run_job
from claimbasis.archive.labelling import ModelChoice
from claimbasis.archive.ray_engine import RayEngine
from claimbasis.errors import InputError

ray = pytest.importorskip("ray", reason="the Ray engine is NOT tested: pip install 'claimbasis[ray]'")
# Ray's own: sockets and files that it leaves to its processes, and notes about coming versions.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:.*ray.*:FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Three nodes on this machine; the first one only runs the job."""
    from ray.cluster_utils import Cluster  # noqa: PLC0415

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    for _ in range(2):
        cluster.add_node(num_cpus=1)
    ray.init(address=cluster.address, log_to_driver=False)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


def label_on(model: Path, output: str, **more: Any) -> Any:
    choice = ModelChoice(str(model), None, None, n_threads=1)
    options = JobOptions(("news.jsonl",), Path(output), choice, n_rows=10)
    return run_job(options, lambda choice: RayEngine(choice, address=None, **more), is_stopped=wait_a_little)


def wait_a_little() -> bool:
    """Asked before each part: so that the job lasts long enough to have a node killed under it."""
    time.sleep(0.1)
    return False


def test_a_node_that_is_killed_costs_nothing(
    cluster: Any, archive: Callable[..., int], tiny_model: Path, tmp_path: Path
) -> None:
    write_jsonl(Path("news.jsonl"), make_rows(300))
    assert archive("news.jsonl", output="whole") == 0
    n_at_kill = []

    def kill() -> None:
        while len(list(tmp_path.glob("out/articles/*.parquet"))) < 3:
            time.sleep(0.01)
        n_at_kill.append(len(list(tmp_path.glob("out/articles/*.parquet"))))
        cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)

    killer = threading.Thread(target=kill)
    killer.start()
    summary = label_on(tiny_model, "out")
    killer.join()
    assert n_at_kill[0] < 20
    for _ in range(300):  # a node that was killed says no goodbye
        if sum(node["Alive"] for node in ray.nodes()) == 2:
            break
        time.sleep(0.1)
    else:
        raise AssertionError("the node was not killed")
    assert summary.n_new == 300
    assert read_output(Path("out")) == read_output(Path("whole"))


def test_what_no_node_can_hold_is_refused(
    cluster: Any, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_jsonl(Path("news.jsonl"), make_rows(5))
    with pytest.raises(InputError, match="no machine of the cluster has 1 cores and 1 GPUs"):
        label_on(tiny_model, "gpu", n_gpus=1.0)
