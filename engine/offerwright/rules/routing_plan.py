"""
Compiled routing: frozen, pure Python. What `orders` runs.

Decimals are `Decimal`, durations seconds, moments microseconds since 1970 (UTC).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from offerwright.errors import Span
from offerwright.expressions.syntax import Typed
from offerwright.expressions.types import Type
from offerwright.facts.entities import EntityFacts
from offerwright.rules.plan import DocumentInfo, TablePlan

StockTest: TypeAlias = Literal["every_line", "any_line"]
# Words of the engine whose value is known only when the orders before are routed, or of a set.
LOAD, PARCELS, NODE_ID = "node.load", "parcels", "node.id"
# What a parcel costs: a sum, so much a kilogram, so much a kilometre.
COST_RESULTS = ("ship_cost", "per_kg", "per_km")


@dataclass(frozen=True, slots=True)
class RankPlan:
    """One key of a ranking. `band` in the type's own unit, a duration in seconds."""

    by: str
    type: Type
    band: Decimal | None
    descending: bool


@dataclass(frozen=True, slots=True)
class SplitPlan:
    """How far an order may be split. Parcels of a split are worth `min_value` or more."""

    max_parcels: int
    among: int
    min_value: Decimal | None
    keep_together: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AttemptPlan:
    """One attempt. `where` is a table of one row; None = every node passes."""

    id: str
    span: Span
    where: TablePlan | None
    stock_for: StockTest
    rank: tuple[RankPlan, ...]
    """Total: the last key is `node.id`."""
    split: SplitPlan | None


@dataclass(frozen=True, slots=True)
class StockPlan:
    """The facts that say what a node has; `keep` units of each SKU stay."""

    on_hand: str
    allocated: str | None
    reserved: str | None
    keep: int

    @property
    def facts(self) -> tuple[str, ...]:
        """On hand first, then what is taken off."""
        return tuple(f for f in (self.on_hand, self.allocated, self.reserved) if f is not None)


@dataclass(frozen=True, slots=True)
class RoutingPlan:
    """One routing document for one account."""

    document: DocumentInfo
    span: Span
    stock: StockPlan
    unknown_km: Decimal | None
    zip_digits: tuple[int, ...]
    capacity: str | None
    derived: tuple[tuple[str, Typed], ...]
    ship_cost: TablePlan | None
    attempts: tuple[AttemptPlan, ...]
    queue: str
    cancel_after_s: int | None
    maps: Mapping[str, tuple[Type, Mapping[str, object]]]
    """The lists that `lookup` may name."""


@dataclass(frozen=True, slots=True)
class RoutingSet:
    """All routing of a repository: the plans of every account, wider first, and the facts."""

    plans: Mapping[str, tuple[RoutingPlan, ...]]
    entities: EntityFacts

    def plan_at(self, account: str, as_of: int) -> RoutingPlan | None:
        """The narrowest plan in force for an account at a moment; None where there is none."""
        now = [p for p in self.plans.get(account, ()) if p.document.is_in_force(as_of)]
        return now[-1] if now else None


NO_ROUTING = RoutingSet({}, EntityFacts({}))
