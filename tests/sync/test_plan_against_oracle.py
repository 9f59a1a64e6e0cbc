"""Plans made of columns say what plans made offer by offer say, whole or in parts."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

import polars as pl
from guards.catalogue import shop
from guards.one_offer import AS_OF, INVENTORY, moment
from hypothesis import given
from hypothesis import strategies as st
from oracle import account_plan as oracle
from sync.generated_ledger import GONE, SKUS, catalogues, doubts, ledgers
from typed_rows import frame_from_rows

from offerwright.evaluate.partitions import partitions
from offerwright.evaluate.run import Executor, Offers
from offerwright.guards.judge import judge
from offerwright.loadout import Loadout, PlanRequest, plan_parts
from offerwright.sync.catalogue import HeldLedger
from offerwright.sync.delta import Doubt
from offerwright.sync.known import NOTHING_KNOWN, Known, live_frame
from offerwright.sync.plan import AccountPart, Basis
from offerwright.sync.planned import Planned
from offerwright.sync.told import Bodies, bodies, told, zero_payload

GUARDS: list[dict[str, Any]] = [
    {"id": "floor", "check": "price_at_least", "bound": "cost * 1.05", "else": "block"},
    {"id": "ceiling", "check": "price_at_most", "bound": "list_price", "else": "warn"},
    {"id": "step", "check": "step_from_live", "down": "30%", "up": "50%", "else": "needs_approval"},
]
ZEROING = INVENTORY.replace("marketplace: market", "marketplace: example-market")
HOLDING = ZEROING + "on_block: hold\n"
ON_THE_RUN: list[dict[str, Any]] = [
    {"id": "moves", "check": "share_moved", "at_most": "40%", "else": "block"},
    {"id": "zeros", "check": "share_zeroed", "at_most": "30%", "else": "needs_approval"},
]
BASIS = Basis("", "r", "s", AS_OF, "0", "sandbox", True)


@cache
def the_shop(content: bool, holds: bool, on_the_run: bool = False) -> Loadout:
    inventory = HOLDING if holds else ZEROING
    guards = [*GUARDS, *ON_THE_RUN] if on_the_run else GUARDS
    return shop(guards, content=content, inventory=inventory)


@given(st.data(), catalogues(), doubts(), st.booleans(), st.booleans())
def test_a_plan_of_columns_is_the_plan_offer_by_offer(
    data: st.DataObject, rows: list[dict[str, Any]], doubt: Doubt, content: bool, holds: bool
) -> None:
    loadout = the_shop(content, holds)
    frame = frame_from_rows(loadout.schema, rows)
    known = data.draw(ledgers(said_of(loadout, frame)))
    expected = oracle_plan(loadout, frame, known, doubt)
    (part,) = planned(loadout, frame, known, doubt)

    assert [record(change) for change in part.changes] == expected.operations
    assert [(w.sku, w.aspect, w.code, w.reason) for w in part.withheld] == expected.withheld
    assert [(w.sku, w.aspect, w.code, w.reason) for w in part.warnings] == expected.warnings
    assert (part.unchanged, part.waiting) == (expected.unchanged, expected.waiting)
    assert moves(part) == expected.moves


@given(st.data(), catalogues(), doubts(), st.integers(1, 3), st.booleans())
def test_a_plan_in_parts_is_the_plan_of_the_whole(
    data: st.DataObject, rows: list[dict[str, Any]], doubt: Doubt, size: int, content: bool
) -> None:
    loadout = the_shop(content, False, on_the_run=True)
    frame = frame_from_rows(loadout.schema, rows)
    known = data.draw(ledgers(said_of(loadout, frame)))
    (whole,) = planned(loadout, frame, known, doubt)
    (parts,) = planned(loadout, frame, known, doubt, size)

    assert moves(parts) == moves(whole)
    assert parts.changes == whole.changes
    assert (parts.withheld, parts.warnings) == (whole.withheld, whole.warnings)
    assert (parts.counts, parts.unchanged, parts.waiting, parts.run_verdicts) == (
        whole.counts, whole.unchanged, whole.waiting, whole.run_verdicts,
    )  # fmt: skip


def planned(
    loadout: Loadout, frame: pl.DataFrame, known: Known, doubt: Doubt, size: int = 100
) -> tuple[AccountPart, ...]:
    asked = PlanRequest(("market",), datetime.fromisoformat(AS_OF), BASIS, doubt)
    parts = partitions(loadout.rules, frame, size)
    return plan_parts(loadout, parts, HeldLedger({"market": known}), asked).parts


def computed(loadout: Loadout, frame: pl.DataFrame, known: Known) -> Offers:
    live = {"market": live_frame(known)}
    return Executor(loadout.rules).run(frame, datetime.fromisoformat(AS_OF), live)[0]


def said_of(loadout: Loadout, frame: pl.DataFrame) -> dict[tuple[str, str], list[str]]:
    """What would be said of every offer, listed or not, and of SKUs that have gone."""
    found: dict[tuple[str, str], list[str]] = {}
    listed = Known(NOTHING_KNOWN.ledger, pl.Series(sorted(SKUS)))
    for known in (NOTHING_KNOWN, listed):
        offers = computed(loadout, frame, known)
        for sku, said in zip(offers.frame["sku"], hashes(loadout, offers, known), strict=True):
            for aspect in ("price", "stock", "content"):
                found.setdefault((sku, aspect), []).extend(
                    {said[name] for name in (aspect, "create") if name in said}
                )
    for sku in GONE:
        found[sku, "stock"] = [apart(loadout, "end", sku), apart(loadout, "zero", sku)]
    return found


def hashes(loadout: Loadout, offers: Offers, known: Known) -> list[dict[str, str]]:
    """By offer, the hashes of what is said; the bodies are the engine's, one by one."""
    found: list[dict[str, str]] = []
    said = told(offers, loadout.marketplaces["example-market"], known)
    messages: dict[str, Bodies] = {str(aspect): one for aspect, one in said.updates.items()}
    if said.create is not None:
        messages["create"] = said.create
    for row in range(offers.frame.height):
        own = {name: one.frame.filter(pl.col("row") == row) for name, one in messages.items()}
        found.append({name: one["hash"][0] for name, one in own.items() if one.height})
    return found


