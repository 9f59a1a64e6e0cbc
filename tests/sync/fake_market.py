"""
A marketplace on 127.0.0.1 that remembers everything: real HTTP, single-use tokens, faults by SKU.

The first letters of a SKU say what goes wrong with the writes to it:

    LOST-   it takes effect, then the connection is cut; once per (SKU, aspect)
    DROP-   the connection is cut before it takes effect; once per (SKU, aspect)
    ASYNC-  202 and a handle; live after the second poll
    LATE-   202 and a handle; the second poll says rejected
    BAD-    422 with two problems
    BOOM-   500, always
    SLOW-   the answer takes `slow_s` seconds
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ASPECT_FIELDS = {"price": ("price",), "stock": ("quantity",), "content": ("title",)}


@dataclass(frozen=True)
class Effect:
    """One change that really happened."""

    sku: str
    aspect: str
    generation: int
    value: Any


@dataclass
class FakeMarket:
    """State and history; `with FakeMarket() as market:` serves it."""

    slow_s: float = 0.0
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    effects: list[Effect] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    throttles: dict[str, list[str | None]] = field(default_factory=dict)
    access: str = "access-0"
    refresh: str = "refresh-0"
    refreshes: int = 0
    faulted: set[tuple[str, str]] = field(default_factory=set)
    submissions: dict[str, dict[str, Any]] = field(default_factory=dict)
    polls: Counter[str] = field(default_factory=Counter)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __enter__(self) -> FakeMarket:
        market = self

        class Handler(_Handler):
            pass

        Handler.market = market
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def expire_token(self) -> None:
        with self.lock:
            self.access = f"expired-{self.refreshes}"

    def throttle(self, lane: str, *retry_after: str | None) -> None:
        """The next writes of a lane (`price`, `stock`, `content`, `create`) answer 429."""
        self.throttles[lane] = list(retry_after)

    def writes(self) -> int:
        return sum(method != "GET" for method, _ in self.requests)

    def violations(self) -> list[str]:
        """Each generation takes effect once, none after a newer one, one listing per SKU."""
        found = []
        newest: dict[tuple[str, str], int] = {}
        for effect in self.effects:
            key = (effect.sku, effect.aspect)
            if effect.generation <= newest.get(key, 0):
                found.append(f"{key}: generation {effect.generation} after {newest[key]}")
            newest[key] = max(newest.get(key, 0), effect.generation)
        listings = Counter(e.sku for e in self.effects if e.aspect == "create")
        return found + [f"{sku}: {count} listings" for sku, count in listings.items() if count > 1]

    def apply(self, sku: str, aspect: str, generation: int, body: dict[str, Any]) -> None:
        item = self.items.setdefault(sku, {"id": f"ID-{sku}", "sku": sku})
        item.update(body)
        self.effects.append(Effect(sku, aspect, generation, body))


class _Handler(BaseHTTPRequestHandler):
    market: FakeMarket
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def answer(self, status: int, body: dict[str, Any], **headers: str) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def cut(self) -> None:
        self.close_connection = True
        self.connection.close()

    def body(self) -> dict[str, Any]:
        size = int(self.headers.get("Content-Length", "0"))
        found: dict[str, Any] = json.loads(self.rfile.read(size) or b"{}")
        return found

    def do_GET(self) -> None:
        with self.market.lock:
            self.market.requests.append(("GET", self.path))
            kind, _, name = self.path.strip("/").partition("/")
            if kind == "submissions":
                self.poll(name)
            elif name in self.market.items:
                self.answer(200, self.market.items[name])
            else:
                self.answer(404, {"error": "no such listing"})

    def do_POST(self) -> None:
        body = self.body()
        if self.path == "/token":
            with self.market.lock:
                self.token(body)
            return
        self.write(str(body["sku"]), "create", body)

    def do_PUT(self) -> None:
        _, sku, aspect = self.path.strip("/").split("/")
        self.write(sku, aspect, self.body())

    def token(self, body: dict[str, Any]) -> None:
        market = self.market
        if body.get("refresh_token") != market.refresh:
            self.answer(400, {"error": "invalid_grant"})
            return
        market.refreshes += 1
        market.access = f"access-{market.refreshes}"
        market.refresh = f"refresh-{market.refreshes}"
        self.answer(200, {"access_token": market.access, "refresh_token": market.refresh})

    def write(self, sku: str, aspect: str, body: dict[str, Any]) -> None:
        market = self.market
        if sku.startswith("SLOW-"):
            time.sleep(market.slow_s)
        with market.lock:
            market.requests.append((self.command, self.path))
            if self.headers.get("Authorization") != f"Bearer {market.access}":
                self.answer(401, {"error": "invalid_token"})
                return
            if market.throttles.get(aspect):
                after = market.throttles[aspect].pop(0)
                self.answer(429, {}, **({} if after is None else {"Retry_After": after}))
                return
            self.judge(sku, aspect, body)

    def judge(self, sku: str, aspect: str, body: dict[str, Any]) -> None:
        market = self.market
        kind = sku.partition("-")[0]
        first = (sku, aspect) not in market.faulted
        market.faulted.add((sku, aspect))
        generation = int(self.headers["X-Generation"])
        if kind == "BAD":
            problems = [
                {"code": "LOW", "message": "too low"},
                {"code": "OLD", "message": "too old"},
            ]
            self.answer(422, {"problems": problems})
        elif kind == "BOOM":
            self.answer(500, {})
        elif kind == "DROP" and first:
            self.cut()
        elif kind in ("ASYNC", "LATE"):
            handle = f"{sku}.{aspect}.{generation}"
            market.submissions[handle] = {"sku": sku, "aspect": aspect, "body": body}
            self.answer(202, {"handle": handle})
        else:
            market.apply(sku, aspect, generation, body)
            if kind == "LOST" and first:
                self.cut()
            else:
                self.answer(200, {"id": market.items[sku]["id"]})

    def poll(self, handle: str) -> None:
        market = self.market
        market.polls[handle] += 1
        sub = market.submissions[handle]
        if market.polls[handle] < 2:
            self.answer(200, {"status": "processing"})
        elif sub["sku"].startswith("LATE-"):
            self.answer(
                200, {"status": "rejected", "problems": [{"code": "TAX", "message": "tax"}]}
            )
        else:
            if market.polls[handle] == 2:
                generation = int(handle.rpartition(".")[2])
                market.apply(sub["sku"], sub["aspect"], generation, sub["body"])
            self.answer(200, {"status": "live", "id": market.items[sub["sku"]]["id"]})


def exact(value: Any) -> Decimal | None:
    """A JSON text amount."""
    return None if value is None else Decimal(str(value))
