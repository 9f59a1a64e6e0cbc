"""What the connector tests share: the shipped manifests, operations, token stores, clocks."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from offerwright.connectors.auth import Token
from offerwright.connectors.connector import Connector, Timing
from offerwright.connectors.document import ConnectorDocument
from offerwright.connectors.requests import Account
from offerwright.marketplaces.operation import Operation, Values
from offerwright.sandbox.serve import RunningSandbox, serve
from offerwright.source.load import read_document

MARKETPLACES = Path(__file__).parents[2] / "marketplaces"
NAMES = ("amazon", "example-market", "mercadolibre", "vtex")
SETTINGS: dict[str, dict[str, str]] = {
    "amazon": {"seller_id": "A1", "site": "BR", "marketplace_id": "A2Q3Y263D00KWC"},
    "example-market": {"shop_id": "casa", "site": "BR"},
    "mercadolibre": {"seller_id": "1001", "site": "MLB"},
    "vtex": {"account_name": "casa", "trade_policy": "2", "warehouse_id": "sp-1"},
}
SECRETS = ("client_id", "client_secret", "refresh_token", "app_key", "app_token", "api_key")


def environment(prefix: str = "CANARY") -> dict[str, str]:
    """A secret in every slot of the credentials `shop`."""
    return {
        f"OFFERWRIGHT_SHOP_{name.upper()}": f"{prefix}-{name.replace('_', '-')}-1f9e"
        for name in SECRETS
    }


class MemoryTokens:
    """Tokens of one test; `events` is the order of loads and saves."""

    def __init__(self) -> None:
        self.tokens: dict[str, Token] = {}
        self.events: list[str] = []
        self._lock = threading.Lock()

    def load(self, account: str) -> Token | None:
        self.events.append("load")
        return self.tokens.get(account)

    def save(self, account: str, token: Token) -> None:
        self.events.append("save")
        self.tokens[account] = token

    @contextmanager
    def lock(self, account: str) -> Iterator[None]:
        with self._lock:
            yield


class FileTokens:
    """Tokens in private files, as a second process would find them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()

    def load(self, account: str) -> Token | None:
        path = self.folder / account
        return Token(**json.loads(path.read_text())) if path.exists() else None

    def save(self, account: str, token: Token) -> None:
        text = json.dumps(
            {
                "access": token.access,
                "refresh": token.refresh,
                "expires_at": token.expires_at,
            }
        )
        part = self.folder / f"{account}.part"
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.folder / account)

    @contextmanager
    def lock(self, account: str) -> Iterator[None]:
        with self._lock:
            yield


def operation(
    marketplace: str,
    aspect: str,
    action: str = "update",
    *,
    sku: str = "KB-1",
    parts: dict[str, bytes] | None = None,
    **values: Any,
) -> Operation:
    """An operation with the values that its parts say."""
    return Operation(
        account="shop",
        marketplace=marketplace,
        sku=sku,
        aspect=aspect,
        action=action,  # type: ignore[arg-type]
        generation=1,
        payload=aspect,
        parts=tuple((parts or {"body": b"{}"}).items()),
        covers={},
        values=Values(**values),
    )


def account(marketplace: str, **settings: str) -> Account:
    return Account("shop", marketplace, "shop", SETTINGS[marketplace] | settings)


@pytest.fixture(scope="session")
def documents() -> dict[str, ConnectorDocument]:
    return {
        name: read_document(MARKETPLACES / name / "connector.yaml", ConnectorDocument)
        for name in NAMES
    }


@pytest.fixture(scope="session")
def served() -> Iterator[RunningSandbox]:
    """One sandbox with all four marketplaces for the whole session."""
    with serve([MARKETPLACES / name for name in NAMES], seed=7) as running:
        yield running


@dataclass
class Rig:
    """A sandbox without faults, and connectors to it that never really sleep."""

    running: RunningSandbox
    documents: dict[str, ConnectorDocument]
    slept: list[float] = field(default_factory=list)
    opened: list[Connector] = field(default_factory=list)

    def connector(self, marketplace: str, **options: Any) -> Connector:
        chosen: dict[str, Any] = {
            "tokens": MemoryTokens(),
            "environ": environment(),
            "base_url": self.running.base_url(marketplace),
            "timing": Timing(sleep=self.slept.append, jitter=lambda: 1.0),
        }
        document = options.pop("document", self.documents[marketplace])
        connector = Connector(
            document, options.pop("account", account(marketplace)), **(chosen | options)
        )
        self.opened.append(connector)
        return connector

    def listing(self, marketplace: str, sku: str) -> dict[str, Any]:
        return next(x for x in self.running.sandbox.listings(marketplace) if x["sku"] == sku)

    def calls(self, marketplace: str, route: str, sku: str = "") -> list[dict[str, Any]]:
        history = self.running.sandbox.history(marketplace)
        return [c for c in history if c["route"] == route and (not sku or c["sku"] == sku)]


@pytest.fixture
def rig(served: RunningSandbox, documents: dict[str, ConnectorDocument]) -> Iterator[Rig]:
    served.sandbox.reset()
    rig = Rig(served, documents)
    yield rig
    for connector in rig.opened:
        connector.close()


@pytest.fixture
def op() -> Callable[..., Operation]:
    return operation


@pytest.fixture
def item() -> bytes:
    """A Mercado Libre item that keeps the contract."""
    return json.dumps(
        {
            "family_name": "Chaleira",
            "category_id": "MLB1",
            "price": 149.9,
            "currency_id": "BRL",
            "available_quantity": 10,
            "buying_mode": "buy_it_now",
            "listing_type_id": "gold_special",
            "condition": "new",
            "pictures": [{"source": "https://img.example/1.jpg"}],
            "attributes": [{"id": "SELLER_SKU", "value_name": "KB-1"}],
        }
    ).encode()


PRICE = Decimal("59.23")
