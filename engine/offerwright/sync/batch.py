"""Operations about to be queued, one after the other → what guards on the whole run count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl

from offerwright.guards.landing import LANDINGS
from offerwright.guards.plan import GuardPlan
from offerwright.guards.send import costs_within, shown_within
from offerwright.guards.whole import Moves
from offerwright.marketplaces.operation import Values
from offerwright.store.protocol import Reading
from offerwright.sync.known import live_paid
from offerwright.sync.moves import with_clusters
from offerwright.sync.planned import PlannedOperation


@dataclass(frozen=True, slots=True)
class Standing:
    """What the ledger says of one offer: its rows of price and stock, empty where it has none."""

    is_listed: bool
    price: Mapping[str, Any]
    stock: Mapping[str, Any]


@dataclass
class BatchTally:
    """What operations would do to one account, by what their bytes say."""

    currency: str
    guards: Sequence[GuardPlan]
    moved: set[str] = field(default_factory=set)
    zeroed: set[str] = field(default_factory=set)
    unstocked: set[str] = field(default_factory=set)
    """Ends of listings that have no stock to go to zero."""
    ended: set[str] = field(default_factory=set)
    falls: dict[str, Fraction | None] = field(default_factory=dict)
    """By how much the price of an offer falls; None where another currency stands."""
    quantities: dict[str, int | None] = field(default_factory=dict)
    """What is shown of the offers that fall, or are told a stock."""
    landed: list[tuple[str, Decimal, Decimal]] = field(default_factory=list)
    """Rows of `LANDINGS`."""

    def add(self, planned: PlannedOperation, said: Values, standing: Standing) -> None:
        """Count one more operation; those of one offer may come one after the other."""
        sku, is_end = planned.sku, planned.action == "end"
        stocked = standing.is_listed and standing.stock.get("quantity")
        if is_end:
            self.ended.add(sku)
        else:
            self._add_price(planned, said, standing)
        if is_end or (stocked and "stock" in planned.covers and said.quantity == 0):
            self.zeroed.add(sku)
        if is_end and not stocked:
            self.unstocked.add(sku)
        if "stock" in planned.covers and said.quantity is not None:
            self.quantities[sku] = said.quantity

    def _add_price(self, planned: PlannedOperation, said: Values, standing: Standing) -> None:
        sku = planned.sku
        paid = said.price if said.sale_price is None else said.sale_price
        if paid is None:
            return
        live, _ = live_paid(standing.price, is_listed=standing.is_listed)
        is_live = standing.is_listed and live is not None
        same = standing.price.get("currency") in (None, said.currency or self.currency)
        moves = is_live and (live != paid or not same)
        if moves:
            assert live is not None
            self.moved.add(sku)
            self.quantities.setdefault(sku, _units(planned, standing))
            if not same:
                self.falls[sku] = None
            elif paid < live:
                self.falls[sku] = Fraction(live) - Fraction(paid)
        if moves or not is_live:
            costs = costs_within(planned.guard_inputs) if self._looks_at_costs else {}
            self.landed += [(guard, paid, cost) for guard, cost in costs.items()]

    @property
    def _looks_at_costs(self) -> bool:
        return any(guard.check == "identical_price" for guard in self.guards)

    def moves(self, reading: Reading, account: str) -> Moves:
        """What all of them would do."""
        confirmed, stocked = reading.live_totals(account)
        wants_live = any(guard.check == "share_delisted" for guard in self.guards)
        at_stake, unvalued = self._exposure()
        found = Moves(
            confirmed=confirmed,
            moved=len(self.moved),
            stocked=stocked + len(self.unstocked),
            zeroed=len(self.zeroed),
            live=len(reading.live_skus(account)) if wants_live else 0,
            ended=len(self.ended),
            exposure=at_stake,
            unvalued=unvalued,
            currency=self.currency,
        )
        landed = pl.DataFrame(self.landed, schema=LANDINGS, orient="row")
        return with_clusters(found, self.guards, landed)

    def _exposure(self) -> tuple[Fraction, int]:
        total, unvalued = Fraction(0), 0
        for sku, fall in self.falls.items():
            quantity = self.quantities.get(sku)
            if fall is None or quantity is None:
                unvalued += 1
            else:
                total += fall * max(quantity, 0)
        return total, unvalued


def _units(planned: PlannedOperation, standing: Standing) -> int | None:
    """What is shown of an offer: as it was confirmed, else as the plan computed it."""
    confirmed: int | None = standing.stock.get("quantity")
    return confirmed if confirmed is not None else shown_within(planned.guard_inputs)
