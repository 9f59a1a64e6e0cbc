"""An answer on the wire: whole and well, or with the fault that the script asked for."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from offerwright.connectors.json_text import dump_json
from offerwright.sandbox.behaviour import Said

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
BOMB_BYTES = 64 * 1024 * 1024
CUT = ("lost_answer", "reset")


async def give(said: Said, send: Send, cut: Callable[[], None]) -> None:
    """Send the answer; `cut` drops the connection without a word."""
    what = said.fault.do if said.fault else None
    if what in CUT:
        cut()
        return
    if what == "stall" and said.fault:
        await asyncio.sleep(float(said.fault.seconds))
        cut()
        return
    body, headers = _content(said)
    if what == "bomb":
        body = await asyncio.to_thread(gzip.compress, b" " * BOMB_BYTES, 9)
        headers["content-encoding"] = "gzip"
    await send(_start(said.status, headers, len(body)))
    if what == "truncate":
        await send(
            {"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True}
        )
        await asyncio.sleep(0.05)
        cut()
    elif what == "drip" and said.fault:
        await _drip(body, float(said.fault.seconds), send)
    else:
        await send({"type": "http.response.body", "body": body})


async def _drip(body: bytes, seconds: float, send: Send) -> None:
    for index in range(len(body)):
        await send(
            {"type": "http.response.body", "body": body[index : index + 1], "more_body": True}
        )
        await asyncio.sleep(seconds)
    await send({"type": "http.response.body", "body": b""})


def _content(said: Said) -> tuple[bytes, dict[str, str]]:
    fault = said.fault
    if fault and fault.body is not None:
        body = fault.body.encode("utf-8", "surrogatepass")
    elif isinstance(said.body, str):
        body = said.body.encode()
    else:
        body = b"" if said.body is None else dump_json(said.body)
    headers = {"content-type": "application/json", **said.headers}
    return body, {**headers, **(fault.headers if fault else {})}


def _start(status: int, headers: Mapping[str, str], length: int) -> dict[str, Any]:
    pairs = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in headers.items()]
    if not any(k == b"content-length" for k, _ in pairs):
        pairs.append((b"content-length", str(length).encode()))
    return {"type": "http.response.start", "status": status, "headers": pairs}
