"""The sandbox itself: state, versions, tokens, limits, late answers, faults by a seeded script."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from offerwright.errors import ConfigError, OfferwrightError
from offerwright.sandbox.behaviour import match_path
from offerwright.sandbox.document import Fault, FaultsDocument, SandboxDocument
from offerwright.sandbox.effects import changed
from offerwright.sandbox.faults import FaultScript
from offerwright.sandbox.serve import RunningSandbox, serve
from offerwright.sandbox.tokens import TokenDesk
from offerwright.source.load import read_document

MARKETPLACES = Path(__file__).parents[2] / "marketplaces"
FOLDERS = [MARKETPLACES / n for n in ("amazon", "example-market", "mercadolibre", "vtex")]
KEY = {"X-Api-Key": "k1"}
PRICE = {"sku": "KB-1", "currency": "BRL", "price_cents": 5923}


@pytest.fixture(scope="module")
def served() -> Iterator[RunningSandbox]:
    with serve(FOLDERS, seed=3) as running:
        yield running


@pytest.fixture
def running(served: RunningSandbox) -> RunningSandbox:
    served.sandbox.reset()
    return served


@pytest.fixture
def http(running: RunningSandbox) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=running.url, trust_env=False, timeout=5) as client:
        yield client


def seed(running: RunningSandbox) -> None:
    document = {"price_cents": 1000, "units": 1, "currency": "BRL"}
    running.sandbox.seed_listings("example-market", [{"sku": "KB-1", "document": document}])


def put_price(http: httpx2.Client, **headers: str) -> httpx2.Response:
    url = "/example-market/shops/casa/offers/KB-1/price"
    return http.put(url, json=PRICE, headers={**KEY, **headers})


def refresh(http: httpx2.Client, token: str, client: str = "app") -> httpx2.Response:
    form = {
        "grant_type": "refresh_token", "client_id": client, "client_secret": "s",
        "refresh_token": token,
    }  # fmt: skip
    return http.post("/mercadolibre/oauth/token", data=form)


def test_state_and_history_tell_what_happened(running: RunningSandbox, http: httpx2.Client) -> None:
    seed(running)
    put_price(http)
    for _ in range(2):
        http.get("/example-market/shops/casa/offers/KB-1", headers=KEY)

    state = http.get("/_sandbox/state").json()["example-market"]
    history = http.get("/_sandbox/history").json()["example-market"]

    assert [(x["sku"], x["version"], x["values"]["price"]) for x in state] == [("KB-1", 2, 5923)]
    assert [(c["n"], c["route"], c["status"], c["version"]) for c in history] == [
        (1, "set_price", 202, 1), (2, "get_offer", 200, 1), (3, "get_offer", 200, 2),
    ]  # fmt: skip


def test_versions_never_go_back(running: RunningSandbox, http: httpx2.Client) -> None:
    running.sandbox.seed_listings("vtex", [])
    headers = {"X-VTEX-API-AppKey": "k", "X-VTEX-API-AppToken": "t"}
    body = [{"value": 1, "listPrice": 1, "minQuantity": 1}]
    for _ in range(5):
        http.post("/vtex/casa/pricing/prices/1/fixed/2", json=body, headers=headers)

    versions = [c["version"] for c in running.sandbox.history("vtex")]

    assert versions == [1, 2, 3, 4, 5]


def test_without_credentials_nothing_happens(running: RunningSandbox, http: httpx2.Client) -> None:
    seed(running)

    answer = http.put("/example-market/shops/casa/offers/KB-1/price", json=PRICE)

    assert (answer.status_code, answer.json()["error"]) == (401, "unknown_key")
    assert running.sandbox.listings("example-market")[0]["version"] == 1


def test_an_account_sees_its_own_listings_only(http: httpx2.Client) -> None:
    headers = {"X-VTEX-API-AppKey": "k", "X-VTEX-API-AppToken": "t"}
    url = "/vtex/casa/pricing/prices/1/fixed/2"
    body = [{"value": 1, "listPrice": 1, "minQuantity": 1}]
    http.post(url, json=body, headers=headers)

    mine = http.get(url, headers=headers).status_code
    others = http.get(url, headers={**headers, "X-VTEX-API-AppKey": "other"}).status_code

    assert (mine, others) == (200, 404)


def test_a_path_that_is_not_there_is_a_404(http: httpx2.Client) -> None:
    assert http.get("/example-market/nowhere", headers=KEY).status_code == 404
    assert http.get("/nowhere").status_code == 404


def test_a_refresh_token_works_once(http: httpx2.Client) -> None:
    first = refresh(http, "by-hand")
    renewed = first.json()["refresh_token"]

    again, next_one = refresh(http, "by-hand"), refresh(http, renewed)

    assert (first.status_code, again.status_code, next_one.status_code) == (200, 400, 200)
    assert again.json()["error"] == "invalid_grant"
    assert renewed not in ("by-hand", next_one.json()["refresh_token"])


def test_a_refresh_token_of_another_client_is_refused(http: httpx2.Client) -> None:
    refresh(http, "mine", "a")
    stolen = refresh(http, "mine", "a").status_code
    guessed = refresh(http, "guess", "a").status_code

    assert (stolen, guessed) == (400, 400)


def test_access_tokens_end(running: RunningSandbox) -> None:
    document = read_document(MARKETPLACES / "mercadolibre" / "sandbox.yaml", SandboxDocument)
    assert document.tokens is not None
    now = [0.0]
    desk = TokenDesk(document.tokens, 0, lambda: now[0])
    form = {"grant_type": "refresh_token", "client_id": "a", "client_secret": "s"}
    _, granted = desk.grant({**form, "refresh_token": "r"})
    access = str(granted["access_token"])

    before = desk.account(access)
    now[0] = 21600.0

    assert (before, desk.account(access)) == ("a", None)


def test_a_limit_holds_for_each_account(tmp_path: Path) -> None:
    folder = tmp_path / "example-market"
    folder.mkdir()
    (folder / "contract").symlink_to(MARKETPLACES / "example-market" / "contract")
    text = (MARKETPLACES / "example-market" / "sandbox.yaml").read_text()
    slow = text.replace("{per_second: 500, burst: 500}", "{per_second: 0.5, burst: 2}")
    (folder / "sandbox.yaml").write_text(slow)
    with serve([folder]) as running, httpx2.Client(trust_env=False, base_url=running.url) as http:
        url = "/example-market/shops/casa/offers/KB-1"
        mine = [http.get(url, headers=KEY) for _ in range(3)]
        other = http.get(url, headers={"X-Api-Key": "k2"})

    assert [a.status_code for a in mine] == [404, 404, 429]
    assert mine[2].headers["retry-after"] in ("1", "2")
    assert other.status_code == 404


def test_faults_and_listings_come_over_http_too(http: httpx2.Client) -> None:
    listing = [{"sku": "KB-1", "document": {"price_cents": 1}}]
    http.post("/_sandbox/listings/example-market", json=listing)
    http.post("/_sandbox/faults", json={"do": "status", "status": 503})

    during = put_price(http).status_code
    http.delete("/_sandbox/faults")

    assert (during, put_price(http).status_code) == (503, 202)


def test_numbers_keep_their_decimals(running: RunningSandbox, http: httpx2.Client) -> None:
    headers = {"X-VTEX-API-AppKey": "k", "X-VTEX-API-AppToken": "t"}
    url = "/vtex/casa/pricing/prices/1/fixed/2"
    body = b'[{"value":10000000000000.01,"listPrice":10000000000000.01,"minQuantity":1}]'
    http.post(url, content=body, headers=headers)

    assert b"10000000000000.01" in http.get(url, headers=headers).content


def script(seed: int, **fault: Any) -> list[bool]:
    faults = FaultScript([Fault(do="reset", **fault)], seed)
    return [faults.choose("m", "r", "KB-1") is not None for _ in range(200)]


def test_a_share_is_drawn_the_same_for_the_same_seed() -> None:
    drawn = script(1, share="10%")

    assert drawn == script(1, share="10%")
    assert drawn != script(2, share="10%")
    assert 8 <= sum(drawn) <= 35


def test_calls_are_counted_among_those_that_fit() -> None:
    faults = FaultScript([Fault(do="reset", route="put", sku="A", calls=[2])])

    hits = [
        faults.choose("m", route, sku) is not None
        for route, sku in (("put", "A"), ("get", "A"), ("put", "B"), ("put", "A"), ("put", "A"))
    ]

    assert hits == [False, False, False, True, False]


def test_a_fault_file_is_read_and_checked(tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(
        "kind: faults\nname: bad-day\nseed: 7\nfaults:\n"
        "  - {marketplace: mercadolibre, route: update_item, share: 5%, do: lost_answer}\n"
        "  - {do: drip, seconds: 0.4, calls: [3]}\n"
    )

    document = read_document(path, FaultsDocument)

    assert [f.do for f in document.faults] == ["lost_answer", "drip"]
    assert document.faults[0].share == Decimal("0.05")
    path.write_text("kind: faults\nname: bad\nfaults: [{do: explode}]\n")
    with pytest.raises(ConfigError):
        read_document(path, FaultsDocument)


@pytest.mark.parametrize(
    ("pattern", "path", "bound"),
    [
        ("/items/{id}", "/items/MLB1", {"id": "MLB1"}),
        ("/items/{id}", "/items/A%2FB%20c", {"id": "A/B c"}),
        ("/items/{id}", "/items/", None),
        ("/items/{id}", "/items/1/2", None),
        ("/a/{x}/b/{y}", "/a/1/b/2", {"x": "1", "y": "2"}),
        ("/a", "/a", {}),
    ],
)
def test_paths_are_matched_segment_by_segment(
    pattern: str, path: str, bound: dict[str, str] | None
) -> None:
    assert match_path(pattern, path) == bound


def test_amazons_patches_touch_only_what_they_name() -> None:
    old = {"attributes": {"a": [1], "b": [2]}}
    patches = [
        {"op": "replace", "path": "/attributes/a", "value": [9]},
        {"op": "delete", "path": "/attributes/b", "value": []},
        {"op": "add", "path": "/attributes/c", "value": [3]},
    ]

    new = changed("patch", old, "", {"patches": patches})

    assert new == {"attributes": {"a": [9], "c": [3]}}
    assert old == {"attributes": {"a": [1], "b": [2]}}


def test_a_port_that_is_taken_is_said_in_plain_words(running: RunningSandbox) -> None:
    with pytest.raises(OfferwrightError, match=f"port {running.port} on 127.0.0.1 is taken"):
        serve([], port=running.port)


def test_the_sandbox_listens_on_this_machine_only(running: RunningSandbox) -> None:
    assert running.url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.name)
def test_every_route_names_a_contract_that_exists(folder: Path) -> None:
    document = read_document(folder / "sandbox.yaml", SandboxDocument)

    named = {c for route in document.routes.values() for c in route.contracts}

    assert named
    assert [c for c in named if not json.loads((folder / "contract" / c).read_text())] == []
