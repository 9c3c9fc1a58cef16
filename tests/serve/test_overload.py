from __future__ import annotations

import asyncio
import json
import logging
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the service is NOT tested: pip install 'claimbasis[dev]'")
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from claimbasis.cli import main
from claimbasis.serve.gate import Gate, Traffic
from claimbasis.serve.limits import Limits
from claimbasis.serve.server import open_port
from claimbasis.serve.worker import Worker

TEXT = "A source nobody may name said so. Tanks crossed the river at dawn."


def _post(client: TestClient, text: str = TEXT, name: str = "") -> Any:
    return client.post("/v1/label", json={"text": text, "id": name})


def _wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def _n_waiting(client: TestClient) -> int:
    return int(client.get("/health").json()["n_waiting"])


def test_a_full_queue_refuses_and_the_rest_finish(serve: Callable[..., TestClient], model: Any) -> None:
    client = serve(model, max_waiting=2)
    model.gate.clear()
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(_post, client)
        assert model.entered.acquire(timeout=5)
        others = [pool.submit(_post, client) for _ in range(2)]
        _wait_until(lambda: _n_waiting(client) == 2)
        refused = _post(client)
        model.gate.set()
        answers = [future.result() for future in (first, *others)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
    assert refused.json()["allowed"] == "at most 2 waiting requests"


def test_some_requests_are_read_at_once_and_the_others_wait(serve: Callable[..., TestClient], model: Any) -> None:
    client = serve(model, max_at_once=2)
    model.gate.clear()
    with ThreadPoolExecutor(3) as pool:
        answers = [pool.submit(_post, client) for _ in range(3)]
        assert [model.entered.acquire(timeout=5) for _ in range(2)] == [True, True]
        _wait_until(lambda: _n_waiting(client) == 1)
        assert not model.entered.acquire(blocking=False)
        model.gate.set()
        assert {answer.result().status_code for answer in answers} == {200}


def test_long_articles_are_not_read_at_once(serve: Callable[..., TestClient], model: Any) -> None:
    client = serve(model, max_at_once=2, max_article_chars=len(TEXT) * 10)
    model.gate.clear()
    with ThreadPoolExecutor(3) as pool:
        answers = [pool.submit(_post, client, TEXT * 8) for _ in range(2)]
        assert model.entered.acquire(timeout=5)
        _wait_until(lambda: _n_waiting(client) == 1)
        assert not model.entered.acquire(timeout=0.2)
        model.gate.set()
        assert {answer.result().status_code for answer in answers} == {200}


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({"begun": 1, "long": 90, "short": 1}, ["begun", "short", "long"]),
        ({"begun": 1, "first": 2, "second": 2}, ["begun", "first", "second"]),
        ({"begun": 90, "short": 1}, ["short", "begun"]),
        ({"begun": 2, "hardly shorter": 1}, ["begun", "hardly shorter"]),
    ],
)
def test_short_articles_do_not_wait_for_long_ones(
    client: TestClient, model: Any, sizes: dict[str, int], expected: list[str]
) -> None:
    model.gate.clear()
    with ThreadPoolExecutor(len(sizes)) as pool:
        answers = []
        for n_waiting, (name, size) in enumerate(sizes.items()):
            answers.append(pool.submit(_post, client, TEXT * size, name))
            _wait_until(lambda n=n_waiting: _n_waiting(client) == n)
            if not n_waiting:
                assert model.entered.acquire(timeout=5)
        model.gate.set()
        assert {answer.result().status_code for answer in answers} == {200}
    assert model.done == expected


def test_who_has_waited_for_long_is_next_whatever_the_size(client: TestClient, model: Any) -> None:
    model.gate.clear()
    with ThreadPoolExecutor(3) as pool:
        answers = [pool.submit(_post, client, TEXT, "begun")]
        assert model.entered.acquire(timeout=5)
        answers.append(pool.submit(_post, client, TEXT * 2, "long"))
        _wait_until(lambda: _n_waiting(client) == 1)
        time.sleep(0.3)  # against the few milliseconds that the other will have waited
        answers.append(pool.submit(_post, client, TEXT, "short"))
        _wait_until(lambda: _n_waiting(client) == 2)
        model.gate.set()
        assert {answer.result().status_code for answer in answers} == {200}
    assert model.done == ["begun", "long", "short"]


def test_short_articles_without_end_do_not_stop_a_long_one() -> None:
    done: list[str] = []
    begun = threading.Event()

    def read(name: str, n_passes: int) -> Callable[[Callable[[], None]], None]:
        def act(check_time: Callable[[], None]) -> None:
            begun.set()
            for _ in range(n_passes):
                time.sleep(0.01)
                check_time()
            done.append(name)

        return act

    async def run() -> None:
        worker = Worker(Limits(max_waiting=100, max_at_once=1))
        worker.start()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(worker.run(read("long", 20), n_bytes=1000))
            await asyncio.to_thread(begun.wait, 5)
            for _ in range(90):
                tasks.create_task(worker.run(read("short", 1), n_bytes=1))
        worker.stop()

    asyncio.run(run())
    assert 1 <= done.index("long") <= 45
    assert len(done) == 91


def test_the_time_limit_answers_and_the_next_request_is_served(serve: Callable[..., TestClient], model: Any) -> None:
    client = serve(model, timeout_seconds=0.2)
    model.gate.clear()
    late = _post(client)
    assert (late.status_code, late.json()["error"]) == (503, "the time limit is reached")
    model.gate.set()
    assert _post(client).status_code == 200


