"""What an expression may name: types, bounds, lists, other names of columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from offerwright.expressions.types import Type

Bounds = tuple[Decimal | None, Decimal | None]
DatedRate = tuple[tuple[int | None, int | None], Decimal]
"""From when (included) and before when a rate counts, in microseconds; and the rate."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression may name: types, known bounds of numbers, lists for `lookup`."""

    types: Mapping[str, Type]
    currency: str
    bounds: Mapping[str, Bounds] = field(default_factory=dict)
    maps: Mapping[str, tuple[Type, Mapping[str, object]]] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Names that stand for a column of another name: a document's own `then` names."""
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The values that a word of the engine can have, such as those of `marketplace`."""
    always: frozenset[str] = frozenset()
    """Names that are never missing."""
    rates: Mapping[tuple[str, str], tuple[DatedRate, ...]] = field(default_factory=dict)
    """Rates of exchange, by the currencies from and to, in order of time."""

    @property
    def key(self) -> tuple[object, ...]:
        """What decides how an expression is read: equal keys, equal readings."""
        names = [(name, self.types[name]) for name in self.types]
        aliases, bounds = sorted(self.aliases.items()), list(self.bounds.items())
        return self.currency, tuple(names), tuple(aliases), tuple(bounds)

    def narrowed(self, name: str, bounds: Bounds) -> Scope:
        low, high = self.bounds.get(name, (None, None))
        new = (
            bounds[0] if low is None else low if bounds[0] is None else max(low, bounds[0]),
            bounds[1] if high is None else high if bounds[1] is None else min(high, bounds[1]),
        )
        return replace(self, bounds={**self.bounds, name: new})


@dataclass(frozen=True)
class MapTypes(Mapping[str, Type]):
    """Types by name, where `specs.Cor` is a key of the map fact `specs`, whatever the key."""

    plain: Mapping[str, Type]

    def __getitem__(self, name: str) -> Type:
        found = self.plain.get(name)
        if found is not None:
            return found
        fact, _, key = name.partition(".")
        holder = self.plain.get(fact)
        if key and holder is not None and holder.name == "map" and holder.of is not None:
            return holder.of
        raise KeyError(name)

    def __iter__(self) -> Any:
        return iter(self.plain)

    def __len__(self) -> int:
        return len(self.plain)
