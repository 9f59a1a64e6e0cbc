"""Access tokens as a flow: which request to make, and what its answer grants or refuses."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeGuard
from urllib.parse import urlencode

from offerwright.connectors.document import Auth, ConnectorDocument
from offerwright.connectors.exchange import Answered, Failure, Reply, Request
from offerwright.connectors.json_text import BodyRefused, parse_json
from offerwright.connectors.requests import request_url
from offerwright.connectors.secrets import Secret
from offerwright.connectors.template import NameMissing, Names, fill
from offerwright.marketplaces.operation import Outcome, OutcomeKind, Problem

# A token is renewed a little early, so that it does not end between our check and theirs.
EARLY_S = 60.0
MAX_LIFE_S = 366 * 86400.0
MAX_TOKEN = 8192


@dataclass(frozen=True, slots=True)
class Token:
    """What a marketplace granted; `expires_at` is Unix seconds. No secret shows in a repr."""

    access: str = field(repr=False)
    refresh: str = field(default="", repr=False)
    expires_at: float = 0.0
    details: Mapping[str, str] = field(default_factory=dict, repr=False)


class TokenStore(Protocol):
    """Where tokens live between runs."""

    def load(self, account: str) -> Token | None:
        """The last saved token."""

    def save(self, account: str, token: Token) -> None:
        """Durable when this returns: a single-use refresh token that is lost locks the account."""

    def lock(self, account: str) -> AbstractContextManager[None]:
        """Exclusive over threads and processes, for one account."""


TokenFlow = Generator[Request, Answered, Token | Outcome]


def token_flow(
    document: ConnectorDocument, secrets: Mapping[str, Secret], names: Names,
    saved: Token | None, now: float, base_url: str | None = None,
) -> TokenFlow:  # fmt: skip
    """
    Get an access token, trying the saved refresh token before the one of the environment.

    The environment's is tried second because it is the newer one after somebody authorised the
    account again by hand. Returns the new token, or the outcome that tells why there is none.
    """
    auth = document.auth
    refused: Outcome = Outcome("auth", (Problem("TOKEN_REFUSED", "there is no refresh token"),))
    for refresh in _candidates(auth, secrets, saved):
        try:
            request = _token_request(
                document, secrets, {**names, "token.refresh": refresh}, base_url
            )
        except NameMissing as missing:
            text = f"the token request needs `{missing.name}`, which the account does not have"
            return Outcome("config", (Problem("SETTING_MISSING", text),))
        granted = _granted((yield request), auth, refresh, now)
        if isinstance(granted, Token) or granted.kind != "auth":
            return granted
        refused = granted
    return refused


def auth_headers(
    document: ConnectorDocument, secrets: Mapping[str, Secret], token: Token | None
) -> dict[str, str]:
    """The headers that show who the account is."""
    names: dict[str, Any] = secret_names(secrets)
    if token is not None:
        names["token.access"] = token.access
    return {key: fill(value, names) for key, value in document.auth.headers.items()}


def secret_names(secrets: Mapping[str, Secret]) -> dict[str, Any]:
    return {f"secret.{name}": secret.reveal() for name, secret in secrets.items()}


def is_fresh(token: Token | None, now: float) -> bool:
    """Whether the access token can be used now."""
    return token is not None and bool(token.access) and token.expires_at - EARLY_S > now


def _candidates(auth: Auth, secrets: Mapping[str, Secret], saved: Token | None) -> list[str]:
    if auth.method == "client_credentials":
        return [""]
    given = secrets["refresh_token"].reveal() if "refresh_token" in secrets else ""
    return list(dict.fromkeys(r for r in (saved.refresh if saved else "", given) if r))


def _token_request(
    document: ConnectorDocument, secrets: Mapping[str, Secret], names: Names, base_url: str | None
) -> Request:
    spec = document.auth.token
    assert spec is not None, "only auth methods with a token request come here"
    known = {**names, **secret_names(secrets)}
    form = {key: fill(value, known) for key, value in document.auth.form.items()}
    headers = {k: fill(v, known) for k, v in (document.headers | spec.headers).items()}
    return Request(
        name="token",
        method=spec.method,
        url=request_url(document, spec, names, base_url),
        headers={**headers, "Content-Type": "application/x-www-form-urlencoded"},
        body=urlencode(form).encode(),
        bucket=spec.bucket,
        # A single-use token may be spent although its answer was lost.
        repeatable=not document.auth.single_use,
    )


def _granted(answered: Answered, auth: Auth, refresh: str, now: float) -> Token | Outcome:
    if isinstance(answered, Failure):
        return _refused("retry", answered.code, answered.message, None, answered.retry_after_s)
    if answered.status in (400, 401, 403):
        word = _error_word(answered)
        kind: OutcomeKind = "config" if word == "unsupported_grant_type" else "auth"
        return _refused(
            kind, "TOKEN_REFUSED", f"the marketplace grants no token ({word})", answered.status
        )
    if answered.status != 200:
        text = f"the token request was answered with status {answered.status}"
        return _refused("retry", "TOKEN_UNAVAILABLE", text, answered.status)
    body = _parsed(answered)
    access, renewed = body.get("access_token"), body.get("refresh_token", "")
    if not _usable(access) or (auth.single_use and not _usable(renewed)):
        text = "the token answer does not hold the tokens that are due"
        return _refused("retry", "TOKEN_UNREADABLE", text, answered.status)
    life = body.get("expires_in", auth.life_s)
    life_s = float(life) if isinstance(life, int) and not isinstance(life, bool) else auth.life_s
    kept = renewed if _usable(renewed) else refresh
    return Token(access, kept, now + min(max(life_s, 0.0), MAX_LIFE_S))


def _usable(token: Any) -> TypeGuard[str]:
    if not isinstance(token, str) or not 0 < len(token) <= MAX_TOKEN:
        return False
    return token.isascii() and token.isprintable()


def _parsed(reply: Reply) -> dict[str, Any]:
    try:
        body = {} if reply.broken else parse_json(reply.body)
    except BodyRefused:
        return {}
    return body if isinstance(body, dict) else {}


def _error_word(reply: Reply) -> str:
    # Only the words of RFC 6749 are repeated: an error text may echo the token that was sent.
    known = (
        "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client",
        "unsupported_grant_type", "invalid_scope",
    )  # fmt: skip
    word = _parsed(reply).get("error")
    return word if word in known else f"status {reply.status}"


def _refused(
    kind: OutcomeKind, code: str, message: str, status: int | None, after: float | None = None
) -> Outcome:
    return Outcome(kind, (Problem(code, message),), status=status, retry_after_s=after)
