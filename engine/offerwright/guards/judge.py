"""Guards on the computed offers of one account: every verdict, and the inputs for send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Column, Decimals
from offerwright.evaluate.facts import column_of
from offerwright.evaluate.match import Walks, holds
from offerwright.evaluate.operations import evaluate_decimals
from offerwright.evaluate.rule_ids import made_by
from offerwright.evaluate.run import Offers
from offerwright.guards.checks import Inputs, Result, Said, Truth, run_check, tier_input
from offerwright.guards.plan import NOT_OF_OFFERS, ApprovalPlan, GuardPlan
from offerwright.guards.windows import NO_HISTORY, extremes
from offerwright.profile import stage


@dataclass(frozen=True)
class Verdict:
    """
    What one guard says of every offer.

    `applies` is where it looks at all; `fails` where it objects after approvals; `missing` where a
    required input is not there, which blocks; `approved` where an approval lets it pass.
    """

    guard: GuardPlan
    applies: Truth
    fails: Truth
    missing: Truth
    approved: Truth
    notes: Mapping[str, Truth]
    inputs: Inputs

    @property
    def withholds(self) -> Truth:
        """Where the price must not be sent."""
        objects = self.fails if self.guard.else_ != "warn" else np.zeros_like(self.fails)
        return np.asarray(objects | self.missing)


def judge(
    offers: Offers,
    guards: tuple[GuardPlan, ...],
    confirmed: pl.DataFrame,
    as_of: int,
    walks: Walks,
    history: pl.DataFrame | None = None,
) -> tuple[Verdict, ...]:
    """
    All verdicts of the per-offer guards.

    Args:
        offers: what the account is to be told.
        guards: the guards of the account.
        confirmed: one row per SKU that the ledger knows: `sku` String, `live_paid` Decimal (what
            the buyer pays there, null if unknown), `was_sent` Boolean.
        as_of: the moment, in microseconds.
        walks: what the tables have learned.
        history: what was paid day by day, `windows.HISTORY`; None: nobody knows.
    """
    said = said_by(offers)
    live = _live(offers, confirmed)
    found = []
    for guard in guards:
        if guard.check in NOT_OF_OFFERS or not guard.in_force(as_of):
            continue
        with stage(guard.id, guard.span.file):
            when, only = (holds(x, offers.rows, as_of, walks) for x in (guard.when, guard.only))
            applies = when & only
            if guard.rule:
                applies = applies & _made_by(offers, guard.rule)
            inputs = _inputs(guard, offers, said, live)
            if guard.check == "move_over_window":
                past = NO_HISTORY if history is None else history
                inputs |= live | extremes(offers.frame["sku"], past, guard, as_of)
            result = run_check(guard.check, said, inputs)
            found.append(_verdict(guard, result, applies, said, inputs, offers, as_of, walks))
    return tuple(found)


def _made_by(offers: Offers, rule: str) -> Truth:
    """Where a pricing rule had a hand in the price."""
    names = [document.name for document in offers.plan.documents]
    return made_by(offers.ran, names, rule, offers.rows.size)


def said_by(offers: Offers) -> Said:
    """What the offers say, aspect by aspect; a withheld price is not said."""
    frame = offers.frame
    return Said(
        price=_decimals(column_of(frame["price"])),
        sale_price=_decimals(column_of(frame["sale_price"])),
        quantity=_decimals(column_of(frame["quantity"])),
        right_currency=(frame["currency"] == offers.account.currency).to_numpy(),
        tiers=tuple(_decimals(column_of(price)) for price in _tier_prices(frame)),
    )


def _tier_prices(frame: pl.DataFrame) -> list[pl.Series]:
    """The price of the first tier of every offer, of the second, …"""
    if "tiers" not in frame.columns:
        return []
    tiers, most = frame["tiers"], frame["tiers"].list.len().max()
    return [
        tiers.list.get(number, null_on_oob=True).struct.field("price")
        for number in range(most if isinstance(most, int) else 0)
    ]


def _decimals(column: Column) -> Decimals:
    if not isinstance(column, Decimals):
        raise TypeError("a number stands here")
    return column


def _live(offers: Offers, confirmed: pl.DataFrame) -> dict[str, Decimals]:
    joined = offers.frame.select("sku").join(confirmed, on="sku", how="left", maintain_order="left")
    sent = joined["was_sent"].fill_null(False).cast(pl.Int64)
    return {
        "live": _decimals(column_of(joined["live_paid"])),
        "was_sent": _decimals(column_of(sent)),
    }


def _inputs(
    guard: GuardPlan, offers: Offers, said: Said, live: Mapping[str, Decimals]
) -> dict[str, Decimals]:
    size, rows = len(said), offers.rows
    found = {name: c.constant(value, size) for name, value in guard.settings.items()}
    if guard.bound is not None:
        found["bound"] = evaluate_decimals(guard.bound, rows)
    if guard.check == "step_from_live":
        found |= live
    if guard.check == "magnitude":
        found["reference"] = _reference(offers, live["live"])
    if guard.check == "discount_at_most":
        found["reference"] = _undiscounted(guard, offers, said)
    if guard.check == "margin_at_least" and guard.cost is not None:
        found["cost"] = evaluate_decimals(guard.cost, rows)
        found["freight"] = (
            evaluate_decimals(guard.freight, rows) if guard.freight else c.constant(0, size)
        )
        found |= _fees_of(offers, said.paid)
        for number, tier in enumerate(said.tiers):
            own = _fees_of(offers, tier)
            found |= {tier_input(name, number): column for name, column in own.items()}
    return found


def _fees_of(offers: Offers, price: Decimals) -> dict[str, Decimals]:
    """What is taken of these prices, as the check of the margin wants it."""
    taken = offers.schedule.taken(offers.rows, price)
    unknown = np.where(taken.known, 0, c.MISSING).astype(np.uint8)
    return {
        "rate": replace(taken.rate, state=unknown),
        "fixed": replace(taken.fixed, state=unknown),
        "fees_for": price,
    }


def _undiscounted(guard: GuardPlan, offers: Offers, said: Said) -> Decimals:
    """What a discount is measured against: as written, else the list price, else the price."""
    if guard.reference is not None:
        return evaluate_decimals(guard.reference, offers.rows)
    listed = offers.rows.find("list_price")
    if not isinstance(listed, Decimals):
        return said.price
    return c.where(c.known(listed), listed, said.price)


def _reference(offers: Offers, live: Decimals) -> Decimals:
    """The live price, else the list price, else the cost."""
    found = live
    for name in ("list_price", "cost"):
        column = offers.rows.find(name)
        if isinstance(column, Decimals):
            found = c.where(c.known(found), found, column)
    return found


def _verdict(
    guard: GuardPlan,
    result: Result,
    applies: Truth,
    said: Said,
    inputs: Inputs,
    offers: Offers,
    as_of: int,
    walks: Walks,
) -> Verdict:
    approved = np.zeros(len(said), dtype=bool)
    if guard.else_ == "needs_approval":
        for approval in guard.approvals:
            if as_of < approval.until:
                selected = holds(approval.select, offers.rows, as_of, walks)
                approved |= selected & ~again(guard, approval, said, inputs)
    fails = result.fails & applies
    return Verdict(
        guard, applies, fails & ~approved, result.missing & applies, fails & approved,
        {code: mask & applies for code, mask in result.notes.items()}, inputs,
    )  # fmt: skip


def again(guard: GuardPlan, approval: ApprovalPlan, said: Said, inputs: Inputs) -> Truth:
    """Where the guard fails even with the approval's own bounds."""
    own = {name: c.constant(value, len(said)) for name, value in approval.bounds.items()}
    return run_check(guard.check, said, {**inputs, **own}).fails
