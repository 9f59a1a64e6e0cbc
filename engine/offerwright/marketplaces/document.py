"""The documents of a marketplace's folder: what it is and may hold, and what it is told."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from offerwright.frames import Aspect
from offerwright.marketplaces.operation import Action
from offerwright.source.document import Document, Identifier, Model, Name, Whole

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
SettingName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class Site(Model):
    """One country or store of the marketplace."""

    currency: Currency
    """The currency that offers on this site are made in."""
    settings: dict[SettingName, str] = Field(default_factory=dict)
    """Settings that follow from the site: the marketplace's own id of it, its language."""


class Setting(Model):
    """One thing the payloads need to know about an account."""

    note: str
    """What it is and where the seller finds it."""
    default: str | None = None
    """Taken when the account does not say."""
    of: list[str] | None = None
    """The allowed words."""


class Range(Model):
    """From `min` to `max`, both included."""

    min: Whole | None = None
    """The least."""
    max: Whole | None = None
    """The greatest."""


class Limits(Model):
    """What the marketplace accepts at most; a mapping may be stricter, never laxer."""

    title: Range | None = None
    """Characters of the title."""
    title_bytes: Range | None = None
    """UTF-8 bytes of the title."""
    description: Range | None = None
    """Characters of the description."""
    description_bytes: Range | None = None
    """UTF-8 bytes of the description."""
    images: Range | None = None
    """How many pictures."""
    sku: Range | None = None
    """Characters of the SKU."""
    quantity: Range | None = None
    """Units of a live listing."""
    quantity_at_create: Range | None = None
    """Units when the listing is created, where that differs."""


class MarketplaceDocument(Document):
    """What a marketplace is: sites, currencies, what it can be told, its limits and words."""

    kind: Literal["marketplace"]
    title: str
    """What people call it."""
    sites: dict[Identifier, Site] = Field(default_factory=dict)
    """Its countries or stores, in its own words: MLB, BR."""
    currencies: list[Currency] = Field(default_factory=list)
    """Currencies beyond those of its sites."""
    price_decimals: dict[Currency, Annotated[Whole, Field(ge=0, le=8)]] = Field(
        default_factory=dict
    )
    """Decimals of a price where they differ from the currency's."""
    aspects: list[Aspect] = Field(min_length=1)
    """What it can be told: price, stock, content."""
    create: bool
    """True: listings are created from here. False: they must exist there already."""
    limits: Limits = Limits.model_construct()
    """What it accepts."""
    settings: dict[SettingName, Setting] = Field(default_factory=dict)
    """What its payloads need to know about an account."""
    order_status: dict[Name, list[str]] = Field(default_factory=dict)
    """Our word for the state of an order → the marketplace's words."""


class Presence(Model):
    """Which values an offer must have, and must not have."""

    present: str | list[str] = Field(default_factory=list)
    """All of these have a value."""
    missing: str | list[str] = Field(default_factory=list)
    """None of these has a value."""


class ReadSource(Model):
    """Where a value comes from that does not stand in the bytes as it is."""

    constant: str | Decimal | None = None
    """Always this."""
    from_: Literal["operation", "account"] | None = None
    """`operation`: the SKU stands in the address. `account`: the currency is the account's."""
    absent: Literal[True] | None = None
    """The payload does not say."""

    @model_validator(mode="after")
    def _one(self) -> ReadSource:
        if sum(x is not None for x in (self.constant, self.from_, self.absent)) != 1:
            raise PydanticCustomError(
                "readback", "write one of `constant`, `from` or `absent: true`"
            )
        return self


class ReadbackMapping(Model):
    """Where the guards find in the final bytes what the payload says: `body#/price`."""

    sku: str | ReadSource
    """Which offer."""
    price: str | ReadSource
    """The price."""
    sale_price: str | ReadSource
    """The price during a sale."""
    quantity: str | ReadSource
    """The units."""
    currency: str | ReadSource
    """The currency of the prices."""
    tiers: str | None = None
    """The list that holds the quantity tiers, where the payload says them."""


class PayloadDocument(Document):
    """What a marketplace is told about one aspect of an offer."""

    kind: Literal["payload"]
    aspect: Aspect
    """What it is about. A payload that creates or ends a listing is about its content."""
    action: Action
    """`create` a listing, `update` a live one, or `end` it."""
    covers: list[Aspect] = Field(default_factory=list)
    """Other aspects that it settles as well."""
    when: Presence | None = None
    """Only offers that have these values are told."""
    only_if: dict[SettingName, str] = Field(default_factory=dict)
    """Only accounts with these settings are told."""
    needs: list[SettingName] = Field(default_factory=list)
    """The account settings that the bodies cannot do without."""
    optional: list[SettingName] = Field(default_factory=list)
    """The account settings that the bodies use where the account has them."""
    parts: dict[Name, Any] = Field(min_length=1)
    """The bodies to send, in order, by name; `body` is the first."""
    contract: dict[Name, str]
    """The JSON Schema of every part, a file in `contract/`."""
    readback: ReadbackMapping
    """Where to find in the final bytes what the payload says."""
