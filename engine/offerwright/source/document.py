"""
What all document models share: strictness, the common head, and the value types of YAML fields.

Models take what the reader yields: text, `Decimal`, `bool`, None, lists and maps. They are strict,
closed and frozen. Field names are the YAML keys; a trailing underscore only avoids a Python word.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError


class Model(BaseModel):
    """Strict, closed and frozen; `from_` is written `from` in YAML."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        validate_by_name=False,
        validate_by_alias=True,
        alias_generator=lambda name: name.rstrip("_"),
        use_attribute_docstrings=True,
    )


def _whole(value: Any) -> Any:
    if isinstance(value, Decimal) and value == value.to_integral_value() and abs(value) < 10**15:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise PydanticCustomError("whole_number", "must be a whole number")
    return value


def _percent(value: Any) -> Any:
    if isinstance(value, str):
        found = re.fullmatch(r"(-?[0-9]{1,6}(?:\.[0-9]{1,8})?) *%", value)
        if found:
            return Decimal(found[1]) / 100
    if isinstance(value, Decimal):
        raise PydanticCustomError(
            "percent", "must be a percent: write {written}%", {"written": f"{value:f}"}
        )
    raise PydanticCustomError("percent", "must be a percent such as 12%")


# Narrower than Python, which also reads 20261201 and 2026-W49-2.
_MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].+)?$"


def _moment(value: Any) -> Any:
    if not isinstance(value, str) or not re.match(_MOMENT, value):
        raise PydanticCustomError("moment", "must be a date such as 2026-12-01")
    try:
        parsed: date | datetime
        if "T" in value or " " in value:
            parsed = datetime.fromisoformat(value)
        else:
            parsed = date.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError(
            "moment", "must be a date such as 2026-12-01, or 2026-12-01T08:00:00-03:00"
        ) from None
    return parsed


def _schema(**extra: Any) -> Any:
    from pydantic import WithJsonSchema

    return WithJsonSchema(extra)


Whole = Annotated[int, BeforeValidator(_whole), _schema(type="integer")]
Percent = Annotated[
    Decimal,
    BeforeValidator(_percent),
    _schema(type="string", pattern=r"^-?[0-9]{1,6}(\.[0-9]{1,8})? *%$"),
]
Moment = Annotated[
    datetime | date,
    BeforeValidator(_moment),
    _schema(type="string", pattern=_MOMENT),
]
Expression = Annotated[str | Decimal, _schema(type=["string", "number"])]
Identifier = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$")]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Code = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{1,63}$")]


class Scope(Model):
    """Where a document applies. Later keys are narrower."""

    marketplace: str | None = None
    """One marketplace, by the name of its folder under `marketplaces/`."""
    account: str | None = None
    """One account, by its name in `offerwright.yaml`."""

    @property
    def width(self) -> int:
        """0 everywhere, 1 one marketplace, 2 one account."""
        return 2 if self.account else 1 if self.marketplace else 0


class Valid(Model):
    """From when and before when; a date is that day's midnight in the repository's time zone."""

    from_: Moment | None = None
    """First moment at which it counts."""
    before: Moment | None = None
    """First moment at which it no longer counts."""


class Document(Model):
    """The head of every document."""

    kind: str
    """What kind of document this is."""
    name: Identifier
    """Unique among the documents of this kind. Traces and reviews refer to it: keep it stable."""
    owner: str | None = None
    """Who answers for it."""
    note: str | None = None
    """Anything a reader should know."""
    version: Whole | None = None
    """A label for people."""


class RuleDocument(Document):
    """The head of a document that may apply to a part only, or for a time only."""

    for_: Scope = Scope()
    """Where it applies: `{marketplace: …}`, `{account: …}`. Absent: everywhere."""
    valid: Valid | None = None
    """When it applies: `{from: 2026-12-01, before: 2027-03-01}`. Absent: always."""
    override: bool = False
    """True: replaces documents with a wider `for` in every phase where this one has steps."""
