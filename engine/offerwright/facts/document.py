"""The documents about inputs: the shop (accounts, sources) and the facts rules may use."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from offerwright.source.document import (
    Document,
    Expression,
    Identifier,
    Model,
    Name,
    Percent,
)


def _bound(value: Any) -> Any:
    if isinstance(value, str):
        found = re.fullmatch(r"(-?[0-9]{1,6}(?:\.[0-9]{1,6})?) ?%", value)
        if not found:
            raise PydanticCustomError("bound", "must be a number, or for a percent such as 12%")
        return Decimal(found[1]).scaleb(-2)
    return value


# Whether the % is written where, and only where, the fact is a percent: facts.link looks.
Bound = Annotated[
    Decimal,
    BeforeValidator(_bound),
    WithJsonSchema({"type": ["number", "string"], "pattern": r"^-?[0-9]{1,6}(\.[0-9]{1,6})? ?%$"}),
]


class AccountSettings(Model):
    """One account on one marketplace."""

    marketplace: Identifier
    """The marketplace, by the name of its folder under `marketplaces/`."""
    site: str | None = None
    """The marketplace's site or country, in its own words: MLB, BR."""
    currency: str | None = None
    """The currency it sells in; the shop's if absent."""
    credentials: Identifier | None = None
    """The name under which its secrets are found in the environment."""
    trade_policy: str | None = None
    """The trade policy that its price list belongs to; VTEX has several of them."""
    settings: dict[str, str] = Field(default_factory=dict)
    """What the marketplace's payloads need to know: seller id, listing type."""


class SourceFile(Model):
    """One CSV, Parquet or JSON lines file."""

    file: str
    """The path, relative to the repository."""
    sku: str = "sku"
    """The column that holds the SKU, or the key that facts `join` on."""
    delimiter: Literal[",", ";", "\t", "|"] = ","
    """What separates the cells of a CSV file."""
    decimal_comma: bool = False
    """True: `1.234,56` is how the file writes numbers."""


class SnapshotBounds(Model):
    """What a source may lose from one snapshot to the next."""

    shrink_at_most: Percent = Decimal("0.20")
    """A source with fewer rows than this below the last snapshot stops the run."""
    reject_at_most: Percent = Decimal("0.05")
    """More rejected rows than this stop the run."""


class ApprovalSettings(Model):
    """What an approval must have to count in the review of a change."""

    require_signed: bool = False
    """True: the commits of a change that brings an approval must be signed by who wrote them."""


class ShopDocument(Document):
    """The home of the shop: accounts, sources, store."""

    kind: Literal["shop"]
    time_zone: str
    """The time zone of dates: America/Sao_Paulo."""
    currency: str
    """The currency of bare money facts."""
    accounts: dict[Identifier, AccountSettings] = Field(min_length=1)
    """Where the shop sells."""
    sources: dict[Name, SourceFile] = Field(min_length=1)
    """Where facts come from."""
    snapshot: SnapshotBounds = SnapshotBounds.model_construct()
    """What a source may lose."""
    approvals: ApprovalSettings = ApprovalSettings.model_construct()
    """What approvals must have; a change is held to what it was before."""
    store: str = "sqlite:///.offerwright/state.db"
    """Where the ledger lives."""


class Fact(Model):
    """One word that rules may use."""

    type: str
    """text, enum, boolean, integer, number, percent, money, weight, length, date, datetime,
    duration, path, `list of …`, `map of …`."""
    from_: str
    """Where it comes from: `source.column`."""
    of: list[str] | None = None
    """The words of an enum."""
    key: str | None = None
    """For a map: the source's column with the key."""
    per: Literal["marketplace", "account", "trade_policy"] | None = None
    """The source has one row for each of these, which stands in its column of this name."""
    join: Name | None = None
    """The source is keyed by this fact instead of the SKU."""
    missing: Any = None
    """The value of a missing cell."""
    minimum: Bound | None = None
    """Cells below are rejected."""
    maximum: Bound | None = None
    """Cells above are rejected."""
    currency: str | None = None
    """The currency of money; the shop's if absent."""
    unit: Literal["kg", "g", "m", "cm", "mm"] | None = None
    """The unit in the source."""
    separator: str = Field(default="|", min_length=1, max_length=3)
    """What separates the elements of a list."""
    note: str | None = None
    """What it means."""


class FactsDocument(Document):
    """The words a rule may use."""

    kind: Literal["facts"]
    of: Literal["sku", "node", "place", "order", "line"] = "sku"
    """What the facts are about: SKUs, or for routing nodes, places, orders and their lines."""
    facts: dict[Name, Fact] = Field(min_length=1)
    """The facts by name."""
    derive: dict[Name, Expression] = Field(default_factory=dict)
    """Facts computed from facts."""
