"""The sandbox as a server on 127.0.0.1: in a thread for tests, or in the foreground."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from offerwright.errors import OfferwrightError
from offerwright.sandbox.app import Sandbox, build_sandbox
from offerwright.sandbox.document import Fault, FaultsDocument
from offerwright.source.load import read_document

HOST = "127.0.0.1"
START_S = 10.0


class _Protocol(H11Protocol):
    """Hands the connection to the application, which must be able to cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.app_state = {**self.app_state, "transport": transport}
        super().connection_made(transport)


class RunningSandbox:
    """A sandbox that serves in a thread; close it, or use it in a `with`."""

    def __init__(self, sandbox: Sandbox, port: int = 0) -> None:
        self.sandbox = sandbox
        self._socket = _listen(port)
        self.port: int = self._socket.getsockname()[1]
        self._server = uvicorn.Server(_config(sandbox))
        self._thread = threading.Thread(target=self._serve, name="offerwright-sandbox", daemon=True)
        self._thread.start()
        deadline = time.monotonic() + START_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise OfferwrightError("the sandbox did not start")
            time.sleep(0.005)

    @property
    def url(self) -> str:
        """The address of the whole sandbox."""
        return f"http://{HOST}:{self.port}"

    def base_url(self, marketplace: str) -> str:
        """What a connector of this marketplace takes as `base_url`."""
        return f"{self.url}/{marketplace}"

    def close(self) -> None:
        """Stop serving."""
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(START_S)
        self._socket.close()

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket])

    def __enter__(self) -> RunningSandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.close()


def serve(
    folders: Iterable[Path], *, port: int = 0, seed: int = 0, faults: Iterable[Fault] = ()
) -> RunningSandbox:
    """Start the sandbox of these marketplace folders; port 0 takes a free one."""
    return RunningSandbox(build_sandbox(folders, seed=seed, faults=faults), port)


def run(
    folders: Iterable[Path], *, port: int = 8731, seed: int = 0, faults: Path | None = None,
    ready: Callable[[str], None] | None = None,
) -> None:  # fmt: skip
    """
    Serve in the foreground until interrupted.

    Args:
        folders: the marketplace folders.
        port: where to listen on 127.0.0.1; 0 takes a free one.
        seed: draws the shares of the fault script; the script's own seed is added to it.
        faults: a `kind: faults` file.
        ready: called with the address once it listens.
    """
    script = read_document(faults, FaultsDocument) if faults else None
    sandbox = build_sandbox(
        folders, seed=seed + (script.seed if script else 0), faults=script.faults if script else ()
    )
    listening = _listen(port)
    if ready:
        ready(f"http://{HOST}:{listening.getsockname()[1]}")
    uvicorn.Server(_config(sandbox)).run(sockets=[listening])


def _listen(port: int) -> socket.socket:
    # The protocol number is written out: without it asyncio leaves Nagle's algorithm on, and every
    # answer waits 40 ms.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
    except OSError as exc:
        listening.close()
        raise OfferwrightError(f"port {port} on {HOST} is taken: choose another --port") from exc
    listening.listen(128)
    return listening


def _config(sandbox: Sandbox) -> uvicorn.Config:
    http: Any = _Protocol
    return uvicorn.Config(
        sandbox.app(), http=http, ws="none", lifespan="off", log_config=None, access_log=False,
        server_header=False, timeout_graceful_shutdown=1,
    )  # fmt: skip
