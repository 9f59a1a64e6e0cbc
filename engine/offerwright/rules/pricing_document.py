"""How pricing is written: steps in the phases base to round."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from offerwright.rules.document import Table, When
from offerwright.source.document import (
    Expression,
    Identifier,
    Model,
    Name,
    Percent,
    RuleDocument,
    Whole,
)


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
    expect_matches: Whole | str | None = None
    """How many SKUs its `when` should hold for: `1`, or a range such as `1..50`."""
    note: str | None = None
    """Anything a reader should know."""

    @model_validator(mode="after")
    def _counted(self) -> PricingStep:
        if self.expect_matches is not None and self.when is None:
            raise PydanticCustomError(
                "pricing", "`expect_matches` of a step counts its `when`: write one, or count rows"
            )
        return self


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


class Tier(Model):
    """What one unit costs when a buyer takes this many or more."""

    from_: Annotated[Whole, Field(ge=2)]
    """From how many units on."""
    price: Expression
    """What one of them costs: `price * 0.97`."""


class TiersStep(Model):
    """What buyers pay who take several."""

    id: Identifier
    """Unique in the document."""
    phase: Literal["tiers"]
    """Which phase the step belongs to."""
    when: When | None = None
    """The step runs only for offers where this holds."""
    tiers: list[Tier] = Field(min_length=1, max_length=20)
    """The tiers; quantities rise."""
    note: str | None = None
    """Anything a reader should know."""

    @model_validator(mode="after")
    def _rising(self) -> TiersStep:
        quantities = [tier.from_ for tier in self.tiers]
        if any(a >= b for a, b in pairwise(quantities)):
            raise PydanticCustomError("tiers", "the quantities rise from tier to tier")
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
    BaseStep | AdjustStep | FeesStep | CompetitorStep | TiersStep | BoundsStep | RoundStep,
    Field(discriminator="phase"),
]


class PricingDocument(RuleDocument):
    """How prices are made: base → adjust → fees → competitor → tiers → bounds → round."""

    kind: Literal["pricing"]
    currency: str | None = None
    """The currency of bare numbers; the account's if absent."""
    steps: list[Step] = Field(min_length=1)
    """What happens to the price, in order within each phase."""
