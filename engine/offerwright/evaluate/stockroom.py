"""The allocations of one run: every inventory document once, whatever the accounts that ask."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from offerwright.errors import Span
from offerwright.evaluate.columns import Array
from offerwright.evaluate.inventory import Allocation, allocate
from offerwright.evaluate.kits import kin
from offerwright.evaluate.state import Block
from offerwright.evaluate.views import Views
from offerwright.expressions.parse import microseconds
from offerwright.rules.plan import AccountPlan, InventoryPlan


@dataclass(frozen=True)
class Stockroom:
    """
    What is asked for (`views`), and the whole snapshot that it is part of.

    Kits make SKUs depend on each other: the stock of one is computed with all its kin, so that it
    is what it would be in a run over everything.
    """

    snapshot: pl.DataFrame
    views: Views
    held: dict[Span, Allocation] = field(default_factory=dict)

    def allocation(self, plan: AccountPlan) -> tuple[Allocation | None, tuple[Block, ...]]:
        """The allocation that counts for an account, for the rows that were asked for, and what it
        blocks. `plan` is that of a moment."""
        inventory = plan.inventory
        if inventory is None:
            return None, ()
        found = self.held.get(inventory.span)
        if found is None:
            found = self.held[inventory.span] = self._allocated(plan, inventory)
        return found, _blocks(plan, inventory, found)

    def _allocated(self, plan: AccountPlan, inventory: InventoryPlan) -> Allocation:
        views, place = self.views, None
        if inventory.kits is not None and views.frame is not self.snapshot:
            views, place = self._with_kin(plan, inventory)
        rows, as_of = views.of(plan.account.name), microseconds(views.as_of)
        found = allocate(inventory, rows, views.of, as_of, views.walks)
        if views.frame is self.snapshot:
            # Of a run over everything nobody asks how each quantity came about.
            return replace(found, stages={})
        return found if place is None else found.part(place)

    def _with_kin(self, plan: AccountPlan, inventory: InventoryPlan) -> tuple[Views, Array]:
        """The rows that are needed, and where among them the ones stand that were asked for."""
        assert inventory.kits is not None
        sku = self.snapshot["sku"]
        chosen = sku.is_in(self.views.frame["sku"].implode()).to_numpy()
        whole = self.views.of_frame(self.snapshot).plain(plan)
        needed = kin(inventory.kits, whole, chosen)
        frame = self.snapshot.filter(pl.Series(needed))
        return self.views.of_frame(frame), np.flatnonzero(chosen[needed])


def _blocks(plan: AccountPlan, inventory: InventoryPlan, found: Allocation) -> tuple[Block, ...]:
    """What withholds the stock of an account, with the part of the document that says so."""
    account, document = plan.account.name, inventory.document
    no_entry = np.full(len(found.pool), account not in found.published)
    tables = {"safety_stock": found.safety}
    reasons = {**found.unknown, **found.refused.get(account, {})}
    blocks = (
        Block("stock", "NO_ALLOCATION", no_entry, "allocate", document),
        *(
            Block("stock", code, mask, step, document, tables.get(step))
            for (code, step), mask in reasons.items()
        ),
    )
    return tuple(block for block in blocks if block.mask.any())
