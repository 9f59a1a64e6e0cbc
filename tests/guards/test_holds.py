"""A hold in the repository: what it keeps from being planned, and what goes in spite of it."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from guards.catalogue import ledger, part_of, planned, shop
from guards.one_offer import linked
from sync.book import product

LIVE = {"A": {"price": "100.00", "quantity": 5}, "B": {"price": "50.00", "quantity": 5}}


def rows(*said: tuple[str, str, int]) -> list[dict[str, Any]]:
    return [{"sku": sku, "asked": price, "units": {"sp": units}} for sku, price, units in said]


def run(
    guard: dict[str, Any], *said: tuple[str, str, int]
) -> tuple[list[str], list[tuple[str, str, str]]]:
    """What is planned, and what is held: `SKU aspect`."""
    loadout = shop([{"id": "stop", "check": "hold", "else": "block", **guard}])
    part = part_of(planned(loadout, rows(*said), ledger(LIVE)))
    sent = [f"{c.change.sku} {c.change.aspect}" for c in part.changes]
    return sent, [(w.sku, w.aspect, w.reason) for w in part.withheld if w.code == "HELD"]


def test_a_hold_keeps_prices_and_lets_stock_go() -> None:
    sent, held = run({"note": "ERP wrong"}, ("A", "90.00", 7), ("B", "60.00", 5))

    assert sent == ["A stock", "B stock"]
    assert held == [
        ("A", "price", "guard stop: ERP wrong"),
        ("B", "price", "guard stop: ERP wrong"),
    ]


def test_a_hold_for_some_offers_leaves_the_others() -> None:
    sent, held = run({"when": {"sku": "A"}}, ("A", "90.00", 5), ("B", "60.00", 5))

    assert sent == ["A stock", "B price", "B stock"]
    assert held == [("A", "price", "guard stop")]


def test_held_stock_may_fall_and_not_rise() -> None:
    sent, held = run({"aspects": ["stock"]}, ("A", "90.00", 4), ("B", "60.00", 6))

    assert sent == ["A price", "A stock", "B price"]
    assert held == [("B", "stock", "guard stop")]


def test_a_hold_of_a_rule_holds_what_it_made() -> None:
    loadout = shop([{"id": "stop", "check": "hold", "rule": "prices/sale", "else": "block"}])
    wanted = rows(("A", "90.00", 5), ("B", "60.00", 5))
    on_sale = [wanted[0] | {"asked_sale": "80.00"}, wanted[1]]
    part = part_of(planned(loadout, on_sale, ledger(LIVE)))

    assert [w.sku for w in part.withheld if w.code == "HELD"] == ["A"]
    assert "B price" in [f"{c.change.sku} {c.change.aspect}" for c in part.changes]


def test_a_hold_that_warns_holds_nothing() -> None:
    sent, held = run({"else": "warn"}, ("A", "90.00", 5), ("B", "50.00", 5))

    assert ("A price" in sent, held) == (True, [])


def test_only_an_end_and_stock_that_goes_down_are_never_stopped() -> None:
    """A listing that is made with nought of it says a price, and is stopped like any other."""
    live = {"A": (5, 4), "B": (5, 6), "C": (5, 0), "D": (5, None), "E": (None, 0), "F": (None, 2)}
    known = ledger({s: {"price": "10.00", "quantity": u} for s, (u, _) in live.items() if u})
    wanted = [product(s, "10.00", u) for s, (_, u) in live.items() if u is not None]
    part = part_of(planned(shop([], content=True), wanted, known))
    frame = pl.concat([one.operations.collect() for one in part.rows])
    takes = {(r["sku"], r["action"], r["aspect"]) for r in frame.filter("takes").to_dicts()}

    assert takes == {("A", "update", "stock"), ("C", "update", "stock"), ("D", "end", "content")}
    assert {r["sku"] for r in frame.to_dicts() if r["action"] == "create"} == {"E", "F"}


@pytest.mark.parametrize(
    ("guard", "hint"),
    [
        ({"check": "exposure", "at_most": "5%"}, "such as 50000.00, and no share"),
        ({"check": "identical_price", "at_least": 1, "spread": 2}, "2 or more, not 1"),
        ({"check": "hold", "rule": "sale"}, "such as campaigns/friday, not sale"),
        ({"check": "share_delisted", "at_most": "150%"}, "150% is never exceeded"),
        ({"check": "discount_at_most", "at_most": "101%"}, "101% is never exceeded"),
        ({"check": "expires", "within": 90}, "such as 6 hours, 3 days"),
    ],
)
def test_what_to_write_instead_is_said(guard: dict[str, Any], hint: str) -> None:
    _, found = linked([{"id": "g", "else": "block", **guard}])

    assert hint in " ".join(one.message for one in found)


@pytest.mark.parametrize(
    ("guard", "code"),
    [
        ({"check": "hold", "rule": "prices/aks", "else": "block"}, "UNKNOWN_RULE"),
        ({"check": "source_age", "at_most": "26 hours", "source": "al", "else": "block"},
         "UNKNOWN_SOURCE"),
        ({"check": "hold", "else": "needs_approval"}, "INVALID"),
        ({"check": "margin_at_least", "margin": "3%", "else": "needs_approval"}, "INVALID"),
        ({"check": "magnitude", "times": 5, "else": "needs_approval"}, "INVALID"),
        ({"check": "source_age", "at_most": "26%", "else": "block"}, "INVALID"),
        ({"check": "source_rows", "at_least": 98, "else": "block"}, "WRONG_TYPE"),
        ({"check": "share_moved", "at_most": "9%", "when": {"sku": "A"}, "else": "block"},
         "UNSUPPORTED_SCOPE"),
        ({"check": "exposure", "at_most": 9, "when": {"sku": "A"}, "else": "block"},
         "UNSUPPORTED_SCOPE"),
        ({"check": "expires", "within": "9 days", "when": {"sku": "A"}, "else": "block"},
         "UNSUPPORTED_SCOPE"),
    ],
)  # fmt: skip
def test_what_guards_nothing_is_found(guard: dict[str, Any], code: str) -> None:
    _, found = linked([{"id": "g", **guard}])

    assert code in [one.code for one in found]
