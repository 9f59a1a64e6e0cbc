"""What a change would do to one account, as the guards on a whole run count it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction

import polars as pl

from offerwright.expressions.parse import microseconds
from offerwright.guards.landing import AMOUNT, LANDINGS, costs_of, landings
from offerwright.guards.plan import GuardPlan
from offerwright.guards.whole import Moves
from offerwright.review.reach import Stock
from offerwright.review.seen import Seen
from offerwright.review.side import Side
from offerwright.sync.moves import with_clusters


def landed(changed: pl.DataFrame, head: Side, seen: Seen | None, as_of: datetime) -> pl.DataFrame:
    """The prices that offers of one part get and the base does not give them: `LANDINGS`."""
    if seen is None or not changed.height:
        return pl.DataFrame(schema=LANDINGS)
    guards = head.loadout.guards.by_account[seen.offers.account.name]
    costs = costs_of(seen.offers, guards, microseconds(as_of), head.executor.walks)
    fresh = changed.filter(
        pl.col("new").is_not_null() & pl.col("paid_after").is_not_null() & (_differs() | _is_new())
    )
    return landings(
        fresh["paid_after"], {guard: cost.gather(fresh["new"]) for guard, cost in costs.items()}
    )


def moves(
    changed: pl.DataFrame, before: Stock, guards: Sequence[GuardPlan], found: pl.DataFrame
) -> Moves:
    """
    What the offers that differ move; the base is what is live.

    Args:
        changed: the offers of one account that differ, `Pairs.frame`.
        before: the offers of the base.
        guards: of the head.
        found: what `landed` says of all parts.
    """
    old, new = pl.col("quantity_before"), pl.col("quantity_after")
    emptied = (old.fill_null(0) > 0) & (new.fill_null(0) == 0)
    ended = (pl.col("change") == "gone") & pl.col("paid_before").is_not_null()
    at_stake, unvalued = _exposure(changed)
    currencies = changed["currency_after"].drop_nulls()
    counted = Moves(
        confirmed=before.priced,
        moved=_count(changed, _differs()),
        stocked=before.stocked,
        zeroed=_count(changed, emptied),
        live=before.priced,
        ended=_count(changed, ended),
        exposure=at_stake,
        unvalued=unvalued,
        currency=str(currencies[0]) if len(currencies) else "",
    )
    return with_clusters(counted, guards, found)


def _is_new() -> pl.Expr:
    return pl.col("paid_before").is_null()


def _differs() -> pl.Expr:
    """Where a price that was paid before becomes another amount, or one of another currency."""
    before, after = pl.col("paid_before"), pl.col("paid_after")
    both = before.is_not_null() & after.is_not_null()
    return both & (before.ne_missing(after) | _other())


def _other() -> pl.Expr:
    return pl.col("currency_before").ne_missing(pl.col("currency_after"))


def _exposure(changed: pl.DataFrame) -> tuple[Fraction, int]:
    """What falling prices give away on the stock shown; how many nobody can say it of."""
    old, new = pl.col("paid_before").cast(AMOUNT), pl.col("paid_after").cast(AMOUNT)
    fallen = changed.filter(~_other() & (new < old)).select(
        (old - new).alias("fall"),
        pl.coalesce("quantity_after", "quantity_before").alias("quantity"),
    )
    # As whole numbers: a sum of decimals could round or wrap.
    pairs = zip(fallen["fall"].to_physical(), fallen["quantity"], strict=True)
    total = sum(unit * quantity for unit, quantity in pairs if (quantity or 0) > 0)
    unvalued = fallen["quantity"].null_count() + _count(changed, _differs() & _other())
    return Fraction(total, 10**8), unvalued


def _count(changed: pl.DataFrame, where: pl.Expr) -> int:
    return int(changed.select(where.fill_null(False).sum()).item())
