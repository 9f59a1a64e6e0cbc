"""What rules are written in: tables and their rows; fees, lists, approvals."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from offerwright.source.document import (
    Document,
    Identifier,
    Model,
    Moment,
    Percent,
    RuleDocument,
    Scope,
    Valid,
    Whole,
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
            raise PydanticCustomError("table", "`hit: first` needs an `otherwise`", {"key": "hit"})
        return self


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


Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Rate(Model):
    """One rate of exchange and its days."""

    from_: Currency
    """The currency that is converted."""
    to: Currency
    """The currency that comes out."""
    rate: Decimal = Field(gt=0)
    """What one unit of `from` is in `to`."""
    valid: Valid
    """When it counts; `before` must be there, for a rate grows stale."""
    note: str | None = None
    """Where the rate comes from."""

    @model_validator(mode="after")
    def _ends(self) -> Rate:
        if self.valid.before is None:
            raise PydanticCustomError(
                "rate", "write when it ends: `valid: {from: 2026-12-01, before: 2026-12-08}`"
            )
        return self


class ListsDocument(Document):
    """Words for `in`, a map for `lookup`, or rates for `convert` and `rate`."""

    kind: Literal["lists"]
    values: list[str] | None = None
    """The words."""
    map: dict[str, Cell] | None = None
    """Keys and values."""
    type: Literal["text", "number", "percent", "money"] = "text"
    """The type of the map's values."""
    rates: list[Rate] | None = Field(default=None, min_length=1)
    """Rates of exchange with their days."""
    file: str | None = None
    """A CSV file with rates: from, to, rate, valid.from, valid.before."""

    @model_validator(mode="after")
    def _one(self) -> ListsDocument:
        written = [x is not None for x in (self.values, self.map, self.rates, self.file)]
        if sum(written) != 1:
            raise PydanticCustomError("lists", "write one of `values`, `map`, `rates` and `file`")
        return self


class Approval(Model):
    """Who agrees to what, how far, and until when."""

    guard: Identifier
    """The guard."""
    for_: Scope | None = None
    """The accounts: `{account: …}`, `{marketplace: …}`; absent = all."""
    select: When | None = None
    """The offers, as in `when`; absent = all."""
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
