"""What facts may be about beside SKUs: the nodes, places, orders and lines of routing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from offerwright.facts.schema import FactDef, FactSchema

Entity = Literal["node", "place", "order", "line"]


@dataclass(frozen=True, slots=True)
class EntityFacts:
    """The facts of everything but SKUs, by what they are about. All four are there."""

    schemas: Mapping[Entity, FactSchema]

    def facts(self, entity: Entity) -> Mapping[str, FactDef]:
        return self.schemas[entity].facts
