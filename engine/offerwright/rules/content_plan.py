"""What a mapping says of one attribute and of the pictures, as evaluation takes it: no models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from offerwright.rules.mapping_document import Attribute, Images


@dataclass(frozen=True, slots=True)
class Unmapped:
    """What a value becomes that no table has: blocked with this code, this value, or the same."""

    block: str | None
    value: str | None
    same: bool


@dataclass(frozen=True, slots=True)
class AttributeForm:
    """How a value is written; the fields are those of `mapping_document.Attribute`."""

    table: Mapping[str, str] | None
    otherwise: Unmapped | None
    required: bool
    max: int | None
    count: Literal["characters", "bytes"]
    cut: bool
    to: Literal["kg", "g", "m", "cm", "mm"] | None
    decimals: int | None


@dataclass(frozen=True, slots=True)
class ImageBounds:
    """Which pictures are taken; fewer than `min` block the content."""

    min: int
    max: int
    https_only: bool


def attribute_form(written: Attribute) -> AttributeForm:
    """The form that a document writes."""
    other = written.otherwise
    return AttributeForm(
        table=written.table,
        otherwise=None if other is None else Unmapped(other.block, other.value, other.same),
        required=written.required,
        max=written.max,
        count=written.count,
        cut=written.cut,
        to=written.to,
        decimals=written.decimals,
    )


def image_bounds(written: Images) -> ImageBounds:
    """The bounds that a document writes."""
    return ImageBounds(written.min, written.max, written.https_only)
