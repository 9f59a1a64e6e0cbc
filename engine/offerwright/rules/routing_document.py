"""How routing is written: attempts in order, each with filters, a ranking and a split rule."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from offerwright.rules.document import Table, When
from offerwright.source.document import (
    Expression,
    Identifier,
    Model,
    Name,
    RuleDocument,
    Whole,
)

MOST_PARCELS = 3
MOST_RANKED = 12
_DURATION = r"^[1-9][0-9]{0,5} (minute|hour|day)s?$"


def _duration(value: Any) -> Any:
    if not isinstance(value, str) or not re.match(_DURATION, value):
        raise PydanticCustomError("duration", "must be a duration such as 48 hours")
    return value


Duration = Annotated[
    str, BeforeValidator(_duration), WithJsonSchema({"type": "string", "pattern": _DURATION})
]


class RankKey(Model):
    """One key of a ranking: the nodes that are best by it stay, the others fall behind."""

    by: str
    """What is compared: distance_km, ship_cost, node.load, node.id, a fact of the node."""
    band: Expression | None = None
    """Values in one band of this width are equal: 50 makes 0 to 49.9 km one."""
    order: Literal["asc", "desc"] = "asc"
    """`asc`: the least is best; `desc`: the greatest."""


class Split(Model):
    """When one order may travel in several parcels."""

    max_parcels: Annotated[Whole, Field(ge=2, le=MOST_PARCELS)]
    """At most so many parcels, 2 or 3."""
    min_value: Annotated[Decimal, Field(ge=0)] | None = None
    """Every parcel of a split is worth at least this much."""
    keep_together: list[Name] = Field(default_factory=list)
    """Facts of a line; lines with the same value travel in one parcel, whole."""
    among: Annotated[Whole, Field(ge=2, le=MOST_RANKED)] = MOST_RANKED
    """The search is exact over so many of the best ranked nodes."""


class Attempt(Model):
    """One way to route an order; the first that can carry all of it counts."""

    id: Identifier
    """Unique in the document."""
    where: When = Field(default_factory=dict)
    """The nodes that may carry it: facts of the node, the order and the way between them."""
    rank: list[RankKey] = Field(min_length=1)
    """Which of them is best: the first key decides, the next breaks its ties."""
    split: Literal["never"] | Split = "never"
    """Whether the order may travel in several parcels."""
    note: str | None = None
    """Anything a reader should know."""


class RoutingStock(Model):
    """What a node may give: on hand, less what is promised, reserved or kept."""

    on_hand: Name = "stock"
    """The fact with the stock by node."""
    allocated: Name | None = None
    """The fact with what is promised by node."""
    reserved: Name | None = None
    """The fact with what is reserved by node."""
    keep: Annotated[Whole, Field(ge=0)] = 0
    """Units of each SKU that stay at every node."""


class Distance(Model):
    """What is done where the way is not known."""

    unknown_km: Annotated[Decimal, Field(ge=0, le=20_100)] | None = None
    """The distance that counts where a place has no coordinates; absent: it stays missing."""
    zip_digits: list[Annotated[Whole, Field(ge=3, le=12)]] = Field(default_factory=list)
    """How many digits postal codes have: a code that is one short gets its zero back."""


class ShipCost(Table):
    """What a parcel costs to ship: a table with `ship_cost`, and `per_kg` and `per_km` to add."""


class Unrouted(Model):
    """What becomes of an order that no attempt can carry."""

    queue: Identifier
    """The queue in which it waits for a person."""
    cancel_after: Duration | None = None
    """It is cancelled if it has waited this long."""


class RoutingDocument(RuleDocument):
    """Which node ships an order."""

    kind: Literal["routing"]
    stock: RoutingStock = RoutingStock.model_construct()
    """What the nodes have."""
    distance: Distance = Distance.model_construct()
    """What is done where the way is not known."""
    capacity: str | None = None
    """The fact of the node with the parcels that it takes in one run: `node.capacity`."""
    derive: dict[Name, Expression] = Field(default_factory=dict)
    """Names computed from facts of the node, the order and the way between them."""
    ship_cost: ShipCost | None = None
    """What a parcel costs to ship."""
    attempts: list[Attempt] = Field(min_length=1)
    """The ways to route an order, tried in order."""
    otherwise: Unrouted
    """What becomes of an order that no attempt can carry."""

    @model_validator(mode="after")
    def _digits(self) -> RoutingDocument:
        digits = self.distance.zip_digits
        if any(one - 1 in digits for one in digits):
            raise PydanticCustomError(
                "zip_digits", "`zip_digits` cannot hold two numbers that follow each other"
            )
        return self
