"""The ASGI application: every marketplace under its name, and what happened under `/_sandbox`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from offerwright.connectors.json_text import dump_json, parse_json
from offerwright.errors import ConfigError
from offerwright.marketplaces.contract import Contract
from offerwright.sandbox.behaviour import Behaviour, Call
from offerwright.sandbox.document import Fault, SandboxDocument
from offerwright.sandbox.faults import FaultScript
from offerwright.sandbox.wire import give
from offerwright.source.load import read_document

MAX_BODY = 8 * 1024 * 1024


class MarketplaceApp:
    """One marketplace as an ASGI application, mounted under `/<name>`."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        raw = scope.get("raw_path", scope["path"].encode()).split(b"?")[0].decode("ascii")
        path = raw.removeprefix(f"/{self.behaviour.document.name}")
        query = dict(parse_qsl(scope["query_string"].decode("ascii"), keep_blank_values=True))
        headers = {k: v for k, v in request.headers.items()}
        call = Call(request.method, path, query, headers, body[:MAX_BODY])
        # Contract checks of large bodies would hold up every other connection.
        said = await asyncio.to_thread(self.behaviour.answer, call)
        await give(said, send, scope["state"]["transport"].abort)


class Sandbox:
    """All marketplaces of one sandbox: what tests and the command look at."""

    def __init__(self, behaviours: Iterable[Behaviour], faults: FaultScript) -> None:
        self.marketplaces = {b.document.name: b for b in behaviours}
        self.faults = faults

    def history(self, marketplace: str) -> list[dict[str, Any]]:
        """Every call to a marketplace, in order."""
        behaviour = self.marketplaces[marketplace]
        with behaviour.state.lock:
            return list(behaviour.state.calls)

    def listings(self, marketplace: str) -> list[dict[str, Any]]:
        """Every listing of a marketplace, oldest first."""
        behaviour = self.marketplaces[marketplace]
        with behaviour.state.lock:
            return behaviour.state.as_json()

    def seed_listings(self, marketplace: str, listings: Iterable[Mapping[str, Any]]) -> list[str]:
        """Listings that exist before the run, `{sku, document, account?}` each; their ids."""
        state = self.marketplaces[marketplace].state
        with state.lock:
            created = []
            for entry in listings:
                document = dict(entry.get("document", {}))
                listing = state.create(entry.get("account", "*"), entry["sku"], document)
                created.append(listing.id)
            return created

    def reset(self) -> None:
        """Forget listings, calls, tokens, limits and faults."""
        self.faults.clear()
        for behaviour in self.marketplaces.values():
            behaviour.reset()

    def app(self) -> Starlette:
        """The application with the pages under `/_sandbox`."""
        pages: list[Any] = [
            Route("/_sandbox/state", self._page(self.listings)),
            Route("/_sandbox/history", self._page(self.history)),
            Route("/_sandbox/listings/{marketplace}", self._seed, methods=["POST"]),
            Route("/_sandbox/faults", self._fault, methods=["POST", "DELETE"]),
            Route("/_sandbox/expire", self._expire, methods=["POST"]),
        ]
        mounts = [Mount(f"/{n}", app=MarketplaceApp(b)) for n, b in self.marketplaces.items()]
        return Starlette(routes=[*pages, *mounts])

    def _page(self, read: Callable[[str], Any]) -> Callable[[Request], Any]:
        async def page(_request: Request) -> Response:
            return _json({name: read(name) for name in self.marketplaces})

        return page

    async def _seed(self, request: Request) -> Response:
        marketplace = request.path_params["marketplace"]
        ids = self.seed_listings(marketplace, parse_json(await request.body()))
        return _json({"ids": ids})

    async def _fault(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.faults.clear()
        else:
            self.faults.add(Fault.model_validate(parse_json(await request.body())))
        return _json({})

    async def _expire(self, _request: Request) -> Response:
        for behaviour in self.marketplaces.values():
            if behaviour.tokens:
                behaviour.tokens.expire()
        return _json({})


def build_sandbox(
    folders: Iterable[Path], *, seed: int = 0, faults: Iterable[Fault] = (),
    clock: Callable[[], float] = time.monotonic,
) -> Sandbox:  # fmt: skip
    """
    The sandbox of the given marketplace folders; those without a `sandbox.yaml` are left out.

    Raises:
        ConfigError: a `sandbox.yaml` does not fit its model, or a contract is no JSON Schema.
    """
    script = FaultScript(faults, seed)
    found = [f for f in folders if (f / "sandbox.yaml").is_file()]
    return Sandbox([_behaviour(folder, script, seed, clock) for folder in found], script)


def _behaviour(
    folder: Path, faults: FaultScript, seed: int, clock: Callable[[], float]
) -> Behaviour:
    document = read_document(folder / "sandbox.yaml", SandboxDocument)
    wanted = sorted({c for r in document.routes.values() for c in r.contracts})
    contracts = [_contract(folder / "contract" / name) for name in wanted]
    wrong = [fault for contract in contracts if (fault := contract.fault) is not None]
    if wrong:
        raise ConfigError(wrong)
    validators = {n: c.validator for n, c in zip(wanted, contracts, strict=True)}
    return Behaviour(document, validators, faults, seed, clock)


def _contract(path: Path) -> Contract:
    place = f"marketplaces/{path.parent.parent.name}/contract/{path.name}"
    return Contract(place, parse_json(path.read_bytes()))


def _json(value: Any) -> Response:
    return Response(dump_json(value), media_type="application/json")
