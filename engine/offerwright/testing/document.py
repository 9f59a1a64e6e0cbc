"""The document of rule tests: what is given, and what must come out."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, TypeAdapter, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from offerwright.frames import Aspect
from offerwright.source.document import Code, Document, Identifier, Model, Moment

MISSING = "missing"
VerdictWord = Literal["pass", "warn", "needs_approval", "block", "not_asked", "not_judged"]
# What `expect` may name that is one value of the offer.
AMOUNTS = ("price", "sale_price", "list_price", "quantity")
WORDS = ("currency", "category", "title", "description")
MOMENTS = ("sale_from", "sale_before")
_MOMENT: TypeAdapter[Any] = TypeAdapter(Moment)


def _amount(value: Any) -> Any:
    if value == MISSING:
        return value
    if isinstance(value, Decimal) and abs(value) < 10**15 and value == round(value, 8):
        return value
    raise PydanticCustomError("amount", "must be a number such as 12.50, or `missing`")


def _moment_or_missing(value: Any) -> Any:
    return value if value == MISSING else _MOMENT.validate_python(value)


def _units(value: Any) -> Any:
    if value == MISSING:
        return value
    if isinstance(value, Decimal) and value == value.to_integral_value() and abs(value) < 10**15:
        return int(value)
    raise PydanticCustomError("units", "must be a whole number such as 3, or `missing`")


def _word(value: Any) -> Any:
    """A number or a truth value where text stands is the text that was written."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:f}" if isinstance(value, Decimal) else value


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Amount = Annotated[
    Any, BeforeValidator(_amount), WithJsonSchema({"type": ["number", "string"]})
]  # fmt: skip
MomentOrMissing = Annotated[
    Any, BeforeValidator(_moment_or_missing), WithJsonSchema({"type": "string"})
]  # fmt: skip
Units = Annotated[Any, BeforeValidator(_units), WithJsonSchema({"type": ["integer", "string"]})]
Word = Annotated[
    str, BeforeValidator(_word), WithJsonSchema({"type": ["string", "number", "boolean"]})
]  # fmt: skip
_LIST_SCHEMA = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
Names = Annotated[
    list[str], BeforeValidator(_listed), Field(min_length=1), WithJsonSchema(_LIST_SCHEMA)
]  # fmt: skip
Rules = Annotated[list[str], BeforeValidator(_listed), WithJsonSchema(_LIST_SCHEMA)]
Codes = Annotated[list[Code], BeforeValidator(_listed), WithJsonSchema(_LIST_SCHEMA)]
Given = Annotated[str | dict[str, Any], WithJsonSchema({"type": ["string", "object"]})]


class Live(Model):
    """What the marketplace is known to show now."""

    price: Amount | None = None
    """The last confirmed price; `missing`: something was sent, and nobody knows what stands there.
    """
    sale_price: Amount | None = None
    """The last confirmed sale price, which is then what the buyer pays."""
    quantity: Units | None = None
    """The last confirmed quantity."""


class Expect(Model):
    """What must come out. What is not listed is not checked."""

    price: Amount | None = None
    """The exact price, or `missing`."""
    sale_price: Amount | None = None
    """The exact sale price, or `missing`."""
    list_price: Amount | None = None
    """The exact strike-through price, or `missing`."""
    sale_from: MomentOrMissing | None = None
    """When the sale begins, or `missing` where that is not written."""
    sale_before: MomentOrMissing | None = None
    """The first moment at which the sale is over, or `missing`."""
    tiers: dict[str, Amount] | None = None
    """By quantity, what one unit costs from so many on, or `missing`."""
    quantity: Units | None = None
    """The published units, or `missing`."""
    currency: Word | None = None
    """The currency of the amounts."""
    category: Word | None = None
    """The marketplace's category, or `missing`."""
    title: Word | None = None
    """The title, or `missing`."""
    description: Word | None = None
    """The description, or `missing`."""
    attributes: dict[str, Word] | None = None
    """Attributes by id, each its text, or `missing`."""
    rules: Rules | None = None
    """Rows and steps that must have fired: `small`, `markups/small`, `shop/markups/small`."""
    not_rules: Rules | None = None
    """Rows and steps that must not have fired."""
    blocked: dict[Aspect, Codes] | None = None
    """By aspect (`price`, `stock`, `content`), the codes that must withhold it."""
    notes: Codes | None = None
    """Notes that the price must have."""
    guards: dict[Identifier, VerdictWord] | None = None
    """By guard, its verdict."""
    only: bool = False
    """True: `rules` names every rule that made the price, and `blocked` every block."""


class Case(Model):
    """One case: a product, where it is offered, what must come out."""

    name: str = Field(min_length=1)
    """What the case shows, as a short sentence; unique in the document."""
    given: Given
    """A fixture, `{like: fixture, fact: value}`, or facts; `missing` takes a fact away."""
    account: Names | None = None
    """The account, or several: the case runs once on each."""
    marketplace: Names | None = None
    """The marketplace, or several: the case runs once on each account there."""
    beside: Names | None = None
    """Fixtures that stand in the catalogue too: the components of a kit, say. Each has a `sku`."""
    as_of: Moment | None = None
    """The moment; the document's unless written."""
    live: Live | None = None
    """What the marketplace shows now; absent: nothing was sent yet."""
    expect: Expect
    """What must come out."""
    skip: str | None = Field(default=None, min_length=1)
    """Why this case does not run."""
    note: str | None = None
    """Anything a reader should know."""

    @model_validator(mode="after")
    def _place(self) -> Case:
        _check_place(self.account, self.marketplace)
        return self


class RuleTestDocument(Document):
    """Tests of the rules beside which the file stands."""

    kind: Literal["test"]
    as_of: Moment | None = None
    """The moment of the computation for all cases that name none."""
    account: Names | None = None
    """The account of all cases that name none."""
    marketplace: Names | None = None
    """The marketplace of all cases that name none."""
    fixtures_from: Names | None = None
    """Files whose fixtures are used here too, relative to this one."""
    fixtures: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Products by a short name: their facts, each written as in `when`."""
    cases: list[Case] = Field(default_factory=list)
    """The cases."""

    @model_validator(mode="after")
    def _place(self) -> RuleTestDocument:
        _check_place(self.account, self.marketplace)
        return self


def _check_place(account: object, marketplace: object) -> None:
    if account is not None and marketplace is not None:
        raise PydanticCustomError("place", "name `account` or `marketplace`, not both")


def expected_words(expect: Expect) -> Iterator[str]:
    """The keys of `expect` that are written, in the order in which they are compared."""
    for name in type(expect).model_fields:
        if name != "only" and getattr(expect, name) is not None:
            yield name
