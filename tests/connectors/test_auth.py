"""Tokens: renewed once, saved before use, never lost, never hammered (F19, F20)."""

from __future__ import annotations

import stat
import threading
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from offerwright.connectors.auth import Token, auth_headers, token_flow
from offerwright.connectors.document import ConnectorDocument
from offerwright.connectors.exchange import Answered, Failure, Reply, Request
from offerwright.connectors.requests import account_names
from offerwright.connectors.secrets import Secret
from offerwright.marketplaces.operation import Operation, Outcome
from offerwright.sandbox.document import Fault

from .conftest import PRICE, FileTokens, MemoryTokens, Rig, account, environment, operation

Documents = dict[str, ConnectorDocument]
SECRETS = {n: Secret(f"my-{n}") for n in ("client_id", "client_secret", "refresh_token")}
GRANT = '{"access_token":"a2","refresh_token":"r2","expires_in":21600}'


def granted(
    document: ConnectorDocument, replies: list[Answered], saved: Token | None = None
) -> tuple[Token | Outcome, list[Request]]:
    flow = token_flow(document, SECRETS, account_names(account(document.name)), saved, 1000.0)
    asked: list[Request] = []
    waiting = list(replies)
    try:
        asked.append(next(flow))
        while True:
            asked.append(flow.send(waiting.pop(0)))
    except StopIteration as stop:
        result: Token | Outcome = stop.value
        return result, asked


def shown(request: Request) -> str:
    assert request.body is not None
    return parse_qs(request.body.decode())["refresh_token"][0]


def price(marketplace: str = "mercadolibre") -> Operation:
    return operation(marketplace, "price", parts={"body": b'{"price":59.23}'}, price=PRICE)


def seeded(rig: Rig) -> None:
    document = {"id": "MLB1001", "price": 10, "attributes": []}
    rig.running.sandbox.seed_listings("mercadolibre", [{"sku": "KB-1", "document": document}])


def test_a_grant_brings_both_tokens_and_their_life(documents: Documents) -> None:
    token, asked = granted(documents["mercadolibre"], [Reply(200, {}, GRANT.encode())])

    assert isinstance(token, Token)
    assert (token.access, token.refresh, token.expires_at) == ("a2", "r2", 22600.0)
    assert shown(asked[0]) == "my-refresh_token"
    assert asked[0].url == "https://api.mercadolibre.com/oauth/token"


def test_the_saved_refresh_token_is_newer_than_the_environment(documents: Documents) -> None:
    saved = Token("a1", "r1", 0.0)

    _, asked = granted(documents["mercadolibre"], [Reply(200, {}, GRANT.encode())], saved)

    assert [shown(r) for r in asked] == ["r1"]


def test_a_new_authorisation_by_hand_is_taken_up(documents: Documents) -> None:
    refused = Reply(400, {}, b'{"error":"invalid_grant"}')

    token, asked = granted(
        documents["mercadolibre"], [refused, Reply(200, {}, GRANT.encode())], Token("a1", "r1", 0.0)
    )

    assert [shown(r) for r in asked] == ["r1", "my-refresh_token"]
    assert isinstance(token, Token)


@pytest.mark.parametrize(
    ("answered", "kind", "code"),
    [
        (Reply(400, {}, b'{"error":"invalid_grant"}'), "auth", "TOKEN_REFUSED"),
        (Reply(401, {}, b'{"error":"invalid_client"}'), "auth", "TOKEN_REFUSED"),
        (Reply(400, {}, b'{"error":"unsupported_grant_type"}'), "config", "TOKEN_REFUSED"),
        (Reply(500, {}), "retry", "TOKEN_UNAVAILABLE"),
        (Reply(429, {}), "retry", "TOKEN_UNAVAILABLE"),
        (Reply(200, {}, b"<html>"), "retry", "TOKEN_UNREADABLE"),
        (Reply(200, {}, b'{"access_token":"a"}'), "retry", "TOKEN_UNREADABLE"),
        (Reply(200, {}, b'{"access_token":1,"refresh_token":"r"}'), "retry", "TOKEN_UNREADABLE"),
        (Reply(200, {}, b'{"access_token":"a\\nb","refresh_token":"r"}'), "retry", "TOKEN_UNREADABLE"),
        (Failure("in_doubt", "ANSWER_LOST", "lost"), "retry", "ANSWER_LOST"),
    ],
)  # fmt: skip
def test_a_token_that_is_not_granted(
    documents: Documents, answered: Answered, kind: str, code: str
) -> None:
    outcome, _ = granted(documents["mercadolibre"], [answered])

    assert isinstance(outcome, Outcome)
    assert (outcome.kind, outcome.problems[0].code) == (kind, code)


@pytest.mark.parametrize(
    ("life", "expires_at"),
    [("21600", 22600.0), ("-5", 1000.0), ("true", 22600.0), ('"soon"', 22600.0),
     ("999999999999", 1000.0 + 366 * 86400)],
)  # fmt: skip
def test_a_life_without_sense_is_bounded(
    documents: Documents, life: str, expires_at: float
) -> None:
    body = f'{{"access_token":"a","refresh_token":"r","expires_in":{life}}}'

    token, _ = granted(documents["mercadolibre"], [Reply(200, {}, body.encode())])

    assert isinstance(token, Token)
    assert token.expires_at == expires_at


def test_amazon_keeps_its_refresh_token(documents: Documents) -> None:
    body = b'{"access_token":"a2","expires_in":3600}'

    token, asked = granted(documents["amazon"], [Reply(200, {}, body)])

    assert isinstance(token, Token)
    assert token.refresh == "my-refresh_token"
    assert asked[0].url == "https://api.amazon.com/auth/o2/token"


