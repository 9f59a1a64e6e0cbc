"""The documents of guards: which checks, how strict, and what happens when one fails."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

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
    "margin_at_least", "magnitude", "currency", "discount_at_most", "share_moved", "share_zeroed",
    "share_delisted", "exposure", "identical_price",
]  # fmt: skip
Else = Literal["block", "needs_approval", "warn"]

# check -> the settings it needs and the settings it may have
SETTINGS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "positive": ((), ()),
    "price_at_least": (("bound",), ()),
    "price_at_most": (("bound",), ()),
    "map_price": (("bound",), ()),
    "step_from_live": ((), ("down", "up")),
    "margin_at_least": (("margin",), ("cost", "freight")),
    "magnitude": (("times",), ()),
    "currency": ((), ()),
    "discount_at_most": (("at_most",), ("reference",)),
    "share_moved": (("at_most",), ()),
    "share_zeroed": (("at_most",), ()),
    "share_delisted": (("at_most",), ()),
    "exposure": (("at_most",), ()),
    "identical_price": (("at_least", "spread"), ("cost",)),
}
_ALL = (
    "bound", "down", "up", "margin", "cost", "freight", "times", "at_most", "reference",
    "at_least", "spread",
)  # fmt: skip


def _limit(value: Any, info: ValidationInfo) -> Any:
    """Money for what is at stake, a share for everything else."""
    return value if info.data.get("check") == "exposure" else percent(value)


Limit = Annotated[
    Decimal,
    BeforeValidator(_limit),
    Field(ge=0),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": PERCENT_PATTERN},
                {"type": "number", "minimum": 0},
            ]
        }
    ),
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
    """The largest share; of `exposure` the most money that may be at stake."""
    reference: Expression | None = None
    """What a discount is measured against; the fact `list_price`, else the price, if absent."""
    at_least: Annotated[Whole, Field(ge=2)] | None = None
    """From how many offers on that get the same price."""
    spread: Annotated[Decimal, Field(gt=1)] | None = None
    """By how many times their costs differ at least."""
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
        if self.check == "step_from_live" and self.down is None and self.up is None:
            raise PydanticCustomError("guard", "`step_from_live` needs `down`, `up`, or both")
        return self


class GuardsDocument(RuleDocument):
    """The last look before anything is sent."""

    kind: Literal["guards"]
    guards: list[GuardRule] = Field(min_length=1)
    """The guards; all verdicts are collected."""
