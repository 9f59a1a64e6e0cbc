"""Expressions → sums of facts with constant factors, of which it is decidable which is greater."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from offerwright.expressions.syntax import Col, Const, Op, Typed

Range = tuple[Decimal | None, Decimal | None]
ZERO = Decimal(0)


@dataclass(frozen=True)
class Affine:
    """`constant` + Σ factor × column; factors are never zero."""

    constant: Decimal
    factors: Mapping[str, Decimal] = field(default_factory=dict)

    def plus(self, other: Affine, times: Decimal = Decimal(1)) -> Affine:
        """This and `times` the other."""
        names = sorted({*self.factors, *other.factors})
        factors = {
            name: self.factors.get(name, ZERO) + times * other.factors.get(name, ZERO)
            for name in names
        }
        kept = {name: factor for name, factor in factors.items() if factor}
        return Affine(self.constant + times * other.constant, kept)

    def scaled(self, factor: Decimal) -> Affine:
        return Affine(ZERO).plus(self, factor)

    def least(self, range_of: Callable[[str], Range]) -> Decimal | None:
        """No value is below this while every column is in its range; None = nothing is known."""
        total = self.constant
        for name, factor in self.factors.items():
            low, high = range_of(name)
            end = low if factor > 0 else high
            if end is None:
                return None
            total += factor * end
        return total

    def at(self, values: Mapping[str, Decimal]) -> Decimal:
        """The value at these values of all columns."""
        return sum((f * values[name] for name, f in self.factors.items()), self.constant)

    def __str__(self) -> str:
        parts = [
            name if factor == 1 else f"{name} * {_plain(factor)}"
            for name, factor in self.factors.items()
        ]
        if self.constant or not parts:
            parts.append(_plain(self.constant))
        return " + ".join(parts).replace("+ -", "- ")


def affine(typed: Typed, derived: Mapping[str, Typed]) -> Affine | None:
    """
    An expression as a sum; None where it is none.

    Args:
        derived: derived facts by name, which are written out.
    """
    if isinstance(typed, Const):
        return Affine(typed.value) if isinstance(typed.value, Decimal) else None
    if isinstance(typed, Col):
        inner = derived.get(typed.name)
        return Affine(ZERO, {typed.name: Decimal(1)}) if inner is None else affine(inner, derived)
    parts = [affine(argument, derived) for argument in typed.arguments]
    known = [part for part in parts if part is not None]
    return _joined(typed, known) if len(known) == len(parts) else None


def _joined(typed: Op, parts: list[Affine]) -> Affine | None:
    if typed.operation == "neg":
        return parts[0].scaled(Decimal(-1))
    if len(parts) != 2:
        return None
    left, right = parts
    if typed.operation in ("add", "sub"):
        return left.plus(right, Decimal(1 if typed.operation == "add" else -1))
    if typed.operation == "mul":
        if not right.factors:
            return left.scaled(right.constant)
        return None if left.factors else right.scaled(left.constant)
    if typed.operation == "div" and not right.factors and right.constant:
        return left.scaled(1 / right.constant)
    return None


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
