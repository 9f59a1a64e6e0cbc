"""
The network: one request in, one whole answer or one failure out, within time and size.

The only module that uses httpx2's client. It follows no redirect, keeps no cookie, reads no proxy
from the environment, and its total deadline covers everything from the name look-up to the last
byte: the library's own time-outs are per read, which a slow drip never reaches.
"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
import threading
import zlib
from collections.abc import Mapping
from concurrent.futures import CancelledError
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import httpx2

import offerwright
from offerwright.connectors.exchange import Answered, Failure, Reply, Request
from offerwright.errors import ConfigError, Diagnostic

MAX_HEADERS = 200
USER_AGENT = f"offerwright/{offerwright.__version__}"
_SENT = "http11.send_request_headers.started"
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


def loopback_base(url: str) -> str:
    """
    A base URL that replaces a marketplace's hosts: the sandbox's, on this machine only.

    Raises:
        ConfigError: it is not `http(s)://` plus a loopback address literal.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback or parts.scheme not in ("http", "https") or parts.query or "@" in parts.netloc:
        shown = parts.hostname or url.split("@")[-1][:80]
        raise ConfigError([Diagnostic(
            "BASE_URL_NOT_LOOPBACK",
            f"the base URL names {shown!r}, which is not a loopback address",
            hint="only the sandbox's address may replace a marketplace's: http://127.0.0.1:8731/mercadolibre",
        )])  # fmt: skip
    return url.rstrip("/")


class HttpClient:
    """A connection pool with a total deadline; safe to share between threads. Close it."""

    def __init__(self, *, deadline_s: float = 30.0, body_bytes: int = 4 * 1024 * 1024) -> None:
        self.deadline_s = deadline_s
        self.body_bytes = body_bytes
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._client: httpx2.AsyncClient | None = None

    def exchange(self, request: Request, deadline_s: float | None = None) -> Answered:
        """Send one request; every transport error becomes a `Failure` that says what is known."""
        limit = self.deadline_s if deadline_s is None else min(deadline_s, self.deadline_s)
        running = self._timed(request, limit)
        try:
            return asyncio.run_coroutine_threadsafe(running, self._running()).result()
        except CancelledError:
            text = f"{request.name} was given up when the connector was closed"
            return Failure("in_doubt", "CLOSED", text)

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            loop, thread, self._loop = self._loop, self._thread, None
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._shut(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    def __enter__(self) -> HttpClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name="offerwright-http", daemon=True
                )
                self._thread.start()
            return self._loop

    async def _shut(self) -> None:
        running = asyncio.all_tasks() - {asyncio.current_task()}
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()
            self._client = None
        await asyncio.get_running_loop().shutdown_default_executor()

    async def _timed(self, request: Request, deadline_s: float) -> Answered:
        sent: list[bool] = []

        async def trace(event: str, _info: Mapping[str, Any]) -> None:
            if event == _SENT:
                sent.append(True)

        try:
            async with asyncio.timeout(deadline_s):
                return await self._exchange(request, {"trace": trace})
        except TimeoutError:
            text = f"{request.name} got no whole answer within {deadline_s:.3g} s"
            return Failure("in_doubt" if sent else "unsent", "DEADLINE", text)
        except httpx2.TransportError as exc:
            return _failure(request, exc, bool(sent))
        except httpx2.InvalidURL:
            return Failure("unsent", "BAD_ADDRESS", f"{request.name} has an address that is no URL")

    async def _exchange(self, request: Request, extensions: dict[str, Any]) -> Answered:
        client = self._opened()
        headers = {"Accept": "application/json", **request.headers}
        headers |= {"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"}
        async with client.stream(
            request.method, request.url, headers=headers, content=request.body,
            extensions=extensions,
        ) as response:  # fmt: skip
            names = {k.lower(): v for k, v in response.headers.items()}
            if len(response.headers.raw) > MAX_HEADERS:
                return Reply(response.status_code, {}, broken="has too many headers")
            body, broken = await self._read(response, names.get("content-encoding", "identity"))
            return Reply(response.status_code, names, body, broken)

    async def _read(self, response: httpx2.Response, encoding: str) -> tuple[bytes, str]:
        """The decoded body within the cap: a small gzip can inflate to anything."""
        if encoding.strip().lower() not in ("identity", "gzip", ""):
            return b"", f"is encoded as {encoding[:20]!r}, which was not asked for"
        unpack = zlib.decompressobj(_GZIP_WINDOW) if encoding.strip().lower() == "gzip" else None
        body = bytearray()
        try:
            async for chunk in response.aiter_raw():
                room = self.body_bytes - len(body) + 1
                body += unpack.decompress(chunk, room) if unpack else chunk
                if len(body) > self.body_bytes:
                    return b"", f"is larger than {self.body_bytes} bytes"
        except zlib.error:
            return b"", "is not the gzip that it claims to be"
        except (httpx2.ReadError, httpx2.RemoteProtocolError):
            return b"", "was cut short"
        if unpack and not unpack.eof and body:
            return b"", "was cut short"
        return bytes(body), ""

    def _opened(self) -> httpx2.AsyncClient:
        if self._client is None:
            self._client = httpx2.AsyncClient(
                trust_env=False,
                follow_redirects=False,
                timeout=httpx2.Timeout(self.deadline_s),
                verify=_trusted(),
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            )
        return self._client


@cache
def _trusted() -> ssl.SSLContext:
    """Who is believed to be a host: reading it takes 30 ms, so all clients share it."""
    return httpx2.create_ssl_context(trust_env=False)


def _failure(request: Request, exc: httpx2.TransportError, sent: bool) -> Failure:
    # The exception's text may hold addresses and bytes of the answer: only its type is told.
    what = type(exc).__name__
    if isinstance(exc, httpx2.UnsupportedProtocol):
        return Failure("unsent", "UNREACHABLE", f"{request.name} has an address that is not HTTP")
    if not sent:
        return Failure("unsent", "UNREACHABLE", f"{request.name} reached nobody ({what})")
    return Failure(
        "in_doubt", "ANSWER_LOST", f"{request.name} was sent, its answer is lost ({what})"
    )
