"""Offers of one account as a reviewer sees them: what is told, what it earns, what is written."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from offerwright.compare.offer_state import aspect_hashes
from offerwright.compare.stable_hash import Hashes
from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Decimals
from offerwright.evaluate.facts import decimal_series
from offerwright.evaluate.listing import listing
from offerwright.evaluate.operations import evaluate_decimals
from offerwright.evaluate.run import Offers
from offerwright.expressions.syntax import Typed
from offerwright.guards.plan import GuardPlan
from offerwright.marketplaces.groups import columns_of
from offerwright.marketplaces.marketplace import Marketplace
from offerwright.sync.known import NOTHING_KNOWN
from offerwright.sync.told import Wanted, everything, told

MARGIN_DIGITS = 4
PAYLOAD = "payload."
CREATE = "create"
SEEN = ("paid", "margin")
"""What a reviewer sees beside a listing and the bodies."""


@dataclass(frozen=True)
class Seen:
    """The offers of one account, and what a reviewer sees of them: `seen`."""

    offers: Offers
    frame: pl.DataFrame

    @cached_property
    def hashes(self) -> Hashes:
        """What each aspect of them is told as, `offer_state.aspect_hashes`."""
        return aspect_hashes(self.frame)


def seen(
    offers: Offers,
    guards: tuple[GuardPlan, ...],
    marketplace: Marketplace,
    written: Wanted | None = everything,
) -> pl.DataFrame:
    """
    One row per offer: `evaluate.listing.listing`, and more columns.

    `paid` Decimal is what the buyer pays now. `margin` Decimal(38, 4) is the share of it that is
    left after fees, cost and freight, half away from zero; null where one of them is not known.
    Of what is `written` a column `payload.ASPECT` each is a hash of the body that tells the aspect,
    and `payload.create` of the one that lists the offer.
    """
    frame = listing(offers)
    more = [pl.coalesce("sale_price", "price").alias("paid"), _margin(offers, guards)]
    if written is not None:
        more += _payloads(offers, marketplace, written)
    return frame.with_columns(more)


def _margin(offers: Offers, guards: tuple[GuardPlan, ...]) -> pl.Series:
    size = offers.rows.size
    paid = _paid(offers)
    taken = offers.schedule.taken(offers.rows, paid)
    fees = taken.at(paid)
    left = c.add(paid, fees, -1)
    for spent in _spent(offers, guards):
        left = c.add(left, spent, -1)
    share = c.rounded(c.divide(left, paid), MARGIN_DIGITS)
    known = c.known(share) & taken.known & _above_zero(paid)
    values = np.where(known, share.values, 0)
    state = np.where(known, 0, c.MISSING).astype(np.uint8)
    found = decimal_series(Decimals(values, share.scale, state, share.bound), MARGIN_DIGITS)
    assert len(found) == size
    return found.alias("margin")


def _above_zero(column: Decimals) -> np.ndarray:
    return np.asarray(column.values > 0, dtype=bool)


def _paid(offers: Offers) -> Decimals:
    price, sale = (_number(offers, name) for name in ("price", "sale_price"))
    return c.where(c.known(sale), sale, price)


def _number(offers: Offers, name: str) -> Decimals:
    found = offers.rows.find(name)
    return found if isinstance(found, Decimals) else c.all_missing(offers.rows.size)


def _spent(offers: Offers, guards: tuple[GuardPlan, ...]) -> list[Decimals]:
    """Cost and freight: as the guard of the margin has them, else the facts of these names."""
    guard = next((one for one in guards if one.check == "margin_at_least"), None)
    if guard is not None and guard.cost is not None:
        written: list[Typed | None] = [guard.cost, guard.freight]
        return [evaluate_decimals(one, offers.rows) for one in written if one is not None]
    found = [_number(offers, "cost")]
    freight = offers.rows.find("freight")
    return [*found, freight] if isinstance(freight, Decimals) else found


def written_apart(one: Offers, other: Offers) -> Wanted:
    """
    The payloads that may have other bodies, of two runs whose offers are written alike.

    A body is made of the columns that its payload names: where none of them is another, no body is.
    """
    frames = one.frame, other.frame
    says = [(bool(run.plan.steps), run.plan.inventory is None, run.plan.mapping is None)
            for run in (one, other)]  # fmt: skip
    if frames[0].schema != frames[1].schema or says[0] != says[1]:
        return everything
    names = {name for name in frames[0].columns if not frames[0][name].equals(frames[1][name])}
    if "sku" in names:
        return everything
    return lambda payload, texts: bool(names & columns_of(payload, texts))


def _payloads(offers: Offers, marketplace: Marketplace, written: Wanted) -> list[pl.Series]:
    said = told(offers, marketplace, NOTHING_KNOWN, written)
    size = offers.rows.size
    found = [
        bodies.hashes(size).alias(f"{PAYLOAD}{aspect}") for aspect, bodies in said.updates.items()
    ]
    if said.create is not None:
        found.append(said.create.hashes(size).alias(f"{PAYLOAD}{CREATE}"))
    return found
