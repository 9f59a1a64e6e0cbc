"""New checks say of a whole batch what plain fractions say of each row; send and apply agree."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
from guards.catalogue import ledger, part_of, shop
from guards.one_offer import AS_OF, linked, moment
from hypothesis import given, settings
from hypothesis import strategies as st
from store.builders import OWNER
from sync.book import CURRENCY, NOW, Book, product
from typed_rows import frame_from_rows

from offerwright.evaluate.run import Executor
from offerwright.guards.judge import judge
from offerwright.guards.plan import PRICE_DAYS_KEPT as LONGEST
from offerwright.guards.send import Sending, encode, refusals
from offerwright.guards.windows import DAY_US, HISTORY
from offerwright.marketplaces.operation import Values
from offerwright.pipeline import Loadout
from offerwright.store import open_store
from offerwright.store.protocol import DAY_S, PRICE_DAYS_KEPT
from offerwright.sync.known import LIVE_SCHEMA
from offerwright.sync.submit import submit

CENTS = st.integers(min_value=1, max_value=400).map(lambda n: Decimal(n) / 100)
WINDOW = {"id": "week", "check": "move_over_window", "days": 3, "down": "30%", "up": "50%",
          "else": "block"}  # fmt: skip
DEPTH = {"id": "depth", "check": "discount_at_most", "at_most": "60%", "else": "block"}
OFFERS = st.lists(
    st.fixed_dictionaries(
        {
            "asked": CENTS,
            "asked_sale": st.none() | CENTS,
            "list_price": st.none() | CENTS,
            "live": st.none() | CENTS,
            "was_sent": st.booleans(),
            "days": st.dictionaries(st.integers(0, 5), st.tuples(CENTS, CENTS), max_size=3),
        }
    ),
    min_size=1,
    max_size=8,
)


@cache
def two_guards() -> Loadout:
    loadout, _ = linked([WINDOW, DEPTH])
    assert loadout is not None
    return loadout


def too_far(offer: dict[str, Any], paid: Decimal) -> bool:
    """The window, by hand: the live price and the days from three days ago on."""
    live = offer["live"]
    seen = [p for ago, both in offer["days"].items() if ago <= 3 for p in both]
    seen += [] if live is None else [live]
    if live is None and offer["was_sent"]:
        return True
    if not seen:
        return False
    low, high = Fraction(min(seen)), Fraction(max(seen))
    return Fraction(paid) < high * Fraction(7, 10) or Fraction(paid) > low * Fraction(3, 2)


def too_deep(offer: dict[str, Any], paid: Decimal) -> bool:
    reference = offer["asked"] if offer["list_price"] is None else offer["list_price"]
    return Fraction(paid) < Fraction(reference) * Fraction(2, 5)


@given(OFFERS)
def test_a_batch_of_offers_is_judged_as_row_by_row_at_plan_and_at_send(
    offers: list[dict[str, Any]],
) -> None:
    loadout, now = two_guards(), moment(AS_OF)
    skus = [f"S{n}" for n in range(len(offers))]
    facts = ("asked", "asked_sale", "list_price")
    rows = [
        {"sku": s, **{f: None if o[f] is None else str(o[f]) for f in facts}}
        for s, o in zip(skus, offers, strict=True)
    ]
    executor = Executor(loadout.rules)
    (computed,) = executor.run(frame_from_rows(loadout.schema, rows), datetime.fromisoformat(AS_OF))
    confirmed = pl.DataFrame(
        [
            (s, o["live"], o["live"], None, o["was_sent"] or o["live"] is not None)
            for s, o in zip(skus, offers, strict=True)
        ],
        schema=LIVE_SCHEMA,
        orient="row",
    )
    today = now // DAY_US
    days = [
        tuple((today - ago, min(both), max(both)) for ago, both in o["days"].items())
        for o in offers
    ]
    past = pl.DataFrame(
        [(s, *day) for s, own in zip(skus, days, strict=True) for day in own],
        schema=HISTORY,
        orient="row",
    )
    guards = loadout.guards.by_account["market"]
    verdicts = judge(computed, guards, confirmed, now, executor.walks, past)
    found = {v.guard.id: v.withholds.tolist() for v in verdicts}
    # A sale that is not below the price is withheld by the rules themselves: nothing is said.
    said = computed.frame.select("price", "sale_price").rows()
    paid = [price if sale is None else sale for price, sale in said]
    expected = {
        "week": [p is not None and too_far(o, p) for o, p in zip(offers, paid, strict=True)],
        "depth": [p is not None and too_deep(o, p) for o, p in zip(offers, paid, strict=True)],
    }
    inputs = encode(verdicts, "BRL", {}, pl.Series([""]).new_from_index(0, len(offers)))
    sending = [
        Sending(i, Values(price=p, sale_price=s), o["live"], o["was_sent"] or bool(o["live"]), d)
        for i, (p, s), o, d in zip(inputs, said, offers, days, strict=True)
    ]
    refused = [reason or "" for reason in refusals(sending, now)]

    assert found == expected
    for name, withheld in expected.items():
        assert [f"guard {name}" in reason for reason in refused] == withheld


RUN: list[dict[str, Any]] = [
    {"id": "stake", "check": "exposure", "at_most": 20.00},
    {"id": "same", "check": "identical_price", "at_least": 2, "spread": 2},
    {"id": "ends", "check": "share_delisted", "at_most": "25%"},
    {"id": "moved", "check": "share_moved", "at_most": "60%"},
]
POINTS = st.sampled_from(("1.00", "2.00", "3.50"))
CATALOGUE = st.lists(
    st.fixed_dictionaries(
        {
            "live": st.none() | st.tuples(POINTS, st.integers(0, 9)),
            "here": st.booleans() | st.just(True),
            "asked": POINTS,
            "units": st.integers(0, 9),
            "cost": st.none() | st.sampled_from(("0.10", "0.20", "0.21", "0.90")),
        }
    ),
    min_size=1,
    max_size=7,
)


@cache
def run_shop(else_: str) -> Loadout:
    return shop([{**guard, "else": else_} for guard in RUN])


def objecting(rows: Sequence[dict[str, Any]]) -> dict[str, bool]:
    """The guards on the run, offer by offer."""
    at_stake, moved, ended = Fraction(0), 0, 0
    landed: dict[str, list[Fraction]] = defaultdict(list)
    live = [r for r in rows if r["live"]]
    for row in rows:
        if not row["here"]:
            ended += row["live"] is not None
            continue
        before = row["live"][0] if row["live"] else None
        if before is not None and before != row["asked"]:
            moved += 1
            at_stake += max(Fraction(0), Fraction(before) - Fraction(row["asked"])) * row["units"]
        if before != row["asked"] and row["cost"] is not None:
            landed[row["asked"]].append(Fraction(row["cost"]))
    unlike = (len(c) >= 2 and max(c) > 2 * min(c) for c in landed.values())
    return {
        "stake": at_stake > 20,
        "same": any(unlike),
        "ends": bool(live) and Fraction(ended, len(live)) > Fraction(1, 4),
        "moved": bool(live) and Fraction(moved, len(live)) > Fraction(3, 5),
    }


@settings(max_examples=12)
@given(CATALOGUE)
def test_a_run_is_judged_as_row_by_row_at_plan_and_at_apply(
    catalogue: list[dict[str, Any]],
) -> None:
    rows = [{**row, "sku": f"S{n}"} for n, row in enumerate(catalogue)]
    live = {r["sku"]: {"price": r["live"][0], "quantity": r["live"][1]} for r in rows if r["live"]}
    known = ledger(live, "BRL")
    wanted = [product(r["sku"], r["asked"], r["units"], cost=r["cost"]) for r in rows if r["here"]]
    with tempfile.TemporaryDirectory() as folder:
        store = open_store("sqlite:///state.db", Path(folder))
        store.lead(OWNER, now=0, lease_s=1000)
        listed = known.listed.to_frame("sku").select(
            "sku", pl.col("sku").alias("external_id"), pl.lit("live").alias("state")
        )
        settled = known.ledger.with_columns(pl.col("problems").fill_null("[]"))
        store.write_frames("market", settled, listed, now=0)
        strict = part_of(Book(run_shop("block"), store, Path(folder)).plan(*wanted, first=True))
        lax = Book(run_shop("warn"), store, Path(folder))
        plan = lax.opened(lax.plan(*wanted, first=True))
        market, guards = lax.loadout.marketplaces, run_shop("block").guards.by_account
        applied = submit(plan, store, market, CURRENCY, guards, now=NOW)
        every = {(o.sku, o.aspect, o.action) for o in plan.operations}
        store.close()
    at_apply = {(o.sku, o.aspect, o.action) for o, _ in applied.refused}
    kept = {(c.change.sku, c.change.aspect, c.change.action) for c in strict.changes}

    assert {v.guard.id: v.failed for v in strict.run_verdicts} == objecting(rows)
    assert at_apply == every - kept


def test_no_window_is_longer_than_what_the_store_remembers() -> None:
    assert (LONGEST, DAY_US) == (PRICE_DAYS_KEPT, DAY_S * 1_000_000)
