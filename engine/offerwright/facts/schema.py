"""The linked facts: what every fact is, where it comes from, and how its source is keyed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from offerwright.errors import Span
from offerwright.expressions.types import Type
from offerwright.frames import policy_column, scoped_column

# A duration is whole seconds; a list is a tuple.
Scalar = str | bool | int | Decimal | date | datetime
FactValue = Scalar | tuple[Scalar, ...]
FileFormat = Literal["csv", "jsonl", "parquet"]
Per = Literal["marketplace", "account", "trade_policy"]

ENGINE_WORDS = frozenset(
    {"sku", "account", "marketplace", "trade_policy", "currency", "as_of", "today", "live_price",
     "live_quantity", "price", "sale_price"}
)  # fmt: skip
GRAMMAR_WORDS = frozenset(
    {"and", "or", "not", "if", "then", "else", "in", "is", "between", "present", "missing",
     "true", "false", "any", "all"}
)  # fmt: skip
RESERVED_WORDS = ENGINE_WORDS | GRAMMAR_WORDS

# How many of the type's own unit (kg, cm) one unit of the source is.
UNIT_FACTORS: dict[str, dict[str, Decimal]] = {
    "weight": {"kg": Decimal(1), "g": Decimal("0.001")},
    "length": {"cm": Decimal(1), "m": Decimal(100), "mm": Decimal("0.1")},
}


@dataclass(frozen=True, slots=True)
class FactDef:
    """One fact. `type` of a map fact is the map; money carries its currency.

    `missing`, `minimum` and `maximum` are in the type's own unit: 12 % is 0.12, weight is kg.
    `span` is the fact's name in the facts document.
    """

    name: str
    type: Type
    source: str
    column: str
    span: Span
    key: str | None = None
    per: Per | None = None
    join: str | None = None
    missing: FactValue | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    unit: str = ""
    separator: str = "|"

    def scoped(self, scope: str) -> str:
        """Its column for one marketplace, account or trade policy, whichever it is kept per."""
        column = policy_column if self.per == "trade_policy" else scoped_column
        return column(self.name, scope)

    @property
    def cell(self) -> Type:
        """The type of one cell of its source: what a map holds, else the type itself."""
        return self.type.of if self.type.name == "map" and self.type.of else self.type

    @property
    def element(self) -> Type:
        """The type of one written value: what a map or a list holds, else the type itself."""
        return self.cell.of or self.cell


@dataclass(frozen=True, slots=True)
class DerivedDef:
    """A fact computed from facts; the expression is not parsed here."""

    name: str
    expression: str | Decimal
    span: Span
    document: str


@dataclass(frozen=True, slots=True)
class SourceDef:
    """One source file and how its rows are keyed; `facts` are sorted.

    `id_column` holds the SKU, or the value of the fact `join`. With `key` there is one row per id
    and value of that column, with `per` one per id and marketplace, account or trade policy.
    """

    name: str
    file: str
    format: FileFormat
    id_column: str
    delimiter: str
    decimal_comma: bool
    facts: tuple[str, ...]
    key: str | None = None
    per: Per | None = None
    join: str | None = None

    @property
    def is_one_per_id(self) -> bool:
        return self.key is None and self.per is None

    @property
    def is_one_per_sku(self) -> bool:
        return self.is_one_per_id and self.join is None


@dataclass(frozen=True, slots=True)
class FactSchema:
    """All facts of a repository. Mappings are not to be changed.

    `sources` holds, in written order, those that some fact reads, and the `universe`: the source
    whose SKUs are the rows of a snapshot. `scopes` are the shop's names per `per`, sorted.
    """

    facts: Mapping[str, FactDef]
    derived: Mapping[str, DerivedDef]
    sources: Mapping[str, SourceDef]
    universe: str
    scopes: Mapping[Per, tuple[str, ...]]
    time_zone: str

    def fixed_columns(self, name: str) -> tuple[str, ...]:
        """The snapshot columns that a fact has whatever the data: none for a map, whose columns
        are the keys found."""
        fact = self.facts[name]
        if fact.type.name == "map":
            return ()
        if fact.per:
            return tuple(fact.scoped(scope) for scope in self.scopes[fact.per])
        return (fact.name,)
