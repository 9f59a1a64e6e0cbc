"""Changes of some rows of an account → what guards on the whole run count of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import polars as pl

from offerwright.evaluate.run import Offers
from offerwright.guards.landing import AMOUNT, LANDINGS, clusters, landings
from offerwright.guards.plan import GuardPlan
from offerwright.guards.whole import Moves
from offerwright.sync.delta import Changes
from offerwright.sync.known import Known
from offerwright.sync.tally import live_rows

NO_LANDINGS = pl.DataFrame(schema=LANDINGS)
Written = tuple[Changes, pl.DataFrame]
"""Changes, and beside each its `at, sku, paid, live, quantity_after`."""


@dataclass(frozen=True)
class Shown:
    """
    By row, the quantity that is shown and what offers cost (`landing.costs_of`).

    `currency` is the account's; both are empty where changes have no offer.
    """

    currency: str
    quantity: pl.Series = field(default_factory=lambda: pl.Series([], dtype=pl.Int64))
    costs: Mapping[str, pl.Series] = field(default_factory=dict)


def shown_of(offers: Offers, told: pl.DataFrame, costs: Mapping[str, pl.Series]) -> Shown:
    """What offers show; `told` are they as they are told."""
    return Shown(offers.account.currency, told["quantity"], costs)


def moves_of(written: Sequence[Written], known: Known, shown: Shown) -> Moves:
    """Counts for the guards that look at the whole run."""
    with_price, with_stock = live_rows(known)
    ended = [frame["sku"] for change, frame in written if change.action == "end"]
    stocked = pl.concat([with_stock, *ended]).unique()
    priced = [_priced(frame, known, shown) for change, frame in written if change.says_price]
    at_stake, unvalued = _exposure(priced)
    return Moves(
        confirmed=len(with_price),
        moved=sum(int(frame["moves"].sum()) for frame in priced),
        stocked=len(stocked),
        zeroed=sum(_zeroed(frame, stocked) for change, frame in written if change.covers_stock),
        live=len(known.listed),
        ended=sum(int(known.is_listed(skus).sum()) for skus in ended),
        exposure=at_stake,
        unvalued=unvalued,
        currency=shown.currency,
    )


def landings_of(written: Sequence[Written], known: Known, shown: Shown) -> pl.DataFrame:
    """The prices that offers get and did not have, `LANDINGS`."""
    if not shown.costs:
        return NO_LANDINGS
    found = [NO_LANDINGS]
    for change, frame in written:
        if change.says_price:
            lands = _priced(frame, known, shown).filter(pl.col("lands"))
            own = {guard: cost.gather(lands["at"]) for guard, cost in shown.costs.items()}
            found.append(landings(lands["after"], own))
    return pl.concat(found)


def _priced(frame: pl.DataFrame, known: Known, shown: Shown) -> pl.DataFrame:
    """
    Changes that say a price: `at`, amounts `before` and `after`, `quantity`.

    `moves`: a live price gets another amount or currency; `lands`: the offer did not have it;
    `same`: both amounts are in one currency.
    """
    skus = frame["sku"]
    held = known.beside(skus, "price")["currency"]
    stock = known.beside(skus, "stock")["quantity"]
    quantity = shown.quantity.gather(frame["at"]) if len(shown.quantity) else stock
    before, after = pl.col("live").cast(AMOUNT), pl.col("paid").cast(AMOUNT, strict=False)
    is_live = pl.lit(known.is_listed(skus)) & before.is_not_null()
    same = pl.lit(held.is_null() | (held == shown.currency))
    differs = before.ne_missing(after) | ~same
    return frame.select(
        "at",
        before.alias("before"),
        after.alias("after"),
        pl.coalesce(pl.lit(quantity), pl.lit(stock)).alias("quantity"),
        (is_live & differs).alias("moves"),
        (after.is_not_null() & (~is_live | differs)).alias("lands"),
        same.alias("same"),
    )


def _exposure(priced: Sequence[pl.DataFrame]) -> tuple[Fraction, int]:
    """What falling prices give away on the stock shown; how many nobody can say it of."""
    total = unvalued = 0
    for frame in priced:
        other = pl.col("moves") & pl.col("after").is_not_null() & ~pl.col("same")
        falls = pl.col("moves") & (pl.col("after") < pl.col("before")) & pl.col("same")
        fallen = frame.filter(falls)
        by_unit = (fallen["before"] - fallen["after"]).to_physical().to_list()
        # As whole numbers: a sum of decimals could round or wrap.
        pairs = zip(by_unit, fallen["quantity"].to_list(), strict=True)
        total += sum(unit * quantity for unit, quantity in pairs if (quantity or 0) > 0)
        unvalued += fallen["quantity"].null_count() + int(frame.select(other.sum()).item())
    return Fraction(total, 10**8), unvalued


def _zeroed(frame: pl.DataFrame, stocked: pl.Series) -> int:
    """How many of the offers with stock go to zero, or end."""
    nought = frame["quantity_after"].fill_null(0) == 0
    return int((frame["sku"].is_in(stocked.implode()) & nought).sum())


def added(left: Moves, right: Moves) -> Moves:
    """What two parts of one account move together."""
    return Moves(
        left.confirmed + right.confirmed,
        left.moved + right.moved,
        left.stocked + right.stocked,
        left.zeroed + right.zeroed,
        left.live + right.live,
        left.ended + right.ended,
        left.exposure + right.exposure,
        left.unvalued + right.unvalued,
        left.currency or right.currency,
    )


def with_clusters(moves: Moves, guards: Sequence[GuardPlan], found: pl.DataFrame) -> Moves:
    """With the prices at which the guards on identical prices object."""
    own: dict[str, Any] = {
        guard.id: clusters(found, guard) for guard in guards if guard.check == "identical_price"
    }
    return replace(moves, clusters=own) if own else moves
