"""What commands that touch marketplaces need: the store, connectors, the real clock."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from types import FrameType

import click

from offerwright.cli.loadouts import wrong_contracts
from offerwright.cli.log import log_to_stderr
from offerwright.cli.options import STATE
from offerwright.connectors.connector import Connector, Timing
from offerwright.connectors.document import ConnectorDocument
from offerwright.connectors.requests import Account as ConnectorAccount
from offerwright.errors import ConfigError, OfferwrightError
from offerwright.loadout import Loadout
from offerwright.rules.plan import Account
from offerwright.source.load import load_one
from offerwright.store.open import open_store
from offerwright.store.protocol import Owner, Store
from offerwright.sync.ports import Limits
from offerwright.sync.stored import StoredListings, StoredTokens

SANDBOX_SECRET = "sandbox"
SANDBOX_STORE = f"sqlite:///{STATE}/sandbox.db"
SANDBOX_RATE = Decimal(200)
SANDBOX_PAUSE_S = 0.05


class SystemClock:
    """The real time."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass(frozen=True)
class Live:
    """The outside world of one command."""

    loadout: Loadout
    store: Store
    sandbox: str | None
    clock: SystemClock

    def connector(self, account: Account) -> Connector:
        """The connector of an account. Raises `CredentialsRefused` for a missing secret."""
        document = connector_document(self.loadout, account.marketplace)
        if self.sandbox is not None:
            document = _unhurried(document)
        marketplace = self.loadout.marketplaces[account.marketplace]
        settings = marketplace.account_settings(
            account.site or None, account.currency, account.settings, account.trade_policy or None
        )
        reference = account.credentials or account.name
        return Connector(
            document,
            ConnectorAccount(account.name, account.marketplace, reference, settings),
            tokens=StoredTokens(self.store, self.clock),
            environ=self._environ(document, reference),
            listings=StoredListings(self.store),
            base_url=f"{self.sandbox}/{account.marketplace}" if self.sandbox else None,
            timing=Timing(backoff_s=SANDBOX_PAUSE_S) if self.sandbox else None,
        )

    def limits(self, max_failures: int | None) -> Limits:
        """The bounds of one run. The sandbox answers at once, so it is asked again at once."""
        limits = Limits(max_failures=max_failures)
        if self.sandbox is None:
            return limits
        return replace(limits, backoff_s=SANDBOX_PAUSE_S, poll_s=SANDBOX_PAUSE_S)

    def _environ(self, document: ConnectorDocument, reference: str) -> dict[str, str]:
        """The environment; the sandbox takes any secret, so none has to be set for it."""
        from offerwright.connectors.secrets import variable_name

        if self.sandbox is None:
            return dict(os.environ)
        return {variable_name(reference, name): SANDBOX_SECRET for name in document.auth.secrets}


def _unhurried(document: ConnectorDocument) -> ConnectorDocument:
    """The sandbox's own limits are the ones to keep; nobody need wait for the real ones there."""
    buckets = {
        name: bucket.model_copy(update={"per_second": SANDBOX_RATE, "burst": int(SANDBOX_RATE)})
        for name, bucket in document.buckets.items()
    }
    return document.model_copy(update={"buckets": buckets})


def connector_document(loadout: Loadout, marketplace: str) -> ConnectorDocument:
    """What says how a marketplace is talked to. Raises `OfferwrightError` where nothing does."""
    file = f"marketplaces/{marketplace}/connector.yaml"
    if file not in loadout.repository.files:
        raise OfferwrightError(f"{file} is missing: nothing can be sent to {marketplace}")
    loaded, found = load_one(loadout.repository, file, ConnectorDocument)
    if loaded is None:
        raise ConfigError(found)
    return loaded.document


@contextmanager
def live(loadout: Loadout, root: Path, sandbox: str | None) -> Iterator[Live]:
    """
    Open the store; the sandbox has one of its own, so that it never mixes with the real one.

    Raises ConfigError where a contract that bytes must keep is no JSON Schema.
    """
    wrong = wrong_contracts(loadout)
    if wrong:
        raise ConfigError(wrong)
    log_to_stderr(int(click.get_current_context().find_root().obj or 0))
    store = opened_store(root, loadout.shop.document.store, sandbox)
    try:
        yield Live(loadout, store, sandbox.rstrip("/") if sandbox else None, SystemClock())
    finally:
        store.close()


def opened_store(root: Path, url: str, sandbox: str | None) -> Store:
    """The store of the shop, or the one that the sandbox has for itself."""
    (root / STATE).mkdir(exist_ok=True)
    return open_store(f"sqlite:///{STATE}/sandbox.db" if sandbox else url, root)


def new_owner() -> Owner:
    """Who this run is."""
    return Owner(uuid.uuid4().hex, socket.gethostname(), os.getpid())


@contextmanager
def stop_on_signal() -> Iterator[Callable[[], bool]]:
    """A question that turns true on SIGTERM or Ctrl-C; a second Ctrl-C interrupts at once."""
    asked = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = {s: signal.signal(s, ask) for s in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
