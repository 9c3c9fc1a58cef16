"""Runs the application until a signal asks it to stop."""

from __future__ import annotations

import socket
from types import FrameType

import uvicorn
from fastapi import FastAPI

from claimbasis.errors import InputError
from claimbasis.serve.gate import Traffic


class Server(uvicorn.Server):
    """Stops in two steps: first new requests are refused until the open ones are answered, then it ends.

    A second signal ends it at once.
    """

    def __init__(self, app: FastAPI) -> None:
        # The gate writes the log; idle connections are few and need not live long.
        super().__init__(uvicorn.Config(app, log_config=None, access_log=False, server_header=False))
        self._traffic: Traffic = app.state.traffic

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Takes a signal, in place of uvicorn, which would close the door at once and pass the signal on."""
        if self._traffic.stopping:
            self.should_exit = self.force_exit = True
        self._traffic.stopping = True

    async def on_tick(self, counter: int) -> bool:
        """Whether it is time to end."""
        return await super().on_tick(counter) or (self._traffic.stopping and not self._traffic.n_open)


def open_port(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one.

    Raises:
        InputError: The address cannot be had.
    """
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except (OSError, OverflowError) as error:
        raise InputError(
            f"--host {host} --port {port}: cannot listen there ({error}); choose another port, or an address of this machine"
        ) from error
