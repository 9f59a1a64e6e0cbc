"""The documents that rules are written in: pricing, inventory, mapping, fees, lists, approvals."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from offerwright.source.document import (
    Code,
    Document,
    Expression,
    Identifier,
    Model,
    Moment,
    Name,
    Percent,
    RuleDocument,
    Valid,
    Whole,
    check_window,
)

# A cell of `when` or `then` is read by the type of its fact, when the rules are linked.
Cell = Any
When = dict[str, Cell]
Then = dict[str, Cell]
Hit = Literal["unique", "first", "any", "collect"]
Take = Literal["sum", "min", "max", "count", "list"]


class Row(Model):
    """One rule: conditions and results."""

    id: Identifier
    """Unique in the document, stable when rows are moved."""
    when: When = Field(default_factory=dict)
    """Conditions by fact name; all must hold."""
    then: Then = Field(default_factory=dict)
    """Results by name."""
    valid: Valid | None = None
    """When this row counts."""
    expect_matches: Whole | str | None = None
    """How many SKUs of the catalogue it should match: `1`, or a range such as `1..50`."""
    note: str | None = None
    """Anything a reader should know."""

    @model_validator(mode="after")
    def _window(self) -> Row:
        check_window(self.valid)
        return self


class Table(Model):
    """Rows of conditions and results, written here or in a CSV file beside the document."""

    hit: Hit = "unique"
    """Which matching row counts: `unique`, `first`, `any`, or `collect` with `take`."""
    take: Take | None = None
    """How `collect` combines the results of all matching rows."""
    rules: list[Row] | None = None
    """The rows."""
    file: str | None = None
    """A CSV file with the rows, relative to this document."""
    otherwise: Then | None = None
    """The result when no row matches."""

    @property
    def is_table(self) -> bool:
        return self.rules is not None or self.file is not None or self.otherwise is not None

    @model_validator(mode="after")
    def _shape(self) -> Table:
        if self.rules is not None and self.file is not None:
            raise PydanticCustomError("table", "`rules` and `file` exclude each other")
        if (self.hit == "collect") != (self.take is not None):
            raise PydanticCustomError("table", "`take` goes with `hit: collect`, and only there")
        if self.hit == "first" and self.otherwise is None:
            raise PydanticCustomError("table", "`hit: first` needs an `otherwise`")
        return self


class ChangeAtMost(Model):
    """How far one step may move the price."""

    down: Percent | None = None
    """Largest fall."""
    up: Percent | None = None
    """Largest rise."""
    from_: Literal["live", "price"] = "live"
    """Measured from the last confirmed price, or from the price before this phase."""


class PricingStep(Table):
    id: Identifier
    """Unique in the document."""
    when: When | None = None
    """The step runs only for offers where this holds."""
    note: str | None = None
    """Anything a reader should know."""


class BaseStep(PricingStep):
    """Where a price comes from."""

    phase: Literal["base"]
    """Which phase the step belongs to."""
    set: dict[Name, Expression] | None = None
    """What the step sets: `{price: cost * (1 + markup)}`."""


class AdjustStep(PricingStep):
    """What changes it: campaigns, sales, surcharges."""

    phase: Literal["adjust"]
    """Which phase the step belongs to."""
    set: dict[Name, Expression] | None = None
    """What the step sets: `{sale_price: price * (1 - off)}`."""


class CompetitorStep(PricingStep):
    """How it follows the competition."""

    phase: Literal["competitor"]
    """Which phase the step belongs to."""
    set: dict[Name, Expression] | None = None
    """What the step sets: `{price: competitor_price - 0.10}`."""
    change_at_most: ChangeAtMost | None = None
    """How far the step may move the price."""


class FeesStep(Model):
    """What must be charged so that something is left after the marketplace's fees."""

    id: Identifier
    """Unique in the document."""
    phase: Literal["fees"]
    """Which phase the step belongs to."""
    when: When | None = None
    """The step runs only for offers where this holds."""
    keep: Literal["price"] | None = None
    """`price`: the price so far is what must be left after fees."""
    margin: Percent | None = None
    """This share of the price must be left after fees, cost and freight."""
    cost: Expression = "cost"
    """What the goods cost."""
    freight: Expression | None = None
    """What the seller pays for shipping; the fact `freight` if the shop has one."""
    note: str | None = None
    """Anything a reader should know."""

    @model_validator(mode="after")
    def _one(self) -> FeesStep:
        if (self.keep is None) == (self.margin is None):
            raise PydanticCustomError("fees", "write either `keep: price` or `margin: 15%`")
        return self


