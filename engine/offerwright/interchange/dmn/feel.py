"""The syntax tree of FEEL, as far as it is read. Offsets count from the start of the text."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

Kind = Literal["number", "text", "boolean", "date", "datetime", "duration", "any"]


@dataclass(frozen=True, slots=True)
class At:
    """A stretch of the text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Null:
    at: At


@dataclass(frozen=True, slots=True)
class Constant:
    """`value` is a `Decimal`, a text, a bool, an ISO date or moment, or whole seconds."""

    kind: Kind
    value: Decimal | str | bool | int
    at: At


@dataclass(frozen=True, slots=True)
class Ref:
    """A name and the names of components below it; `?` is the value that a unary test looks at."""

    names: tuple[str, ...]
    at: At


@dataclass(frozen=True, slots=True)
class Binary:
    """`operator`: + - * / ** = != < <= > >= and or."""

    operator: str
    left: Feel
    right: Feel
    at: At


@dataclass(frozen=True, slots=True)
class Negative:
    operand: Feel
    at: At


@dataclass(frozen=True, slots=True)
class If:
    condition: Feel
    yes: Feel
    no: Feel
    at: At


@dataclass(frozen=True, slots=True)
class Call:
    """A built-in function or knowledge; named arguments are put in order when it is inlined."""

    name: str
    arguments: tuple[Feel, ...]
    names: tuple[str, ...]
    at: At


@dataclass(frozen=True, slots=True)
class Among:
    """`value in tests`: one of the tests holds."""

    value: Feel
    tests: tuple[UnaryTest, ...]
    at: At


Feel: TypeAlias = Null | Constant | Ref | Binary | Negative | If | Call | Among


@dataclass(frozen=True, slots=True)
class Compared:
    """`= 5`, `< 5`, or a bare value (`=`)."""

    operator: str
    value: Feel
    at: At


@dataclass(frozen=True, slots=True)
class Interval:
    low: Feel
    high: Feel
    low_included: bool
    high_included: bool
    at: At


@dataclass(frozen=True, slots=True)
class Holds:
    """An expression over `?` that is true."""

    condition: Feel
    at: At


UnaryTest: TypeAlias = Compared | Interval | Holds


@dataclass(frozen=True, slots=True)
class Tests:
    """A cell of conditions: any of the tests (none of them: negated); no tests = `-`."""

    tests: tuple[UnaryTest, ...]
    is_negated: bool = False
