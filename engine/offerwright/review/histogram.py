"""The spread of price changes → the bars of a histogram, ready to be drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from offerwright.review.words import between, edge

Record = Mapping[str, Any]
WIDTH, HEIGHT = 480, 220
TOP, FLOOR = 24, 184
"""Where the tallest bar begins and all bars stand, in units of the drawing."""
GAP = 3


@dataclass(frozen=True, slots=True)
class Bar:
    """One part of the spread; `side` is `down` or `up`, places are units of the drawing."""

    x: int
    y: int
    width: int
    height: int
    side: str
    offers: int
    between: str


@dataclass(frozen=True, slots=True)
class Edge:
    """Where two parts meet."""

    x: int
    text: str
    is_zero: bool


@dataclass(frozen=True, slots=True)
class Histogram:
    """`said` tells in words what is drawn."""

    bars: tuple[Bar, ...]
    edges: tuple[Edge, ...]
    said: str

    @property
    def prices(self) -> int:
        return sum(bar.offers for bar in self.bars)


def histogram(spread: Sequence[Record]) -> Histogram | None:
    """The drawing of a master's `spread`; None where no price moves."""
    most = max((one["offers"] for one in spread), default=0)
    if not most:
        return None
    width = WIDTH // len(spread)
    bars = tuple(_bar(one, n * width, width, most) for n, one in enumerate(spread))
    edges = tuple(_edge(one["to"], (n + 1) * width) for n, one in enumerate(spread[:-1]))
    widest = max(bars, key=lambda bar: bar.offers)
    down, up = (sum(b.offers for b in bars if b.side == side) for side in ("down", "up"))
    said = f"{down:,} prices fall and {up:,} rise; most of them, {widest.offers:,}, "
    return Histogram(bars, edges, f"{said}{widest.between}.")


def _bar(one: Record, x: int, width: int, most: int) -> Bar:
    offers = one["offers"]
    # What is there is seen, however small.
    height = max(2, (FLOOR - TOP) * offers // most) if offers else 0
    side = "up" if one["to"] is None or Decimal(one["to"]) > 0 else "down"
    return Bar(x + GAP, FLOOR - height, width - 2 * GAP, height, side, offers, between(one))


def _edge(share: str, x: int) -> Edge:
    return Edge(x, edge(share), not Decimal(share))
