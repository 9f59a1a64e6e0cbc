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
        # A validator is built when it is first needed: one command needs few of them.
        defer_build=True,
    )


def _whole(value: Any) -> Any:
    if isinstance(value, Decimal) and value == value.to_integral_value() and abs(value) < 10**15:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise PydanticCustomError("whole_number", "must be a whole number")
    return value


PERCENT_PATTERN = r"^-?[0-9]{1,6}(\.[0-9]{1,8})? *%$"


def percent(value: Any) -> Any:
    """12 % as 0.12; raises for what is no percent."""
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
    BeforeValidator(percent),
    _schema(type="string", pattern=PERCENT_PATTERN),
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


def _one_or_more(value: Any) -> Any:
    """One word, or several in order without doubles; a number stands for what was written."""
    several = value if isinstance(value, list) else [value]
    words = [f"{one:f}" if isinstance(one, Decimal) else one for one in several]
    if any(not isinstance(word, str) or not word.strip() for word in words):
        raise PydanticCustomError("scope", "must be a name, or a list of names")
    if not words:
        raise PydanticCustomError("scope", "an empty list applies nowhere: name one, or leave out")
    distinct = sorted(set(words))
    return distinct if len(distinct) > 1 else distinct[0]


_WORD = {"type": ["string", "number"]}
OneOrMore = Annotated[
    str | list[str],
    BeforeValidator(_one_or_more),
    _schema(anyOf=[_WORD, {"type": "array", "minItems": 1, "items": _WORD}]),
]

# Wider first. The first three select accounts, the others offers by the facts of these names.
ACCOUNT_KEYS = ("marketplace", "account", "trade_policy")
OFFER_KEYS = ("category", "brand", "sku")
SCOPE_KEYS = (*ACCOUNT_KEYS, *OFFER_KEYS)
_DEEPEST = 255


class Scope(Model):
    """Where a document applies; all keys must fit. Later keys are narrower."""

    marketplace: OneOrMore | None = None
    """One marketplace, by the name of its folder under `marketplaces/`, or several."""
    account: OneOrMore | None = None
    """One account, by its name in `offerwright.yaml`, or several."""
    trade_policy: OneOrMore | None = None
    """The accounts with this trade policy, or with one of several."""
    category: OneOrMore | None = None
    """The offers whose fact `category` is this path or lies below it."""
    brand: OneOrMore | None = None
    """The offers whose fact `brand` is this, or one of several."""
    sku: OneOrMore | None = None
    """One SKU, or several."""

    def names(self, key: str) -> tuple[str, ...]:
        """What a key names, sorted; nothing where it is not written."""
        value: str | list[str] | None = getattr(self, key)
        return () if value is None else (value,) if isinstance(value, str) else tuple(value)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that are written, wider first."""
        return tuple(key for key in SCOPE_KEYS if self.names(key))

    @property
    def width(self) -> int:
        """Greater is narrower; 0 is everywhere.

        Scopes are compared key by key, the narrowest key first: that it is written, and of a
        category how deep the shallowest path is.
        """
        depth = min((p.strip("/").count("/") + 1 for p in self.names("category")), default=0)
        found = 0
        for key in reversed(SCOPE_KEYS):
            size = min(depth, _DEEPEST) if key == "category" else bool(self.names(key))
            found = found * (_DEEPEST + 1) + size
        return found

    def __str__(self) -> str:
        return ", ".join(f"{key} {' or '.join(self.names(key))}" for key in self.keys)


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

    # Constructed and not validated: a validator would be built here in every process.
    for_: Scope = Scope.model_construct()
    """Where it applies: `{marketplace: …}`, `{category: …, brand: …}`. Absent: everywhere."""
    valid: Valid | None = None
    """When it applies: `{from: 2026-12-01, before: 2027-03-01}`. Absent: always."""
    override: bool = False
    """True: for its offers, it replaces documents with a wider `for` in every phase where this one
    has steps."""
