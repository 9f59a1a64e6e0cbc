"""Whatever differs of an offer, the review says which document did it, and where to look."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from review.shop_review import Edits, Shops, causes_of, shops, uncaused

AUDIO = ("markup: 18%", "markup: 19%")
SALE = """\
kind: pricing
name: sale
steps:
  - id: week
    phase: adjust
    rules:
      - {id: audio, when: {category: {under: audio}}, valid: {from: 2026-11-20, before: 2026-12-01},
         then: {off: 10%}}
    otherwise: {off: 0%}
    set: {sale_price: price * (1 - off)}
"""
TIERS = """\
kind: pricing
name: wholesale
steps:
  - {id: ten, phase: tiers, tiers: [{from: 10, price: price * 0.9}]}
"""
LIST = {"rules/hot.yaml": "kind: lists\nname: hot\nvalues: [AU-1]\n",
        "rules/pricing.yaml": ("{category: {under: audio}}",
                               "{category: {under: audio}, sku: {not: {in: hot}}}")}  # fmt: skip
FEES = "kind: fees\nname: ours\nfor: {marketplace: quick-market}\nfees:\n  - {id: commission, otherwise: {rate: RATE}}\n"
GUARD = (
    "guards:\n",
    "guards:\n  - {id: margin, check: margin_at_least, margin: 1%, cost: COST, else: warn}\n",
)
POOL = "pool: {on_hand: stock, safety_stock: 1}"
APPROVAL = """\
kind: approvals
name: ours
approves:
  - {guard: step, down: 90%, up: 90%, reason: a campaign, approver: finance, expires: 2026-12-31}
