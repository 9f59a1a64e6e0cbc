"""The store as the connectors see it: tokens and the ids of listings."""

from __future__ import annotations

from contextlib import AbstractContextManager

from offerwright.connectors.auth import Token as ConnectorToken
from offerwright.store.protocol import Store, Token
from offerwright.sync.ports import Clock


class StoredTokens:
    """`connectors.auth.TokenStore` over the store: durable before use, one refresh at a time."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def load(self, account: str) -> ConnectorToken | None:
        saved = self._store.token(account)
        if saved is None:
            return None
        return ConnectorToken(saved.access, saved.refresh, saved.expires_at, saved.details)

    def save(self, account: str, token: ConnectorToken) -> None:
        saved = Token(token.access, token.refresh, token.expires_at, token.details)
        self._store.save_token(account, saved, now=self._clock.now())

    def lock(self, account: str) -> AbstractContextManager[None]:
        return self._store.refreshing(account)


class StoredListings:
    """`connectors.connector.Listings` over the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def external_id(self, account: str, sku: str) -> str | None:
        return self._store.external_id(account, sku)