class BoundsStep(Model):
    """Between what the price must stay."""

    id: Identifier
    """Unique in the document."""
    phase: Literal["bounds"]
    """Which phase the step belongs to."""
    when: When | None = None
    """The step runs only for offers where this holds."""
    at_least: list[Expression] = Field(default_factory=list)
    """Lower bounds; the greatest counts."""
    at_most: list[Expression] = Field(default_factory=list)
    """Upper bounds; the least counts."""
    note: str | None = None
    """Anything a reader should know."""


class RoundStep(Model):
    """Which prices a buyer may see."""

    id: Identifier
    """Unique in the document."""
    phase: Literal["round"]
    """Which phase the step belongs to."""
    when: When | None = None
    """The step runs only for offers where this holds."""
    ending: Decimal | None = Field(default=None, ge=0, lt=1_000_000)
    """Prices that end so: `0.99`, `9.90`."""
    to: Decimal | None = Field(default=None, gt=0, lt=1_000_000)
    """Multiples of this: `0.05`."""
    mode: Literal["half_up", "half_even", "up", "down", "nearest"] | None = None
    """Which way; absent: `nearest` for an ending, `half_up` for multiples."""
    note: str | None = None
    """Anything a reader should know."""

    @model_validator(mode="after")
    def _one(self) -> RoundStep:
        if (self.ending is None) == (self.to is None):
            raise PydanticCustomError("round", "write either `ending: 0.99` or `to: 0.01`")
        allowed = (
            ("up", "down", "nearest") if self.to is None else ("half_up", "half_even", "up", "down")
        )
        if self.mode is not None and self.mode not in allowed:
            raise PydanticCustomError(
                "round", "`mode` is one of {allowed} here", {"allowed": ", ".join(allowed)}
            )
        return self


Step = Annotated[
    BaseStep | AdjustStep | FeesStep | CompetitorStep | BoundsStep | RoundStep,
    Field(discriminator="phase"),
]


class PricingDocument(RuleDocument):
    """How prices are made: base → adjust → fees → competitor → bounds → round."""

    kind: Literal["pricing"]
    currency: str | None = None
    """The currency of bare numbers; the account's if absent."""
    steps: list[Step] = Field(min_length=1)
    """What happens to the price, in order within each phase."""


class SafetyStock(Table):
    """Units held back, by rule: the result is `units`."""

    per: Literal["pool", "node"] = "pool"
    """Held back once from the pool, or at every node."""


class Pool(Model):
    """The stock that the marketplaces share."""

    nodes: list[str] | None = None
    """The nodes whose stock counts; absent: all."""
    on_hand: Name = "stock"
    """The fact with the stock by node."""
    allocated: Name | None = None
    """The fact with what is promised by node."""
    reserved: Name | None = None
    """The fact with what is reserved by node."""
    reservations: Name | None = None
    """The fact with what is claimed and not yet pinned to a node."""
    safety_stock: Whole | SafetyStock = 0
    """Units held back."""


class AllocationEntry(Model):
    """What one marketplace or account gets."""

    marketplace: str | None = None
    """The marketplace."""
    account: str | None = None
    """The account, where a marketplace has several."""
    share: Percent | None = None
    """Its share of the pool."""
    cap: Annotated[Whole, Field(ge=0)] | None = None
    """At most so many units."""
    buffer: Annotated[Whole, Field(ge=0)] = 0
    """So many units less than computed."""
    min_list: Annotated[Whole, Field(ge=0)] = 0
    """Fewer than this are published as zero."""

    @model_validator(mode="after")
    def _one(self) -> AllocationEntry:
        if (self.marketplace is None) == (self.account is None):
            raise PydanticCustomError("allocation", "name a `marketplace` or an `account`")
        return self


class Allocate(Model):
    """How the pool is published."""

    method: Literal["partition", "shared"]
    """`partition`: what is published sums to at most the pool. `shared`: everyone sees the pool."""
    redistribute: bool = False
    """Give the units that a cap cut off to the other marketplaces, in written order."""
    last_units: Annotated[Whole, Field(ge=0)] | None = None
    """A shared pool of at most so many units is partitioned instead."""
    marketplaces: list[AllocationEntry] = Field(min_length=1)
    """Who gets what; the order breaks ties."""


class InventoryDocument(RuleDocument):
    """How stock is pooled and shared out."""

    kind: Literal["inventory"]
    pool: Pool
    """The stock that counts."""
    allocate: Allocate
    """How it is shared out."""
    on_block: Literal["hold", "zero"] = "zero"
    """What a live listing shows when its stock cannot be computed."""


