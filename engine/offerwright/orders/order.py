"""Orders that may be routed, and orders that are refused with a reason: each is one of the two."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from offerwright.orders.distance import Point


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `units` is 1 or more, `price` the price of one unit."""

    id: str
    sku: str
    units: int
    price: Decimal
    row: int
    """The line's row in `OrderBook.line_cells`."""

    @property
    def value(self) -> Decimal:
        return self.price * self.units


@dataclass(frozen=True, slots=True)
class Order:
    """One order that passed validation. `placed_at` in microseconds since 1970 (UTC)."""

    id: str
    account: str
    placed_at: int
    zip: str | None
    place: Point | None
    """Its own coordinates, where the file gives them."""
    lines: tuple[Line, ...]
    row: int
    """The order's row in `OrderBook.cells`, which is its position in the file."""
    notes: tuple[str, ...] = ()

    @property
    def value(self) -> Decimal:
        return sum((line.value for line in self.lines), Decimal(0))


@dataclass(frozen=True, slots=True)
class RefusedOrder:
    """One order that must not be routed: why, and what of it could be read."""

    id: str
    account: str
    """As it is written, whether or not there is such an account."""
    lines: tuple[tuple[str, int | None], ...]
    """Line ids with their units, as far as they could be read."""
    row: int
    code: str
    detail: str