"""
SECOND = "  second: {marketplace: quick-market, settings: {shop_id: dois}, credentials: market}\n"
ACCOUNT = "  market: {marketplace: quick-market, settings: {shop_id: casa}, credentials: market}\n"


@pytest.fixture
def shop(tmp_path: Path) -> Shops:
    return shops(tmp_path)


CASES: list[tuple[str, Edits, Edits, set[tuple[str, str, str, str]]]] = [
    ("a price by the row of its table", {}, {"rules/pricing.yaml": AUDIO},
     {("price", "pricing", "markups/audio", "rules/pricing.yaml:7")}),
    ("stock by the line that is another", {},
     {"rules/inventory.yaml": ("pool: {on_hand: stock}", POOL)},
     {("stock", "inventory", "stock", "rules/inventory.yaml:3")}),
    ("a title", {}, {"rules/mapping.yaml": ('["{{ name }}"]', '["{{ name }} novo"]')},
     {("content", "mapping", "content", "rules/mapping.yaml:5")}),
    ("a category", {}, {"rules/mapping.yaml": ("shelf-1", "shelf-2")},
     {("content", "mapping", "content", "rules/mapping.yaml:4")}),
    ("what is sent alone, by the file of the marketplace", {},
     {"marketplaces/quick-market/payloads/content.yaml": ("{{ title }} (", "{{ title }}, (")},
     {("payload", "marketplace", "quick-market", "marketplaces/quick-market/payloads/content.yaml:12")}),
    ("a margin by the fees", {"rules/fees.yaml": FEES.replace("RATE", "10%")},
     {"rules/fees.yaml": ("10%", "11%")}, {("margin", "fees", "ours", "rules/fees.yaml:5")}),
    ("a margin by the cost that a guard names", {"rules/guards.yaml": (GUARD[0], GUARD[1].replace("COST", "cost"))},
     {"rules/guards.yaml": ("cost: cost", "cost: cost + 1")},
     {("margin", "guards", "money", "rules/guards.yaml:4")}),
    ("tiers", {"rules/tiers.yaml": TIERS}, {"rules/tiers.yaml": ("0.9", "0.8")},
     {("price", "pricing", "ten", "rules/tiers.yaml:4")}),
    ("the window of a sale", {"rules/sale.yaml": SALE}, {"rules/sale.yaml": ("2026-12-01", "2026-12-02")},
     {("price", "pricing", "week/audio", "rules/sale.yaml:7")}),
    ("a list that rules name", {**LIST}, {"rules/hot.yaml": ("AU-1", "AU-2")},
     {("price", "lists", "hot", "rules/hot.yaml:3")}),
]  # fmt: skip


@pytest.mark.parametrize(("_", "before", "edits", "expected"), CASES, ids=[c[0] for c in CASES])
def test_one_document(
    shop: Shops, _: str, before: Edits, edits: Edits, expected: set[tuple[str, str, str, str]]
) -> None:
    found = shop.edited(before).review(edits)

    assert causes_of(found) == expected
    assert uncaused(found) == []


def test_each_of_three_documents_by_what_it_alone_does(shop: Shops) -> None:
    found = shop.review({
        "rules/pricing.yaml": AUDIO,
        "rules/mapping.yaml": ("shelf-1", "shelf-2"),
        "rules/inventory.yaml": ("pool: {on_hand: stock}", POOL),
    })  # fmt: skip
    offers = {k: found.causes.filter(kind=k).n_unique("sku") for k in ("pricing", "mapping")}

    assert causes_of(found) == {
        ("price", "pricing", "markups/audio", "rules/pricing.yaml:7"),
        ("content", "mapping", "content", "rules/mapping.yaml:4"),
        ("stock", "inventory", "stock", "rules/inventory.yaml:3"),
    }
    assert offers == {"pricing": 3, "mapping": 6}


def test_what_only_two_documents_together_do_is_said_of_both(shop: Shops) -> None:
    """The step waits for a name that the facts give: alone each of them changes nothing."""
    found = shop.review({
        "rules/facts.yaml": ("  cost:", "  extra: {type: money, from: catalogue.lowest}\n  cost:"),
        "rules/plus.yaml": "kind: pricing\nname: plus\nsteps:\n"
                           "  - {id: extra, phase: adjust, set: {price: price + extra}}\n",
    })  # fmt: skip

    assert {(c["kind"], c["document"]) for c in found.causes.to_dicts()} == {("pricing", "plus")}
    assert uncaused(found) == []


def test_a_new_account_is_the_shops_doing(shop: Shops) -> None:
    """The stock is split by account already, so that the shop file alone makes the new one."""
    base = shop.edited({"rules/inventory.yaml": None})
    found = base.review({"offerwright.yaml": (ACCOUNT, ACCOUNT + SECOND)})

    assert causes_of(found) == {("offer", "shop", "quitanda", "offerwright.yaml:7")}
    assert set(found.changed["change"]) == {"new"}
    assert len(found.changed) == 6


def test_an_account_that_goes_is_the_shops_doing_too(shop: Shops) -> None:
    base = shop.edited({"rules/inventory.yaml": None})
    base = base.edited({"offerwright.yaml": (ACCOUNT, ACCOUNT + SECOND)})
    found = base.review({"offerwright.yaml": (SECOND, "")})

    assert {(aspect, kind) for aspect, kind, _, _ in causes_of(found)} == {("offer", "shop")}
    assert set(found.changed["change"]) == {"gone"}


def test_a_renamed_account_goes_and_comes(shop: Shops) -> None:
    base = shop.edited({"rules/inventory.yaml": None})
    found = base.review({"offerwright.yaml": ("  market:", "  bazaar:")})
    counted = found.changed.group_by("account", "change").len().sort("account")

    assert counted.rows() == [("bazaar", "new", 6), ("market", "gone", 6)]
    assert uncaused(found) == []


def test_an_account_that_moves_to_another_marketplace(shop: Shops) -> None:
    """Its offers are told to somebody else: all of them differ, whatever their price."""
    other = {
        name.replace("quick-market", "slow-market"): text.replace("quick-market", "slow-market")
        for name, text in shop.files.items() if name.startswith("marketplaces/")
    }  # fmt: skip
    base = shop.edited({**other, "rules/inventory.yaml": None, "rules/mapping.yaml": None})
    found = base.review(
        {"offerwright.yaml": ("{marketplace: quick-market", "{marketplace: slow-market")}
    )

    assert {tuple(one) for one in found.changed["fields"].to_list()} == {("marketplace",)}
    assert len(found.changed) == 6
    assert {(aspect, kind) for aspect, kind, _, _ in causes_of(found)} == {("content", "shop")}


def test_a_fact_of_another_type_is_read_anew_for_the_base(shop: Shops) -> None:
    """A floor that no rule names: as a number it is in the rows, and no offer is another one."""
    floor = "  floor: {type: money, from: catalogue.lowest}\n  cost:"
    base = shop.edited({"rules/facts.yaml": ("  cost:", floor)})
    found = base.review({"rules/facts.yaml": ("floor: {type: money", "floor: {type: number")})

    assert found.base.snapshot_id != found.head.snapshot_id
    assert len(found.changed) == 0


def test_a_fact_of_another_type_that_moves_prices_is_their_cause(shop: Shops) -> None:
    found = shop.review({
        "rules/facts.yaml": ("cost: {type: money, from: catalogue.cost}",
                             "cost: {type: money, from: catalogue.lowest}"),
        "rules/mapping.yaml": ("shelf-1", "shelf-2"),
    })  # fmt: skip
    kinds = {(c["aspect"], c["kind"]) for c in found.causes.to_dicts()}

    assert kinds == {("price", "facts"), ("content", "mapping")}
    assert uncaused(found) == []


def test_new_approvals_alone_move_no_offer(shop: Shops) -> None:
    step = (
        "guards:\n  - {id: step, check: step_from_live, down: 1%, up: 1%, else: needs_approval}\n"
    )
    base = shop.edited({"rules/guards.yaml": ("guards:\n", step)})
    record = base.record({"rules/approvals/a.yaml": APPROVAL})

    assert (record["differs"], record["blocks"]) == (False, False)
    assert [(d["kind"], d["offers"]) for d in record["documents"]] == [("approvals", 0)]


@pytest.mark.parametrize(
    ("shift", "on_sale"),
    [(timedelta(microseconds=-1), False), (timedelta(), True)],
    ids=["the microsecond before", "its first"],
)
def test_a_window_holds_from_its_first_moment(shop: Shops, shift: timedelta, on_sale: bool) -> None:
    starts = datetime.fromisoformat("2026-11-20T00:00:00-03:00")
    found = shop.review({"rules/sale.yaml": SALE}, starts + shift)

    assert (len(found.changed) > 0) == on_sale


@pytest.mark.parametrize(
    ("shift", "on_sale"),
    [(timedelta(microseconds=-1), True), (timedelta(), False)],
    ids=["its last microsecond", "the next moment"],
)
def test_a_window_ends_before_its_end(shop: Shops, shift: timedelta, on_sale: bool) -> None:
    ends = datetime.fromisoformat("2026-12-01T00:00:00-03:00")
    found = shop.review({"rules/sale.yaml": SALE}, ends + shift)

    assert (len(found.changed) > 0) == on_sale