def test_a_request_that_nobody_waits_for_is_not_read(serve: Callable[..., TestClient], model: Any) -> None:
    client = serve(model, timeout_seconds=0.2)
    model.gate.clear()
    with ThreadPoolExecutor(2) as pool:
        assert {f.result().status_code for f in [pool.submit(_post, client) for _ in range(2)]} == {503}
    model.gate.set()
    assert _post(client).status_code == 200
    # Of the three only the first, which had begun, and the last reached the model.
    assert [model.entered.acquire(blocking=False) for _ in range(3)] == [True, True, False]


def test_a_request_that_timed_out_frees_its_place(serve: Callable[..., TestClient], model: Any) -> None:
    client = serve(model, timeout_seconds=0.3, max_waiting=2)
    model.gate.clear()
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: _post(client), range(3)))
    assert _n_waiting(client) == 0
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(_post, client)
        _wait_until(lambda: _n_waiting(client) == 1)
        model.gate.set()
        assert waiting.result().status_code == 200


def test_who_stops_refuses_new_requests_and_finishes_the_open_one(client: TestClient, model: Any) -> None:
    model.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        open_request = pool.submit(_post, client)
        assert model.entered.acquire(timeout=5)
        client.app.state.traffic.stopping = True  # type: ignore[attr-defined]
        assert [_post(client).status_code, client.get("/health").status_code] == [503, 503]
        assert client.app.state.traffic.n_open == 1  # type: ignore[attr-defined]
        model.gate.set()
        assert open_request.result().status_code == 200


def test_too_many_open_requests_are_refused(serve: Callable[..., TestClient], model: Any) -> None:
    client = serve(model, max_open=1)
    model.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(_post, client)
        assert model.entered.acquire(timeout=5)
        assert client.get("/").status_code == 503
        model.gate.set()
        assert first.result().status_code == 200


def test_who_does_not_take_the_answer_is_let_go() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        await asyncio.Event().wait()

    traffic = Traffic()
    gate = Gate(app, limits=Limits(send_seconds=0.05), traffic=traffic, worker=SimpleNamespace(n_waiting=0))  # type: ignore[arg-type]
    scope = {"type": "http", "path": "/", "headers": [], "app": SimpleNamespace(routes=[])}
    asyncio.run(asyncio.wait_for(gate(scope, receive, send), timeout=5))
    assert traffic.n_open == 0


def test_more_bytes_than_the_server_holds_are_refused_and_given_back(
    serve: Callable[..., TestClient], model: Any
) -> None:
    client = serve(model, max_held_bytes=1_000)
    busy = _post(client, TEXT * 20)
    assert (busy.status_code, busy.json()["allowed"]) == (503, "at most 1,000 bytes in all requests")
    assert [_post(client).status_code for _ in range(20)] == [200] * 20


def test_the_log_is_one_json_line_a_request_without_text(
    client: TestClient, model: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="claimbasis")
    _post(client)
    client.post("/v1/label", json={"text": TEXT, TEXT: TEXT})
    client.get(f"/{TEXT}?text={TEXT}")
    client.get("/openapi.json")
    client.post("/report", data={"text": TEXT})
    client.post("/report", files={"file": (f"{TEXT}.txt", TEXT.encode() + b"\x00")})
    model.failure = ValueError(TEXT)
    failed = _post(client)
    entries = [json.loads(record.getMessage()) for record in caplog.records if record.name.startswith("claimbasis")]
    failure = entries.pop(-2)
    assert [(e["route"], e["status"], e["articles"], e["statements"]) for e in entries] == [
        ("/v1/label", 200, 1, 2),
        ("/v1/label", 422, 0, 0),
        (None, 404, 0, 0),
        ("/openapi.json", 200, 0, 0),
        ("/report", 200, 1, 2),
        ("/report", 422, 0, 0),
        ("/v1/label", 500, 0, 0),
    ]
    assert entries[0].keys() == {"time", "route", "status", "milliseconds", "articles", "statements", "waiting"}
    assert (failure["error"], failed.json()["error"]) == ("ValueError", "the server failed")
    assert "nobody may name" not in caplog.text and "nobody may name" not in failed.text


def test_sigterm_ends_the_command_in_good_order() -> None:
    command = [sys.executable, "-m", "claimbasis.cli", "serve", "--port", "0", "--threads", "1"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        killer = threading.Timer(60, process.kill)
        killer.start()
        assert process.stderr
        address = next(line for line in process.stderr if "is ready" in line).split()[0]
        with urllib.request.urlopen(address + "health", timeout=30) as answer:  # noqa: S310  # our own
            assert json.load(answer)["status"] == "ok"
        process.send_signal(signal.SIGTERM)
        log = process.stderr.read()
        killer.cancel()
    assert (process.returncode, "Traceback" in log) == (0, False)
    assert '"route": "/health", "status": 200' in log


def test_an_address_in_use_is_an_error_with_a_way_out(caplog: pytest.LogCaptureFixture) -> None:
    with open_port("127.0.0.1", 0) as listener:
        assert main(["serve", "--port", str(listener.getsockname()[1])]) == 2
    assert "choose another port" in caplog.text
    assert main(["serve", "--model", str(Path("gone")), "--port", "0"]) == 2
