"""The token endpoint: access tokens that end, refresh tokens that may work only once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from offerwright.sandbox.document import Tokens


class TokenDesk:
    """Grants tokens. The first refresh token that a client shows is taken as granted by hand."""

    def __init__(self, document: Tokens, seed: int, clock: Callable[[], float]) -> None:
        self._document = document
        self._seed = seed
        self._clock = clock
        self._refresh: dict[str, str] = {}
        self._used: set[tuple[str, str]] = set()
        self._access: dict[str, tuple[str, float]] = {}
        self._granted = 0

    def grant(self, form: Mapping[str, str]) -> tuple[int, dict[str, object]]:
        """Status and body of the token answer."""
        client, secret = form.get("client_id", ""), form.get("client_secret", "")
        if not client or not secret:
            return 401, {"error": "invalid_client", "error_description": "client unknown"}
        if form.get("grant_type") not in ("refresh_token", "client_credentials"):
            return 400, {"error": "unsupported_grant_type"}
        refresh = form.get("refresh_token", "")
        if form["grant_type"] == "refresh_token" and not self._valid(client, refresh):
            return 400, {"error": "invalid_grant", "error_description": "token used or revoked"}
        self._granted += 1
        access, renewed = self._text("access", client), refresh
        if self._document.single_use:
            self._used.add((client, refresh))
            renewed = self._text("refresh", client)
        self._refresh[client] = renewed
        self._access[access] = (client, self._clock() + self._document.life_s)
        return 200, {
            "access_token": access, "token_type": "bearer",
            "expires_in": self._document.life_s, "refresh_token": renewed,
        }  # fmt: skip

    def account(self, access: str) -> str | None:
        """The client of a token that is not over."""
        client, until = self._access.get(access, ("", 0.0))
        return client if client and self._clock() < until else None

    def expire(self) -> None:
        """End every access token."""
        self._access.clear()

    def revoke(self) -> None:
        """End every token: the account must be authorised again by hand."""
        self._access.clear()
        self._used |= set(self._refresh.items())
        self._refresh = dict.fromkeys(self._refresh, "")

    def _valid(self, client: str, refresh: str) -> bool:
        if not refresh or (client, refresh) in self._used:
            return False
        return self._refresh.get(client) in (None, "", refresh)

    def _text(self, what: str, client: str) -> str:
        digest = hashlib.sha256(f"{self._seed}/{what}/{client}/{self._granted}".encode())
        return f"{what}-{digest.hexdigest()[:32]}"
