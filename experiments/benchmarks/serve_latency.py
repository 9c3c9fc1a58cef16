# ruff: noqa: T201  # what it prints is what it is for
"""Latency of `claimbasis serve`: a 30-statement article from the project's corpus, asked for by several clients at once.

    claimbasis serve --port 8000 &
    python experiments/benchmarks/serve_latency.py --url http://127.0.0.1:8000

Run it on an idle machine. Each client sends its next request when it has the answer to the one before; what is refused
with 503 is counted and not repeated. At the end a burst of requests fills the queue: how many are refused, how many read.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from machine import describe_machine

CORPUS = Path(__file__).parents[2] / "data" / "corpus" / "train.jsonl"
N_STATEMENTS = 30


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the server."""

    status: int
    seconds: float


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the machine and a table."""
    options = parse_options(argv)
    body = json.dumps({"text": make_article(CORPUS)}).encode()
    model = json.load(urllib.request.urlopen(f"{options.url}/v1/model"))  # noqa: S310  # the address is ours
    print(f"{describe_machine()}; model {model['id']}; articles of {N_STATEMENTS} statements, {len(body):,} bytes")
    measure(options.url, body, n_clients=1, n_requests=options.warm_up)
    print(f"{'clients':>8} {'requests':>8} {'p50 ms':>8} {'p99 ms':>8} {'a second':>9} {'503':>5} {'other':>5}")
    for n_clients in options.clients:
        print(measure(options.url, body, n_clients=n_clients, n_requests=options.requests))
    burst = 3 * model["limits"]["max_waiting"]
    print(f"overload, {burst} at once:")
    print(measure(options.url, body, n_clients=burst, n_requests=burst))
    return 0


def parse_options(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="latency of a running `claimbasis serve`")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--requests", type=int, default=400, help="a row; p99 of fewer than 100 is the slowest one")
    parser.add_argument("--warm-up", type=int, default=10)
    return parser.parse_args(argv)


def make_article(corpus: Path) -> str:
    """A text of the first 30 statements that the corpus marks, one a line, so that they are found again."""
    statements: list[str] = []
    for line in corpus.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        statements += [row["text"][s["start"] : s["end"]] for s in row["statements"]]
    return "\n\n".join(statements[:N_STATEMENTS])


def measure(url: str, body: bytes, *, n_clients: int, n_requests: int) -> str:
    """One row of the table; the quantiles are those of the answers with status 200."""
    started = time.perf_counter()
    with ThreadPoolExecutor(n_clients) as pool:
        answers = list(pool.map(lambda _: ask(url, body), range(n_requests)))
    seconds = time.perf_counter() - started
    read = [1000 * answer.seconds for answer in answers if answer.status == 200]
    refused = sum(answer.status == 503 for answer in answers)
    p50, p99 = np.quantile(read, [0.5, 0.99]) if read else (float("nan"), float("nan"))
    return (
        f"{n_clients:8} {n_requests:8} {p50:8.1f} {p99:8.1f} {len(read) / seconds:9.1f} "
        f"{refused:5} {n_requests - len(read) - refused:5}"
    )


def ask(url: str, body: bytes) -> Answer:
    """Sends the article over a new connection and checks that it was read."""
    request = urllib.request.Request(  # noqa: S310  # the address is ours
        f"{url}/v1/label", body, {"Content-Type": "application/json"}
    )
    started = time.perf_counter()
    try:
        with urllib.request.urlopen(request, timeout=120) as response:  # noqa: S310  # the address is ours
            answer: Any = json.load(response)
    except urllib.error.HTTPError as error:
        return Answer(error.code, time.perf_counter() - started)
    except OSError:
        return Answer(0, time.perf_counter() - started)
    seconds = time.perf_counter() - started
    if (found := len(answer["articles"][0]["statements"])) != N_STATEMENTS:
        raise SystemExit(f"{url}: {found} statements came back, {N_STATEMENTS} were sent; choose other articles")
    return Answer(200, seconds)


if __name__ == "__main__":
    sys.exit(main())
