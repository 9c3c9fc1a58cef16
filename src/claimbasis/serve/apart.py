"""Reads a stranger's document in a process of its own, which can be stopped at any moment and has bounded memory.

Files can be made to keep their parsers busy for hours, fill the memory, or crash a library; here that ends one request.
"""

from __future__ import annotations

import importlib
import json
import logging
import subprocess
import sys
import tempfile
from dataclasses import asdict
from typing import IO, Any

from claimbasis.serve.files import KINDS, parse_file
from claimbasis.serve.limits import Limits
from claimbasis.serve.refusals import Refusal
from claimbasis.serve.worker import CheckTime
from claimbasis.types import Article

MAX_MEMORY_BYTES = 1_500_000_000  # of addresses; the libraries alone take 300 million
_CHECK_SECONDS = 0.1


def parse_apart(name: str, raw: bytes, limits: Limits, check_time: CheckTime) -> list[Article]:
    """Like `parse_file`.

    Raises:
        Refusal: See `parse_file`; also when the process ended before it was done.
        TimeoutError: The time limit is reached.
    """
    head = json.dumps({"name": name, "limits": asdict(limits)}).encode()
    # A file, because a pipe would have to be filled while the clock is watched.
    with tempfile.TemporaryFile() as task:
        task.write(head + b"\n" + raw)
        task.seek(0)
        process = _start(task)
        try:
            answer = _wait(process, check_time)
        finally:
            process.kill()
            process.communicate()
    if process.returncode:
        raise _refuse_end(name)
    found: dict[str, Any] = json.loads(answer)
    if refusal := found.get("refusal"):
        raise Refusal(found["status"], **refusal)
    return [Article(**row) for row in found["articles"]]


def _start(task: IO[bytes]) -> subprocess.Popen[bytes]:
    # -P: nothing is imported from the folder where the server was started. A session of its own: Ctrl-C is for the server,
    # which lets open requests finish.
    return subprocess.Popen(
        [sys.executable, "-P", "-m", __name__],
        stdin=task,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _wait(process: subprocess.Popen[bytes], check_time: CheckTime) -> bytes:
    while True:
        check_time()
        try:
            return process.communicate(timeout=_CHECK_SECONDS)[0]
        except subprocess.TimeoutExpired:
            continue


def _refuse_end(name: str) -> Refusal:
    return Refusal(
        422,
        "the file cannot be read",
        found=f"{name}: a file that takes too much memory, or breaks the program that reads it",
        allowed=KINDS,
        way_out="save its text as .txt, or paste the text",
    )


def _main() -> None:
    """The other process: task on standard input, answer on standard output."""
    logging.disable()
    _limit_memory()
    head, _, raw = sys.stdin.buffer.read().partition(b"\n")
    task = json.loads(head)
    answer: dict[str, Any]
    try:
        answer = {"articles": [asdict(article) for article in parse_file(task["name"], raw, Limits(**task["limits"]))]}
    except Refusal as refusal:
        answer = {"refusal": refusal.to_dict(), "status": refusal.status}
    sys.stdout.write(json.dumps(answer))


def _limit_memory() -> None:
    try:
        resource = importlib.import_module("resource")
    except ModuleNotFoundError:  # on Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))


if __name__ == "__main__":
    _main()