class AttributeOtherwise(Model):
    """What an unmapped value becomes."""

    block: Code | None = None
    """Block the content with this code."""
    value: str | None = None
    """This value."""
    same: bool = False
    """The value itself."""


class Attribute(Model):
    """One attribute of the marketplace."""

    from_: str | None = None
    """The fact it comes from."""
    text: str | None = None
    """A template."""
    value: str | None = None
    """A constant."""
    table: dict[str, str] | None = None
    """Our value → the marketplace's."""
    otherwise: AttributeOtherwise | None = None
    """What an unmapped value becomes; absent: block `UNMAPPED_VALUE`."""
    required: bool = False
    """Missing blocks the content."""
    max: Annotated[Whole, Field(ge=1)] | None = None
    """At most so many characters."""
    count: Literal["characters", "bytes"] = "characters"
    """What `max` counts."""
    cut: bool = False
    """Cut a text that is too long, at a word; absent: block."""
    to: Literal["kg", "g", "cm", "mm", "m"] | None = None
    """The unit it is written in."""
    decimals: Annotated[Whole, Field(ge=0, le=8)] | None = None
    """Decimals of a number, half away from zero."""

    @model_validator(mode="after")
    def _one(self) -> Attribute:
        if sum(x is not None for x in (self.from_, self.text, self.value)) != 1:
            raise PydanticCustomError("attribute", "write one of `from`, `text` or `value`")
        return self


class Title(Model):
    """The title a buyer reads."""

    max: Annotated[Whole, Field(ge=1)]
    """At most so many characters."""
    count: Literal["characters", "bytes"] = "characters"
    """What `max` counts."""
    try_: list[str] = Field(min_length=1)
    """Templates; the first that fits wins."""
    forbid: list[str] = Field(default_factory=list)
    """Words that must not stand in it."""
    cut: bool = False
    """When none fits, cut the last one at a word."""


class Description(Model):
    """The long text."""

    text: str
    """A template."""
    max: Annotated[Whole, Field(ge=1)] = 50_000
    """At most so many characters."""


class Images(Model):
    """The pictures."""

    from_: str
    """The fact with the URLs."""
    min: Annotated[Whole, Field(ge=0)] = 1
    """Fewer block the content."""
    max: Annotated[Whole, Field(ge=1)] = 12
    """More are left out."""
    https_only: bool = True
    """Leave out addresses that are not https."""


class MappingDocument(RuleDocument):
    """How our catalogue becomes the marketplace's."""

    kind: Literal["mapping"]
    category: Table | None = None
    """The marketplace's category: a table with the result `category`."""
    attributes: dict[Identifier, Attribute] = Field(default_factory=dict)
    """The marketplace's attributes by their ids."""
    title: Title | None = None
    """The title."""
    description: Description | None = None
    """The long text."""
    images: Images | None = None
    """The pictures."""


class Fee(Table):
    """One fee: a table with the results `rate` (of the price) and `fee` (money)."""

    id: Identifier
    """Unique in the document."""
    note: str | None = None
    """Anything a reader should know: the source of the figures, say."""


class FeesDocument(RuleDocument):
    """What the marketplace takes."""

    kind: Literal["fees"]
    currency: str | None = None
    """The currency of bare numbers; the account's if absent."""
    fees: list[Fee] = Field(min_length=1)
    """All of them are paid."""


class ListsDocument(Document):
    """Words for `in`, or a map for `lookup`."""

    kind: Literal["lists"]
    values: list[str] | None = None
    """The words."""
    map: dict[str, Cell] | None = None
    """Keys and values."""
    type: Literal["text", "number", "percent", "money"] = "text"
    """The type of the map's values."""

    @model_validator(mode="after")
    def _one(self) -> ListsDocument:
        if (self.values is None) == (self.map is None):
            raise PydanticCustomError("lists", "write either `values` or `map`")
        return self


class Approval(Model):
    """Who agrees to what, how far, and until when."""

    guard: Identifier
    """The guard."""
    select: When
    """The offers, as in `when`."""
    down: Percent | None = None
    """Up to this fall."""
    up: Percent | None = None
    """Up to this rise."""
    at_most: Percent | None = None
    """Up to this share."""
    bound: Decimal | None = None
    """Up to this bound."""
    reason: str = Field(min_length=3)
    """Why."""
    approver: str = Field(min_length=1)
    """Who."""
    expires: Moment
    """Until the end of this day."""


class ApprovalsDocument(Document):
    """Exceptions that somebody agreed to."""

    kind: Literal["approvals"]
    approves: list[Approval] = Field(min_length=1)
    """The exceptions."""