def apart(loadout: Loadout, what: str, sku: str) -> str:
    """The hash of an end, or of a stock of nought."""
    market, plan = loadout.marketplaces["example-market"], loadout.rules.plans[0]
    settings = market.account_settings(None, "BRL", plan.account.settings, None)
    payload = market.payload_for("content", "end", settings)
    if what == "zero":
        payload = zero_payload(plan, market, settings) or market.payload_for(
            "stock", "update", settings
        )
    assert payload is not None
    frame = pl.DataFrame({"sku": [sku], "quantity": [0]})
    return str(bodies(payload, frame, settings).frame["hash"][0])


def oracle_plan(loadout: Loadout, frame: pl.DataFrame, known: Known, doubt: Doubt) -> oracle.Plan:
    offers = computed(loadout, frame, known)
    market = loadout.marketplaces["example-market"]
    settings = market.account_settings(None, "BRL", offers.account.settings, None)
    create, end = (market.payload_for("content", action, settings) for action in ("create", "end"))
    assert create is not None and end is not None
    account = oracle.Account(
        creates=offers.plan.mapping is not None,
        create_covers=create.covers,
        ends=True,
        end_covers=end.covers,
        zeroes=zero_payload(offers.plan, market, settings) is not None,
        aspects=("price", "stock", "content"),
        hash_apart=lambda what, sku: apart(loadout, what, sku),
    )
    rows = {(row["sku"], row["aspect"]): row for row in known.ledger.iter_rows(named=True)}
    listed = frozenset(known.listed.to_list())
    ledger = oracle.Ledger(rows, listed, doubt.skus, doubt.anyone)
    return oracle.plan_of(oracle_offers(loadout, offers, known), account, ledger)


def oracle_offers(loadout: Loadout, offers: Offers, known: Known) -> list[oracle.Offer]:
    verdicts = judge(
        offers, loadout.guards.by_account["market"], live_frame(known), moment(AS_OF),
        Executor(loadout.rules).walks,
    )  # fmt: skip
    said = told(offers, loadout.marketplaces["example-market"], known)
    documents = offers.plan.documents
    found = []
    for row, messages in enumerate(hashes(loadout, offers, known)):
        offer = offers.frame.row(row, named=True)
        found.append(oracle.Offer(
            sku=offer["sku"],
            paid=offer["price"] if offer["sale_price"] is None else offer["sale_price"],
            quantity=offer["quantity"],
            told_quantity=said.frame["quantity"][row],
            bodies=messages,
            blocks=[
                (b.aspect, b.code,
                 f"{documents[b.document].name}/{b.step}" if b.document >= 0 else b.step)
                for b in offers.blocks if b.mask[row]
            ],
            verdicts=[
                oracle.Verdict(v.guard.id, str(v.guard.span), v.guard.else_,
                               bool(v.fails[row]), bool(v.missing[row]))
                for v in verdicts
            ],
        ))  # fmt: skip
    return found


def record(planned: Planned) -> oracle.Operation:
    change = planned.change
    return oracle.Operation(
        change.sku, change.aspect, change.action, dict(change.covers), dict(change.base),
        planned.why,
        (planned.price_before, planned.price_after),
        (planned.quantity_before, planned.quantity_after),
    )  # fmt: skip


def moves(part: AccountPart) -> tuple[int, int, int, int]:
    found = [rows.moves for rows in part.rows]
    return (
        sum(m.confirmed for m in found), sum(m.moved for m in found),
        sum(m.stocked for m in found), sum(m.zeroed for m in found),
    )  # fmt: skip
