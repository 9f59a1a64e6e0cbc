"""One account's connector: drives the flows over the network, within limits, with credentials."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

import structlog

from offerwright.connectors.answers import judge
from offerwright.connectors.auth import (
    Token,
    TokenFlow,
    TokenStore,
    auth_headers,
    is_fresh,
    token_flow,
)
from offerwright.connectors.client import HttpClient, loopback_base
from offerwright.connectors.document import ConnectorDocument
from offerwright.connectors.exchange import Answered, Failure, Reply, Request
from offerwright.connectors.flow import Context, Flow, poll_flow, read_back_flow, send_flow
from offerwright.connectors.limits import Limits
from offerwright.connectors.redaction import Redactor
from offerwright.connectors.requests import Account, account_names
from offerwright.connectors.secrets import Secret, read_secret
from offerwright.marketplaces.operation import Operation, Outcome

FIRST_BACKOFF_S = 0.25
BACKOFF_CAP_S = 4.0
PATIENCE_S = 5.0
CALL_S = 45.0


class Listings(Protocol):
    """Which id the marketplace gave to a listing."""

    def external_id(self, account: str, sku: str) -> str | None:
        """The id, or None when it is not known."""


@dataclass(frozen=True, slots=True)
class Timing:
    """The clocks and waits of a connector; tests pass their own.

    `clock` is monotonic seconds, `wall` the time of day in UTC, `jitter` a number in [0, 1).
    `patience_s` is the longest wait for the rate limit before `retry` is answered instead, `call_s`
    the longest that `send`, `poll` or `read_back` may take in all, `backoff_s` the pause before a
    request is first sent again; it doubles.
    """

    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.Random().random
    patience_s: float = PATIENCE_S
    call_s: float = CALL_S
    backoff_s: float = FIRST_BACKOFF_S


class Connector:
    """Sends, polls and reads back operations of one account. Close it, or use it in a `with`."""

    def __init__(
        self, document: ConnectorDocument, account: Account, *, tokens: TokenStore,
        environ: Mapping[str, str], listings: Listings | None = None,
        base_url: str | None = None, timing: Timing | None = None,
    ) -> None:  # fmt: skip
        """
        Args:
            document: the marketplace's `connector.yaml`.
            account: name, credentials reference and all settings.
            tokens: where access and refresh tokens live.
            environ: where secrets are looked up; read once, here.
            listings: ids of listings, asked when an operation comes without one.
            base_url: the sandbox's address instead of the marketplace's; loopback only.
            timing: clocks and waits.

        Raises:
            CredentialsRefused: a secret is missing; the message names the variable.
            ConfigError: `base_url` is not a loopback address.
        """
        self.document = document
        self.account = account
        self.limits: Limits
        self._tokens = tokens
        self._listings = listings
        self._base_url = loopback_base(base_url) if base_url else None
        self._timing = timing or Timing()
        self._secrets = _secrets(document, account, environ)
        self._token: Token | None = None
        self._refused: Outcome | None = None
        self._refreshing = threading.Lock()
        self._redactor = Redactor(s.reveal() for s in self._secrets.values())
        self._client = HttpClient(
            deadline_s=document.bounds.deadline_s, body_bytes=document.bounds.body_bytes
        )
        self.limits = Limits(document.buckets, self._timing.clock())
        self._log = structlog.get_logger("offerwright.connectors").bind(
            account=account.name, marketplace=account.marketplace
        )

    def send(self, operation: Operation, external_id: str | None = None) -> Outcome:
        """Carry out one operation; never raises for anything the network or the answer does."""
        return self._drive(
            "send", operation, send_flow(operation, self._context(operation, external_id))
        )

    def poll(
        self, operation: Operation, handle: str | None = None, external_id: str | None = None
    ) -> Outcome:
        """What became of an accepted operation."""
        context = self._context(operation, external_id)
        return self._drive("poll", operation, poll_flow(operation, handle, context))

    def read_back(self, operation: Operation, external_id: str | None = None) -> Outcome:
        """What is live: `confirmed` with `observed`, or `rejected` with `LISTING_NOT_FOUND`."""
        context = self._context(operation, external_id)
        return self._drive("read_back", operation, read_back_flow(operation, context))

    def connect(self) -> Outcome:
        """Check the credentials: fetch a token if the marketplace grants one."""
        if self.document.auth.method == "headers":
            return Outcome("confirmed")
        granted = self._fresh_token(None, self._timing.clock() + self._timing.call_s)
        return granted if isinstance(granted, Outcome) else Outcome("confirmed")

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def __enter__(self) -> Connector:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _context(self, operation: Operation, external_id: str | None) -> Context:
        known = external_id
        if known is None and self._listings is not None:
            known = self._listings.external_id(operation.account, operation.sku)
        return Context(self.document, account_names(self.account), known, self._base_url)

    def _drive(self, step: str, operation: Operation, flow: Flow) -> Outcome:
        answered: Answered | None = None
        pause = 0.0
        until = self._timing.clock() + self._timing.call_s
        while True:
            try:
                request = next(flow) if answered is None else flow.send(answered)
            except StopIteration as stop:
                outcome: Outcome = stop.value
                break
            result = self._authorised(request, until)
            if isinstance(result, Outcome):
                flow.close()
                outcome = result
                break
            answered, pause = result
        return self._settled(step, operation, outcome, pause)

    def _settled(self, step: str, operation: Operation, outcome: Outcome, pause: float) -> Outcome:
        outcome = self._redactor.outcome(outcome)
        if outcome.kind == "retry" and outcome.retry_after_s is None and pause:
            outcome = replace(outcome, retry_after_s=pause)
        self._log.info(
            "outcome", step=step, operation=operation.id, kind=outcome.kind, status=outcome.status,
            codes=[p.code for p in outcome.problems], retry_after_s=outcome.retry_after_s,
        )  # fmt: skip
        return outcome

    def _authorised(self, request: Request, until: float) -> tuple[Answered, float] | Outcome:
        """The answer to a request made with credentials; a token that is over is renewed once."""
        token: Token | None = None
        for last in (False, True):
            if self.document.auth.method != "headers":
                granted = self._fresh_token(token, until)
                if isinstance(granted, Outcome):
                    return granted
                token = granted
            headers = {**request.headers, **auth_headers(self.document, self._secrets, token)}
            answered, pause = self._patient(replace(request, headers=headers), until)
            if last or token is None or not self._is_over(answered, request):
                break
        return answered, pause

    def _is_over(self, answered: Answered, request: Request) -> bool:
        document = self.document
        spec = document.requests[request.name]
        return judge(answered, request, spec, document.answers, document.problems, {}).refresh

    def _fresh_token(self, over: Token | None, until: float) -> Token | Outcome:
        """A token that is fresh and not the one that is over: one refresh serves all who wait."""
        with self._refreshing:
            if self._refused is not None:
                return self._refused
            if is_fresh(self._token, self._now()) and not _same(self._token, over):
                assert self._token is not None, "a fresh token is one"
                return self._token
            with self._tokens.lock(self.account.name):
                return self._renewed(over, until)

    def _renewed(self, over: Token | None, until: float) -> Token | Outcome:
        saved = self._tokens.load(self.account.name)
        if saved is not None and is_fresh(saved, self._now()) and not _same(saved, over):
            return self._use(saved)
        names = account_names(self.account)
        flow = token_flow(self.document, self._secrets, names, saved, self._now(), self._base_url)
        granted = self._grant(flow, until)
        if isinstance(granted, Outcome):
            self._log.warning("token refused", kind=granted.kind, status=granted.status)
            self._refused = granted if granted.kind == "auth" else None
            return self._redactor.outcome(granted)
        self._tokens.save(self.account.name, granted)
        return self._use(granted)

    def _grant(self, flow: TokenFlow, until: float) -> Token | Outcome:
        try:
            request = next(flow)
            while True:
                answered, _ = self._patient(request, until)
                request = flow.send(answered)
        except StopIteration as stop:
            granted: Token | Outcome = stop.value
            return granted

    def _use(self, token: Token) -> Token:
        self._redactor.learn((token.access, token.refresh))
        self._token = token
        return token

    def _now(self) -> float:
        return self._timing.wall().timestamp()

    def _patient(self, request: Request, until: float) -> tuple[Answered, float]:
        """Send within the rate limit, again where that is safe; with the pause after a 429."""
        timing = self._timing
        attempts = self.document.retry.attempts
        for attempt in range(1, attempts + 1):
            wait = self.limits.reserve(request.bucket, timing.clock(), timing.patience_s)
            if wait > timing.patience_s:
                text = f"the rate limit of {request.bucket} is used up for {wait:.0f} s"
                return Failure("unsent", "RATE_LIMITED", text, wait), wait
            if wait > 0:
                timing.sleep(wait)
            left = until - timing.clock()
            if left <= 0:
                text = f"{request.name} was not sent: the time of the whole call is used up"
                return Failure("unsent", "DEADLINE", text), 0.0
            answered = self._timed(request, attempt, left)
            pause = self.limits.learn(request.bucket, answered, timing.clock(), timing.wall())
            if attempt == attempts or not _worth_repeating(answered, request):
                break
            delay = min(BACKOFF_CAP_S, timing.backoff_s * 2.0 ** (attempt - 1))
            timing.sleep(delay * (0.5 + timing.jitter() / 2))
        return answered, pause

    def _timed(self, request: Request, attempt: int, left_s: float) -> Answered:
        began = self._timing.clock()
        answered = self._client.exchange(request, left_s)
        self._log.debug(
            "exchange", request=request.name, method=request.method, attempt=attempt,
            elapsed_ms=round((self._timing.clock() - began) * 1000),
            status=answered.status if isinstance(answered, Reply) else None,
            failure=answered.code if isinstance(answered, Failure) else None,
        )  # fmt: skip
        return answered


def _secrets(
    document: ConnectorDocument, account: Account, environ: Mapping[str, str]
) -> dict[str, Secret]:
    reference = account.credentials or account.name
    return {name: read_secret(reference, name, environ) for name in document.auth.secrets}


def _worth_repeating(answered: Answered, request: Request) -> bool:
    """Provably unsent, or harmless to repeat; a deadline is not tried again at once."""
    if isinstance(answered, Failure):
        if answered.code == "DEADLINE":
            return False
        return answered.kind == "unsent" or request.repeatable
    return answered.status in (500, 502, 503, 504) and request.repeatable


def _same(one: Token | None, other: Token | None) -> bool:
    return one is not None and other is not None and one.access == other.access
