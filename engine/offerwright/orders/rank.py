"""
Nodes in the order of a ranking: key by key, what is missing behind what is known.

The first key keeps those that are best by it, the next one breaks their ties, and `node.id` the
last: sorting by all keys at once says the same. Values are integers at one scale, so that no
comparison rounds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from offerwright.money import scaled
from offerwright.orders.question import Scalar
from offerwright.rules.routing_plan import NODE_ID, RankPlan

Place: TypeAlias = tuple[int, int]
"""Where a value stands: (0, less is better), or (1, 0) where it is missing."""
MISSING_PLACE: Place = (1, 0)


@dataclass(frozen=True, slots=True)
class Ranking:
    """The places of all candidates by every key but `parcels`, node by node."""

    keys: tuple[RankPlan, ...]
    places: Mapping[str, Mapping[int, Place]]

    def sort_key(self, node: int) -> tuple[Place, ...]:
        """What a single node is sorted by."""
        return tuple(self.places[key.by][node] for key in self.keys if key.by in self.places)


def ranking(keys: Sequence[RankPlan], values: Mapping[str, Mapping[int, Scalar | None]]) -> Ranking:
    """
    The ranking of some nodes.

    Args:
        keys: the last one that counts is `node.id`.
        values: by key, then by node; a key without values (`parcels`) places no single node.
            Nodes are numbered by their id, so the number stands for `node.id`.
    """
    places = {key.by: places_of(key, values[key.by]) for key in keys if key.by in values}
    return Ranking(tuple(keys), places)


def places_of(key: RankPlan, values: Mapping[int, Scalar | None]) -> dict[int, Place]:
    """The place of every node by one key."""
    if key.by == NODE_ID:
        sign = -1 if key.descending else 1
        return {node: (0, sign * node) for node in values}
    numbers = _numbers(key, values)
    sign = -1 if key.descending else 1
    return {
        node: MISSING_PLACE if number is None else (0, sign * number)
        for node, number in numbers.items()
    }


def _numbers(key: RankPlan, values: Mapping[int, Scalar | None]) -> dict[int, int | None]:
    """Integers that compare as the values do; texts by their place in the alphabet."""
    if key.type.is_text:
        words = sorted({str(v) for v in values.values() if v is not None})
        position = {word: number for number, word in enumerate(words)}
        return {n: None if v is None else position[str(v)] for n, v in values.items()}
    pairs = {node: None if v is None else _pair(v) for node, v in values.items()}
    band = None if key.band is None else scaled(key.band)
    scale = max([s for p in pairs.values() if p for s in (p[1],)] + [band[1] if band else 0])
    width = None if band is None else band[0] * 10 ** (scale - band[1])
    return {
        node: None if pair is None else banded(pair[0] * 10 ** (scale - pair[1]), width)
        for node, pair in pairs.items()
    }


def banded(number: int, width: int | None) -> int:
    """The number, or that of its band: bands start at nought and hold their lower end."""
    return number if width is None else number // width


def _pair(value: Scalar) -> tuple[int, int]:
    if isinstance(value, Decimal):
        return scaled(value)
    assert isinstance(value, int), f"{value!r} has no order"
    return int(value), 0
