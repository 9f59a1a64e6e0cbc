"""How listings are written: category, attributes, title, description, images."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from offerwright.rules.document import Table
from offerwright.source.document import Code, Identifier, Model, RuleDocument, Whole


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
    to: Literal["kg", "g", "m", "cm", "mm"] | None = None
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
