"""Units held back from an account because the others sell while its new quantity is on its way."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Array, Decimals
from offerwright.evaluate.operations import Rows
from offerwright.evaluate.pool import Reasons, faults
from offerwright.rules.plan import EntryPlan, InventoryPlan, RatePlan

HOUR_S = 3_600


def buffers(
    plan: InventoryPlan, seen_by: Callable[[str], Rows], rows: Rows
) -> tuple[list[Array | int], dict[str, Reasons]]:
    """
    The buffer of every entry in units, and by account where a rate could not be computed.

    ⌈rate of the other accounts in units per hour × the time in hours⌉, exactly, beside the fixed
    units. A missing rate is none recorded, and one below zero (returns) counts as zero.
    """
    found: list[Array | int] = []
    wrong: dict[str, Reasons] = {}
    for entry in plan.entries:
        if plan.rate is None or not entry.sold_elsewhere_s or entry.account is None:
            found.append(entry.buffer)
            continue
        rates = [_rate(plan.rate, seen_by(a)) for a in _elsewhere(plan.rate, plan, entry)]
        total, scale = _sum(rates, rows.size)
        hours = HOUR_S * 10**scale
        sold = -(-_roomy(total, entry.sold_elsewhere_s) * entry.sold_elsewhere_s // hours)
        found.append(entry.buffer + np.minimum(sold, 2**60).astype(np.int64))
        state = c.joined_state(*(rate.state for rate in rates))
        wrong[entry.account] = faults(c.with_state(c.all_missing(rows.size), state), "buffer")
    return found, wrong


def _elsewhere(rate: RatePlan, plan: InventoryPlan, entry: EntryPlan) -> list[str]:
    """Whose rates count against an entry, one account for each.

    A rate of all together counts whole. One of a marketplace or a trade policy counts once however
    many accounts sell there, and for an account it counts too as soon as a second one sells beside
    it.
    """
    if rate.per == "all":
        return [entry.account or ""]
    others = [e for e in plan.entries if e.account not in (None, entry.account)]
    return [other.account or "" for other in {_counted(rate, e): e for e in others}.values()]


def _counted(rate: RatePlan, entry: EntryPlan) -> str | None:
    """What a rate counts the sales of; entries of one such thing have one rate."""
    return {"marketplace": entry.marketplace, "trade_policy": entry.trade_policy}.get(
        rate.per, entry.account
    )


def _rate(rate: RatePlan, rows: Rows) -> Decimals:
    found = rows.get(rate.fact)
    if not isinstance(found, Decimals):
        raise TypeError("a rate is a number")
    return found


def _sum(rates: list[Decimals], size: int) -> tuple[Array, int]:
    """The sum of what is known and not below zero, at one scale."""
    scale = max((rate.scale for rate in rates), default=0)
    total = np.zeros(size, dtype=np.int64)
    for rate in rates:
        values = np.where(c.known(rate), np.maximum(0, rate.values), 0)
        total = total + _roomy(values, 10**scale) * 10 ** (scale - rate.scale)
    return total, scale


def _roomy(values: Array, factor: int) -> Array:
    """Integers that may be multiplied by a factor, and added up."""
    largest = int(values.max(initial=0))
    return values.astype(object) if largest * factor >= 2**58 else values
