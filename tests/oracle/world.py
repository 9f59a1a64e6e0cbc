"""What one offer's rules can see: facts, derived facts, the engine's own words, lists, the clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from oracle.values import Fault

Document = dict[str, Any]


@dataclass(frozen=True)
class World:
    """Values by name, and their declared types.

    A declared name without a value is missing. A value may be a `Fault`: reading it raises it.
    """

    as_of: datetime
    zone: ZoneInfo
    values: Mapping[str, Any]
    types: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, Document] = field(default_factory=dict)
    currencies: Mapping[str, str] = field(default_factory=dict)
    """The currency of money facts that say one."""

    def knows(self, name: str) -> bool:
        return name in self.values or name in self.types

    def value(self, name: str) -> Any:
        """The value of a name or of a key of a map; None if missing. Raises Fault."""
        if self.knows(name):
            found = self.values.get(name)
        else:
            # `check` refuses unknown names, so an absent map or key is a missing value here.
            fact, _, key = name.partition(".")
            entries = self.values.get(fact)
            found = entries.get(key) if isinstance(entries, Mapping) else None
        if isinstance(found, Fault):
            raise found
        if isinstance(found, int) and not isinstance(found, bool):
            return Decimal(found)
        return found

    def kind(self, name: str) -> str | None:
        """The declared type words of a name: `money`, `list of text`; None if not declared."""
        if name in self.types:
            return self.types[name]
        fact, _, key = name.partition(".")
        declared = self.types.get(fact, "")
        return declared.removeprefix("map of ") if key and declared.startswith("map of") else None

    def extended(self, values: Mapping[str, Any]) -> World:
        """The same world with more names, or other values for them."""
        return replace(self, values={**self.values, **values})
