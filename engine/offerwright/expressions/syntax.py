"""
The two trees of an expression: what was written (`Node`) and what it means (`Typed`).

`Node`s keep their place in the text (`start`, `end` offsets) for messages. `Typed` has every
literal scaled, every bare number placed, sugar (`between`, `in`) gone: only constants, columns and
operations remain, so that evaluation is one table of operations.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from offerwright.expressions.types import Type

Constant: TypeAlias = Decimal | int | str | bool


@dataclass(frozen=True, slots=True)
class Literal:
    value: Constant
    type: Type
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Name:
    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Apply:
    """An operator or a function applied to nodes: `add`, `and`, `if`, `min`, …"""

    operation: str
    arguments: tuple[Node, ...]
    start: int
    end: int


Node: TypeAlias = Literal | Name | Apply


@dataclass(frozen=True, slots=True)
class Const:
    """A typed constant. Decimals as `Decimal`, dates and times as integers, text as text."""

    value: Constant
    type: Type


@dataclass(frozen=True, slots=True)
class Col:
    """A typed column of the row: a fact, a derived fact, or a name set by an earlier step."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Op:
    """A typed operation; `operation` is a key of the evaluator's table."""

    operation: str
    arguments: tuple[Typed, ...]
    type: Type


Typed: TypeAlias = Const | Col | Op


def columns(typed: Typed) -> Iterator[str]:
    """The names of all columns that an expression reads, in order of appearance."""
    if isinstance(typed, Col):
        yield typed.name
    elif isinstance(typed, Op):
        for argument in typed.arguments:
            yield from columns(argument)