def test_each_marketplace_shows_its_own_headers(documents: Documents) -> None:
    secrets = {n: Secret(n) for n in ("app_key", "app_token", "api_key")}
    token = Token("a1")

    headers = {name: auth_headers(documents[name], secrets, token) for name in documents}

    assert headers == {
        "amazon": {"x-amz-access-token": "a1"},
        "example-market": {"X-Api-Key": "api_key"},
        "mercadolibre": {"Authorization": "Bearer a1"},
        "vtex": {"X-VTEX-API-AppKey": "app_key", "X-VTEX-API-AppToken": "app_token"},
    }


def test_one_token_serves_many_calls(rig: Rig) -> None:
    seeded(rig)
    connector = rig.connector("mercadolibre")

    kinds = [connector.send(price()).kind for _ in range(3)]

    assert kinds == ["confirmed"] * 3
    assert len(rig.calls("mercadolibre", "token")) == 1


def test_a_token_that_is_over_is_renewed_once_and_the_call_made_again(rig: Rig) -> None:
    seeded(rig)
    tokens = MemoryTokens()
    connector = rig.connector("mercadolibre", tokens=tokens)
    connector.send(price())
    rig.running.sandbox.marketplaces["mercadolibre"].tokens.expire()

    outcome = connector.send(price())

    assert outcome.kind == "confirmed"
    assert len(rig.calls("mercadolibre", "token")) == 2
    assert tokens.events.count("save") == 2


def test_amazon_says_403_for_a_token_that_is_over(rig: Rig) -> None:
    connector = rig.connector("amazon")
    connector.read_back(price("amazon"))
    rig.running.sandbox.marketplaces["amazon"].tokens.expire()

    outcome = connector.read_back(price("amazon"))

    assert outcome.problems[0].code == "LISTING_NOT_FOUND"
    assert len(rig.calls("amazon", "token")) == 2


def test_a_token_is_saved_before_it_is_used(rig: Rig) -> None:
    class Crash(MemoryTokens):
        def save(self, account: str, token: Token) -> None:
            raise OSError("disk full")

    seeded(rig)
    connector = rig.connector("mercadolibre", tokens=Crash())

    with pytest.raises(OSError, match="disk full"):
        connector.send(price())

    routes = [c["route"] for c in rig.running.sandbox.history("mercadolibre")]
    assert routes == ["token"]


def test_the_next_process_goes_on_with_the_saved_tokens(rig: Rig, tmp_path: Path) -> None:
    seeded(rig)
    rig.connector("mercadolibre", tokens=FileTokens(tmp_path)).send(price())
    rig.running.sandbox.marketplaces["mercadolibre"].tokens.expire()

    outcome = rig.connector("mercadolibre", tokens=FileTokens(tmp_path)).send(price())

    assert outcome.kind == "confirmed"
    assert [c["status"] for c in rig.calls("mercadolibre", "token")] == [200, 200]
    assert stat.S_IMODE((tmp_path / "shop").stat().st_mode) == 0o600


def test_many_waiters_share_one_refresh(rig: Rig) -> None:
    seeded(rig)
    connector = rig.connector("mercadolibre")
    connector.send(price())
    rig.running.sandbox.marketplaces["mercadolibre"].tokens.expire()
    kinds: list[str] = []

    threads = [
        threading.Thread(target=lambda: kinds.append(connector.send(price(), "MLB1001").kind))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert kinds == ["confirmed"] * 6
    assert len(rig.calls("mercadolibre", "token")) == 2


def test_two_connectors_never_spend_one_refresh_token_twice(rig: Rig) -> None:
    seeded(rig)
    tokens = MemoryTokens()
    first, second = (rig.connector("mercadolibre", tokens=tokens) for _ in range(2))
    first.send(price())
    rig.running.sandbox.marketplaces["mercadolibre"].tokens.expire()
    first.send(price())

    outcome = second.send(price())

    assert outcome.kind == "confirmed"
    assert [c["status"] for c in rig.calls("mercadolibre", "token")] == [200, 200]


def test_revoked_credentials_stop_the_account_without_a_storm(rig: Rig) -> None:
    seeded(rig)
    connector = rig.connector("mercadolibre")
    connector.send(price())
    rig.running.sandbox.marketplaces["mercadolibre"].tokens.revoke()

    kinds = [connector.send(price()).kind for _ in range(5)]

    assert kinds == ["auth"] * 5
    assert len(rig.calls("mercadolibre", "token")) == 3


def test_a_token_endpoint_that_fails_is_only_away(rig: Rig) -> None:
    seeded(rig)
    rig.running.sandbox.faults.add(Fault(route="token", calls=[1], do="status", status=500))
    connector = rig.connector("mercadolibre")

    first, second = connector.send(price()), connector.send(price())

    assert (first.kind, first.problems[0].code) == ("retry", "TOKEN_UNAVAILABLE")
    assert second.kind == "confirmed"


def test_a_single_use_token_is_not_sent_again_by_itself(rig: Rig) -> None:
    rig.running.sandbox.faults.add(Fault(route="token", do="status", status=503))

    rig.connector("mercadolibre").send(price())

    assert len(rig.calls("mercadolibre", "token")) == 1


@pytest.mark.parametrize("marketplace", ["amazon", "mercadolibre"])
def test_a_connection_test_fetches_a_token(rig: Rig, marketplace: str) -> None:
    good = rig.connector(marketplace).connect()

    assert good.kind == "confirmed"
    assert len(rig.calls(marketplace, "token")) == 1


def test_secrets_come_from_the_credentials_reference(rig: Rig) -> None:
    rig.connector("mercadolibre", environ=environment("OTHER")).connect()

    assert rig.calls("mercadolibre", "token")[0]["account"] == "OTHER-client-id-1f9e"
