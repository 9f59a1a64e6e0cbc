"""The documents of guards: which checks, how strict, and what happens when one fails."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from offerwright.facts.literals import parse_duration
from offerwright.guards.plan import OF_MOVES, PRICE_DAYS_KEPT
from offerwright.rules.document import When
from offerwright.source.document import (
    PERCENT_PATTERN,
    Expression,
    Identifier,
    Model,
    Percent,
    RuleDocument,
    Whole,
    percent,
)

CheckName = Literal[
    "positive", "price_at_least", "price_at_most", "map_price", "step_from_live",
    "move_over_window",
    "margin_at_least", "magnitude", "currency", "discount_at_most", "share_moved", "share_zeroed",
    "share_delisted", "exposure", "identical_price", "hold", "source_age", "source_rows", "expires",
]  # fmt: skip
Else = Literal["block", "needs_approval", "warn"]

# check -> the settings it needs and the settings it may have
SETTINGS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "positive": ((), ()),
    "price_at_least": (("bound",), ()),
    "price_at_most": (("bound",), ()),
    "map_price": (("bound",), ()),
    "step_from_live": ((), ("down", "up")),
    "move_over_window": (("days",), ("down", "up")),
    "margin_at_least": (("margin",), ("cost", "freight")),
    "magnitude": (("times",), ()),
    "currency": ((), ()),
    "discount_at_most": (("at_most",), ("reference",)),
    "share_moved": (("at_most",), ()),
    "share_zeroed": (("at_most",), ()),
    "share_delisted": (("at_most",), ()),
    "exposure": (("at_most",), ()),
    "identical_price": (("at_least", "spread"), ("cost",)),
    "hold": ((), ("rule", "aspects")),
    "source_age": (("at_most",), ("source", "aspects")),
    "source_rows": (("at_least",), ("source", "aspects")),
    "expires": (("within",), ()),
}
# What no approval lifts: who may take a hold out, or mend a source, need not ask for one; what is
# wrong whatever anybody says (a price of nought, a slipped point, a loss) nobody may agree to.
NOT_APPROVED = (
    "hold", "source_age", "source_rows", "expires", "positive", "currency", "magnitude",
    "margin_at_least",
)  # fmt: skip
_ALL = (
    "bound", "down", "up", "margin", "cost", "freight", "times", "at_most", "reference",
    "at_least", "spread", "days", "rule", "aspects", "source", "within",
)  # fmt: skip


_RULE = r"^(pricing/)?[A-Za-z][A-Za-z0-9_.-]{0,63}/[A-Za-z][A-Za-z0-9_.-]{0,63}$"
DURATION_PATTERN = r"^[0-9]{1,9} (minute|hour|day)s?$"


def _wrong(hint: str) -> PydanticCustomError:
    return PydanticCustomError("setting", "{hint}", {"hint": hint})


def _duration(value: Any) -> Any:
    """Seconds, of the text that is written."""
    try:
        return Decimal(parse_duration(value if isinstance(value, str) else ""))
    except ValueError as problem:
        raise _wrong(str(problem)) from None


def _limit(value: Any, info: ValidationInfo) -> Any:
    """Money for what is at stake, a duration for an age, a share for everything else."""
    if info.data.get("check") == "source_age":
        return _duration(value)
    if info.data.get("check") == "exposure":
        if isinstance(value, str) and "%" in value:
            raise _wrong("an amount of money is wanted, such as 50000.00, and no share")
        return value
    share = percent(value)
    if share > 1:
        raise _wrong(f"{(share * 100).normalize():f}% is never exceeded; write 100% or less")
    return share


def _least(value: Any, info: ValidationInfo) -> Any:
    """A share of rows; of offers with one price a whole number."""
    if info.data.get("check") == "source_rows":
        return percent(value)
    if isinstance(value, Decimal) and value == value.to_integral_value() and value >= 2:
        return value
    raise _wrong(f"write a whole number of offers, 2 or more, not {value}")


def _rule(value: Any) -> Any:
    """The name of a pricing rule with its document."""
    if isinstance(value, str) and re.search(_RULE, value):
        return value
    raise _wrong(f"write the document and the rule, such as campaigns/friday, not {value}")


Limit = Annotated[
    Decimal,
    BeforeValidator(_limit),
    Field(ge=0),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": PERCENT_PATTERN},
                {"type": "string", "pattern": DURATION_PATTERN},
                {"type": "number", "minimum": 0},
            ]
        }
    ),
]
Least = Annotated[
    Decimal,
    BeforeValidator(_least),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": PERCENT_PATTERN},
                {"type": "integer", "minimum": 2},
            ]
        }
    ),
]
RuleName = Annotated[
    str, BeforeValidator(_rule), WithJsonSchema({"type": "string", "pattern": _RULE})
]
Duration = Annotated[
    Decimal,
    BeforeValidator(_duration),
    WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN}),
]


class GuardRule(Model):
    """One guard."""

    id: Identifier
    """Unique in the document; approvals name it."""
    check: CheckName
    """What it looks at."""
    else_: Else
    """What happens when it fails."""
    when: When | None = None
    """Only for offers where this holds."""
    bound: Expression | None = None
    """The bound of a price."""
    down: Percent | None = None
    """Largest fall from the live price."""
    up: Percent | None = None
    """Largest rise from the live price."""
    margin: Percent | None = None
    """The share of the price that must be left."""
    cost: Expression | None = None
    """What the goods cost; the fact `cost` if absent."""
    freight: Expression | None = None
    """What shipping costs the seller; the fact `freight` if absent and the shop has one."""
    times: Annotated[Decimal, Field(gt=1)] | None = None
    """How many times the reference is too much."""
    at_most: Limit | None = None
    """The largest share; of `exposure` the most money, of `source_age` the greatest age."""
    reference: Expression | None = None
    """What a discount is measured against; the fact `list_price`, else the price, if absent."""
    at_least: Least | None = None
    """From how many offers on that get one price; of `source_rows` the share of the day before."""
    spread: Annotated[Decimal, Field(gt=1)] | None = None
    """By how many times their costs differ at least."""
    days: Annotated[Whole, Field(ge=1, le=PRICE_DAYS_KEPT)] | None = None
    """Over how many days moves are added up."""
    rule: RuleName | None = None
    """Only offers whose price this pricing rule made: `campaigns/friday`."""
    aspects: list[Literal["price", "stock", "content"]] | None = Field(default=None, min_length=1)
    """What is withheld; absent: price and content of a `hold`, everything for want of a source."""
    source: Identifier | None = None
    """The source that is looked at; all of the shop if absent."""
    within: Duration | None = None
    """How far away the end of an override may be: `90 days`."""
    note: str | None = None
    """Anything a reader should know."""

    @model_validator(mode="after")
    def _settings(self) -> GuardRule:
        needed, optional = SETTINGS[self.check]
        for name in needed:
            if getattr(self, name) is None:
                raise PydanticCustomError(
                    "guard", "`{check}` needs `{name}`", {"check": self.check, "name": name}
                )
        for name in _ALL:
            if getattr(self, name) is not None and name not in (*needed, *optional):
                raise PydanticCustomError(
                    "guard", "`{check}` has no `{name}`", {"check": self.check, "name": name}
                )
        if self.check in OF_MOVES and self.down is None and self.up is None:
            message = "`{check}` needs `down`, `up`, or both"
            raise PydanticCustomError("guard", message, {"check": self.check})
        if self.check in NOT_APPROVED and self.else_ == "needs_approval":
            raise PydanticCustomError(
                "guard", "no approval lifts `{check}`: write `else: block` or `else: warn`",
                {"check": self.check},
            )  # fmt: skip
        return self


class GuardsDocument(RuleDocument):
    """The last look before anything is sent."""

    kind: Literal["guards"]
    guards: list[GuardRule] = Field(min_length=1)
    """The guards; all verdicts are collected."""
