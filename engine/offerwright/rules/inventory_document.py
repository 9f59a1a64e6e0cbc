"""How stock is written: the pool, how it is shared out, and what kits are made of."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from offerwright.rules.document import Table
from offerwright.source.document import Model, Name, Percent, RuleDocument, Whole

_SECONDS = {"minute": 60, "hour": 3_600, "day": 86_400}
_DURATION = r"^([0-9]{1,6}) *(minute|hour|day)s?$"


def _duration(value: Any) -> Any:
    found = re.match(_DURATION, value) if isinstance(value, str) else None
    if found is None:
        raise PydanticCustomError("duration", "must be a duration such as 20 minutes or 2 hours")
    return int(found[1]) * _SECONDS[found[2]]


Seconds = Annotated[
    int,
    BeforeValidator(_duration),
    WithJsonSchema({"type": "string", "pattern": _DURATION}),
]
Units = Annotated[Whole, Field(ge=0)]


class SafetyStock(Table):
    """Units held back, by rule: the result is `units`."""

    per: Literal["pool", "node"] = "pool"
    """Held back once from the pool, or at every node."""


class Pool(Model):
    """The stock that the marketplaces share."""

    nodes: list[str] | None = None
    """The nodes whose stock counts; absent: all."""
    on_hand: Name = "stock"
    """The fact with the stock by node."""
    allocated: Name | None = None
    """The fact with what is promised by node."""
    reserved: Name | None = None
    """The fact with what is reserved by node."""
    reservations: Name | None = None
    """The fact with what is claimed and not yet pinned to a node."""
    safety_stock: Whole | SafetyStock = 0
    """Units held back."""


class Buffer(Model):
    """Units held back from one account: so many, and what the others sell in a while."""

    units: Units = 0
    """So many units in any case."""
    sold_elsewhere_in: Seconds
    """And as many as the other accounts sell in this time: `20 minutes`. It is how long a new
    quantity takes to reach this account; `allocate.sold_per_hour` says how fast they sell."""


class Hysteresis(Model):
    """Two limits, so that a listing does not come and go with every unit."""

    zero_below: Annotated[Whole, Field(ge=1)]
    """Fewer than this are published as zero."""
    back_at: Annotated[Whole, Field(ge=1)]
    """A listing at zero shows stock again at this many."""


class RaiseNeeds(Model):
    """What must be known before an account is told more than it was told last."""

    orders_read: Name
    """The fact that says up to which moment the account's orders were read."""
    within: Seconds
    """No raise when that moment is longer ago than this: `30 minutes`."""


class AllocationEntry(Model):
    """What one marketplace or account gets."""

    marketplace: str | None = None
    """The marketplace."""
    account: str | None = None
    """The account, where a marketplace has several."""
    share: Percent | None = None
    """Its share of the pool."""
    cap: Units | None = None
    """At most so many units."""
    buffer: Units | Buffer = 0
    """So many units less than computed: a number, or `{sold_elsewhere_in: 20 minutes}`."""
    min_list: Units = 0
    """Fewer than this are published as zero."""
    hysteresis: Hysteresis | None = None
    """Zero below one number, back at a greater one: `{zero_below: 2, back_at: 4}`."""
    raise_needs: RaiseNeeds | None = None
    """No more than was told last while orders may be unseen:
    `{orders_read: orders_read_at, within: 30 minutes}`."""

    @model_validator(mode="after")
    def _one(self) -> AllocationEntry:
        if (self.marketplace is None) == (self.account is None):
            raise PydanticCustomError("allocation", "name a `marketplace` or an `account`")
        return self


class Allocate(Model):
    """How the pool is published."""

    method: Literal["partition", "shared"]
    """`partition`: what is published sums to at most the pool. `shared`: everyone sees the pool."""
    redistribute: bool = False
    """Give the units that a cap cut off to the other marketplaces, in written order."""
    last_units: Units | None = None
    """A shared pool of at most so many units is partitioned instead."""
    oversell_at_most: Units | None = None
    """A shared pool of which more than so many units could be sold twice is partitioned instead."""
    sold_per_hour: Name | None = None
    """The fact with the units sold per hour: of each account if it is kept `per: account` or
    `per: marketplace`, else of all together."""
    marketplaces: list[AllocationEntry] = Field(min_length=1)
    """Who gets what; the order breaks ties."""


class Kits(Model):
    """SKUs that are sold as a set of others and have no stock of their own."""

    components: Name
    """The fact with the units of every component, a map by component SKU."""
    first: Literal["kits", "components"] | None = None
    """Who takes units first where there are too few; absent: all in turn, one unit each."""


class InventoryDocument(RuleDocument):
    """How stock is pooled and shared out."""

    kind: Literal["inventory"]
    pool: Pool
    """The stock that counts."""
    allocate: Allocate
    """How it is shared out."""
    kits: Kits | None = None
    """What kits are made of."""
    on_block: Literal["hold", "zero"] = "zero"
    """What a live listing shows when its stock cannot be computed."""
