"""What routing may name: facts of the node and the order, the way between them, engine words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from offerwright.expressions.scope import Bounds, MapTypes, Scope
from offerwright.expressions.types import (
    DATE,
    DATETIME,
    DURATION,
    INTEGER,
    NUMBER,
    TEXT,
    Type,
    money,
)
from offerwright.facts.link_entities import Entity, EntityFacts
from offerwright.facts.schema import FactDef, FactSchema
from offerwright.rules.routing_plan import NODE_ID

_NAMED: tuple[Entity, ...] = ("node", "order")


@dataclass(frozen=True, slots=True)
class RoutingFacts:
    """The facts of SKUs beside those of nodes, places, orders and lines."""

    schema: FactSchema
    entities: EntityFacts

    @property
    def has_nodes(self) -> bool:
        return bool(self.entities.facts("node"))

    @property
    def has_coordinates(self) -> bool:
        """Whether a node can have a place on the map at all."""
        node, place = self.entities.facts("node"), self.entities.facts("place")
        return _located(node) or ("zip" in node and _located(place))

    @property
    def has_weight(self) -> bool:
        fact = self.line_fact("weight")
        return fact is not None and fact.type.name == "weight"

    def line_fact(self, name: str) -> FactDef | None:
        """What is known of a line: its own fact, else that of its SKU."""
        found = self.entities.facts("line").get(name) or self.schema.facts.get(name)
        return None if found is None or found.per or found.type.name == "map" else found


def _located(facts: Mapping[str, FactDef]) -> bool:
    return all(name in facts and facts[name].type.is_decimal for name in ("latitude", "longitude"))


def routing_scope(
    facts: RoutingFacts, currency: str, names: Mapping[str, tuple[str, ...]]
) -> Scope:
    """What is known of an order and a node before anything is routed."""
    types: dict[str, Type] = {
        "account": TEXT, "marketplace": TEXT, "currency": TEXT, "as_of": DATETIME, "today": DATE,
        NODE_ID: TEXT, "distance_km": NUMBER,
        "order.id": TEXT, "order.status": TEXT, "order.zip": TEXT, "order.placed_at": DATETIME,
        "order.time": DURATION, "order.value": money(currency), "order.units": INTEGER,
        "order.lines": INTEGER,
    }  # fmt: skip
    if facts.has_weight:
        types["weight_kg"] = NUMBER
    bounds: dict[str, Bounds] = dict.fromkeys(("distance_km", "weight_kg"), (Decimal(0), None))
    for entity in _NAMED:
        for name, fact in facts.entities.facts(entity).items():
            if fact.type.name != "map":
                types[f"{entity}.{name}"] = fact.type
                bounds[f"{entity}.{name}"] = (fact.minimum, fact.maximum)
    own = {name for name in types if name.startswith("order.")} - {"order.status", "order.zip"}
    always = {
        name for name in own if name.removeprefix("order.") not in facts.entities.facts("order")
    }
    always |= {"account", "marketplace", "currency", "as_of", "today", NODE_ID}
    return Scope(MapTypes(types), currency, bounds, names=names, always=frozenset(always))


def with_names(scope: Scope, more: Mapping[str, Type]) -> Scope:
    """The scope with these names too."""
    plain = scope.types.plain if isinstance(scope.types, MapTypes) else scope.types
    return replace(scope, types=MapTypes({**plain, **more}))
