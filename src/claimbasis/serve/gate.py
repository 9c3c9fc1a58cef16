"""What every request passes on its way in and out: room, size, time, headers, and its line in the log."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from claimbasis.serve.answers import REPORT_PATH, answer_refusal
from claimbasis.serve.limits import Limits
from claimbasis.serve.refusals import Refusal, refuse_body, refuse_busy, refuse_stopping
from claimbasis.serve.worker import Worker

logger = logging.getLogger(__name__)
# How much of a body beyond the limit is read and forgotten, in limits, so that its sender hears why.
_MOST_FORGOTTEN = 8
_STATUS_GONE = 499  # for the log: the client left before its request was whole
_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


@dataclass(slots=True)
class Traffic:
    """What is going on in a server."""

    n_open: int = 0  # requests without a complete answer
    n_held_bytes: int = 0  # of their bodies
    stopping: bool = False


@dataclass(slots=True)
class _Exchange:
    """One request and its answer, for the log."""

    started: float = field(default_factory=time.perf_counter)
    status: int | None = None  # None until the answer begins
    n_bytes: int = 0  # of the body as far as it is held


class _ClientGone(Exception):  # not an error
    """The client left before its request was whole, or does not take its answer."""


class Gate:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, *, limits: Limits, traffic: Traffic, worker: Worker) -> None:
        self._app = app
        self._limits = limits
        self._traffic = traffic
        self._worker = worker

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one connection as ASGI prescribes."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange()
        self._traffic.n_open += 1
        try:
            await self._handle(scope, receive, _dress(send, exchange, self._limits.send_seconds), exchange)
        finally:
            self._traffic.n_open -= 1
            self._traffic.n_held_bytes -= exchange.n_bytes
            self._log(scope, exchange)

    async def _handle(self, scope: Scope, receive: Receive, send: Send, exchange: _Exchange) -> None:
        try:
            self._check_room()
            body = await self._read_body(scope, receive, exchange)
            await self._app(scope, _replay(body, receive), send)
        except Refusal as refusal:
            await answer_refusal(refusal, scope["path"])(scope, receive, send)
        except _ClientGone:
            exchange.status = _STATUS_GONE
        except Exception as error:  # noqa: BLE001  # logged: kind and place, not the message, which may hold text
            logger.error("%s", json.dumps({"error": type(error).__name__, "place": _tell_place(error)}))
            if exchange.status is None:
                await _answer_failure(scope["path"])(scope, receive, send)

    def _check_room(self) -> None:
        if self._traffic.stopping:
            raise refuse_stopping()
        if self._traffic.n_open > self._limits.max_open:
            raise refuse_busy(
                f"{self._limits.max_open} open requests", f"at most {self._limits.max_open} open requests"
            )

    def _hold(self, exchange: _Exchange, n_bytes: int) -> None:
        exchange.n_bytes += n_bytes
        self._traffic.n_held_bytes += n_bytes
        most = self._limits.max_held_bytes
        if self._traffic.n_held_bytes > most:
            raise refuse_busy("more bytes in all requests than it can hold", f"at most {most:,} bytes in all requests")

    async def _read_body(self, scope: Scope, receive: Receive, exchange: _Exchange) -> bytes:
        """The whole body, which is never longer than the limit.

        Raises:
            Refusal: The body is too long, does not arrive in time, or the server holds too much already.
        """
        most = self._limits.max_form_bytes if scope["path"] == REPORT_PATH else self._limits.max_body_bytes
        told = dict(scope["headers"]).get(b"content-length", b"")
        if told.isdigit() and int(told[:20]) > most * _MOST_FORGOTTEN:
            raise refuse_body(f"{int(told[:20]):,} bytes", most)
        try:
            async with asyncio.timeout(self._limits.timeout_seconds):
                return await _collect(receive, most, lambda n_bytes: self._hold(exchange, n_bytes))
        except TimeoutError:
            raise Refusal(
                408,
                "the request did not arrive in time",
                found=f"an unfinished body after {self._limits.timeout_seconds:g} seconds",
                allowed=f"at most {self._limits.timeout_seconds:g} seconds",
                way_out="send it again over a faster connection",
            ) from None

    def _log(self, scope: Scope, exchange: _Exchange) -> None:
        """One line of JSON: nothing of what the client wrote, neither a path of its own nor its text."""
        state: dict[str, Any] = scope.get("state", {})
        entry = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "route": _tell_route(scope),
            "status": exchange.status,
            "milliseconds": round(1000 * (time.perf_counter() - exchange.started), 1),
            "articles": state.get("n_articles", 0),
            "statements": state.get("n_statements", 0),
            "waiting": self._worker.n_waiting,
        }
        logger.info("%s", json.dumps(entry))


def _tell_route(scope: Scope) -> str | None:
    """The address when it is one of ours."""
    return next((route.path for route in scope["app"].routes if route.path == scope["path"]), None)


def _dress(send: Send, exchange: _Exchange, seconds: float) -> Send:
    async def send_dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            exchange.status = message["status"]
            message["headers"] = [*message.get("headers", ()), *_HEADERS]
        try:
            async with asyncio.timeout(seconds):  # else clients that read nothing would be open requests for ever
                await send(message)
        except TimeoutError:
            raise _ClientGone from None

    return send_dressed


async def _collect(receive: Receive, most: int, hold: Callable[[int], None]) -> bytes:
    body, n_bytes = bytearray(), 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _ClientGone
        n_bytes += len(message.get("body", b""))
        if n_bytes <= most:
            hold(len(message.get("body", b"")))
            body += message.get("body", b"")
        more = message.get("more_body", False)
        if n_bytes > most * _MOST_FORGOTTEN or (n_bytes > most and not more):
            raise refuse_body(f"{n_bytes:,} bytes{' or more' if more else ''}", most)
        if not more:
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body at once."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return messages.pop() if messages else await receive()

    return receive_again


def _answer_failure(path: str) -> Response:
    refusal = Refusal(
        500,
        "the server failed",
        found="an error in the server",
        allowed="none",
        way_out="tell who runs the server; its log names the place",
    )
    return answer_refusal(refusal, path)


def _tell_place(error: Exception) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
