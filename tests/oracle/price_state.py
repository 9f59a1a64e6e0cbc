"""The price of one offer on its way through the phases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from oracle.fees import Target
from oracle.world import World


@dataclass(frozen=True)
class Pricing:
    """The price of one offer so far. `columns` are a document's `then` columns, by its name."""

    price: Decimal | None = None
    sale_price: Decimal | None = None
    sale_window: tuple[datetime | None, datetime | None] = (None, None)
    names: Mapping[str, Any] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    blocks: frozenset[str] = frozenset()
    notes: frozenset[str] = frozenset()
    fired: Mapping[str, str | list[str] | None] = field(default_factory=dict)
    margin: Target | None = None
    lowered: bool = False
    lower: Decimal | None = None
    upper: Decimal | None = None
    tiers: Mapping[int, Decimal] = field(default_factory=dict)
    """What one unit costs, by the quantity from which on it does."""

    def blocked(self, *codes: str) -> Pricing:
        return replace(self, blocks=self.blocks | set(codes))

    def noted(self, code: str) -> Pricing:
        return replace(self, notes=self.notes | {code})

    @property
    def sale_days(self) -> tuple[datetime | None, datetime | None]:
        """From when until when the sale runs; both are missing unless both are known."""
        known = self.sale_price is not None and None not in self.sale_window
        return self.sale_window if known else (None, None)

    def world(self, world: World, document: str) -> World:
        """What a step of the document sees."""
        prices = {"price": self.price, "sale_price": self.sale_price}
        return world.extended({**self.names, **prices, **self.columns.get(document, {})})
