"""
FEEL trees → expressions of the language that give the same value.

What differs is null. FEEL's `=` and `!=` are never null, its `if` takes the else branch where the
condition is null; in the language both are missing. Where that could be seen in the result,
`coalesce` is written around the condition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Context, Decimal

from offerwright.interchange.dmn.feel import (
    Among,
    Binary,
    Call,
    Compared,
    Constant,
    Feel,
    If,
    Interval,
    Negative,
    Null,
    Ref,
    UnaryTest,
)
from offerwright.interchange.dmn.feel_text import FeelRefused
from offerwright.interchange.dmn.kinds import Scope, kind_of
from offerwright.interchange.dmn.tree import parts_of
from offerwright.money import SCALE
from offerwright.source.suggest import did_you_mean

_IF, _OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _SIGN, _ATOM = range(9)
_LEVEL = {"or": _OR, "and": _AND, "+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT}
_EXACT = Context(prec=80)
_PLAIN_CALLS = {
    "abs": ("abs", 1, 1), "floor": ("floor", 1, 1), "ceiling": ("ceiling", 1, 1),
    "min": ("min", 2, 9), "max": ("max", 2, 9), "upper case": ("upper", 1, 1),
    "lower case": ("lower", 1, 1), "string length": ("length", 1, 1),
    "round half up": ("round", 2, 2), "date": ("date", 1, 1),
}  # fmt: skip
_NO_CALLS = {
    "decimal": "it rounds halves to even; `round half up(n, s)` is kept",
    "substring": "cut texts in a mapping document",
    "modulo": "give the remainder as an input",
    "time": "times of the day are not kept; compare dates and times",
    "day of week": "it gives English names; `weekday(d)` counts from 1 = Monday",
    "month of year": "it gives English names; `month(d)` counts from 1",
}


@dataclass(frozen=True, slots=True)
class _Said:
    text: str
    level: int

    def within(self, level: int) -> str:
        return self.text if self.level >= level else f"({self.text})"


def expressed(node: Feel, scope: Scope) -> str:
    """The expression in the language. Raises `FeelRefused` where there is none."""
    return _say(node, scope).text


def literal(node: Constant, scope: Scope) -> str:
    """A constant as expressions write it."""
    if isinstance(node.value, bool):
        return "true" if node.value else "false"
    if isinstance(node.value, Decimal):
        return f"{kept(node.value):f}"
    if node.kind == "duration":
        return duration(node)
    if node.kind == "date":
        return f'date("{node.value}")'
    if node.kind == "datetime":
        return f'datetime("{moment(node, scope)}")'
    text = str(node.value)
    if '"' in text or not text.isprintable():
        message = "a text with a quote or a line break cannot stand in an expression"
        raise FeelRefused(node.at, message, "write one rule for each text", "FEEL_UNSUPPORTED")
    return f'"{text}"'


def kept(value: Decimal) -> Decimal:
    """A number with at most 8 decimals, half away from zero, without useless zeros."""
    digits = value.as_tuple().exponent
    if isinstance(digits, int) and -digits > SCALE:
        value = value.quantize(Decimal(1).scaleb(-SCALE), ROUND_HALF_UP, _EXACT)
    return value.normalize(_EXACT) if value else Decimal(0)


def is_rounded(value: Decimal) -> bool:
    return kept(value) != value


def moment(node: Constant, scope: Scope) -> str:
    """A moment with its offset; one without has that of the repository's zone."""
    found = datetime.fromisoformat(str(node.value))
    return (found if found.tzinfo else found.replace(tzinfo=scope.zone)).isoformat()


def duration(node: Constant) -> str:
    """A duration in the largest unit that divides it."""
    seconds = int(node.value)
    sign, size = ("-" if seconds < 0 else ""), abs(seconds)
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if size % length == 0:
            return f"{sign}{size // length} {unit}"
    if size % 3:
        raise FeelRefused(node.at, "a duration in odd seconds cannot be written",
                          "use whole minutes", "FEEL_UNSUPPORTED")  # fmt: skip
    return f"{sign}{(Decimal(size) / 60).normalize():f} minutes"


def _say(node: Feel, scope: Scope) -> _Said:
    if isinstance(node, Constant):
        text = literal(node, scope)
        return _Said(text, _SIGN if text.startswith("-") else _ATOM)
    if isinstance(node, Null):
        raise FeelRefused(node.at, "`null` has no counterpart inside an expression",
                          "leave the result out of its row", "FEEL_UNSUPPORTED")  # fmt: skip
    if isinstance(node, Ref):
        return _ref(node, scope)
    if isinstance(node, Negative):
        return _Said(f"-{_say(node.operand, scope).within(_SIGN)}", _SIGN)
    if isinstance(node, If):
        return _if(node, scope)
    if isinstance(node, Among):
        return _any_of([among(node.value, test, scope) for test in node.tests])
    return _call(node, scope) if isinstance(node, Call) else _binary(node, scope)


def _ref(node: Ref, scope: Scope) -> _Said:
    fact = scope.facts.get(node.names)
    if fact is not None:
        return _Said(fact.name, _ATOM)
    part = scope.facts.get(node.names[:-1])
    if part is not None and node.names[-1] in ("month", "day", "weekday"):
        return _Said(f"{node.names[-1]}({part.name})", _ATOM)
    if any(names[: len(node.names)] == node.names for names in scope.facts):
        raise FeelRefused(node.at, f"`{'.'.join(node.names)}` is a structure",
                          "name one of its components", "FEEL_UNSUPPORTED")  # fmt: skip
    known = [".".join(names) for names in scope.facts]
    raise FeelRefused(node.at, f"nothing is called `{'.'.join(node.names)}` here",
                      did_you_mean(".".join(node.names), known), "UNKNOWN_NAME")  # fmt: skip


def _binary(node: Binary, scope: Scope) -> _Said:
    if node.operator in ("=", "!=", "<", "<=", ">", ">="):
        return _compared(node, scope)
    if node.operator == "+" and kind_of(node, scope) == "text":
        parts = [_say(part, scope).text for part in _summands(node, scope)]
        return _Said(f"concat({', '.join(parts)})", _ATOM)
    level = _LEVEL[node.operator]
    left, right = _say(node.left, scope), _say(node.right, scope)
    # The right side of `-` and `/` needs brackets on its own level; of `+` and `*` it is kept too,
    # because every product is rounded on its own.
    tight = level + 1 if node.operator in ("+", "-", "*", "/") else level
    return _Said(f"{left.within(level)} {node.operator} {right.within(tight)}", level)


def _summands(node: Feel, scope: Scope) -> Iterator[Feel]:
    if isinstance(node, Binary) and node.operator == "+" and kind_of(node, scope) == "text":
        yield from _summands(node.left, scope)
        yield from _summands(node.right, scope)
    else:
        yield node


def _compared(node: Binary, scope: Scope) -> _Said:
    left, right = _say(node.left, scope), _say(node.right, scope)
    plain = f"{left.within(_SUM)} {node.operator} {right.within(_SUM)}"
    fixed = [isinstance(side, Constant) for side in (node.left, node.right)]
    if node.operator not in ("=", "!=") or all(fixed):
        return _Said(plain, _COMPARE)
    unequal = node.operator == "!="
    if any(fixed):
        return _Said(f"coalesce({plain}, {'true' if unequal else 'false'})", _ATOM)
    where = f"if {left.within(_SUM)} is missing then {right.within(_SUM)} is "
    where += "present" if unequal else "missing"
    return _Said(f"{where} else coalesce({plain}, {'true' if unequal else 'false'})", _IF)


def among(value: Feel, test: UnaryTest, scope: Scope) -> _Said:
    """One test of a value as a condition."""
    if isinstance(test, Compared):
        if isinstance(test.value, Null):
            word = "missing" if test.operator == "=" else "present"
            return _Said(f"{_say(value, scope).within(_SUM)} is {word}", _COMPARE)
        return _compared(Binary(test.operator, value, test.value, test.at), scope)
    if isinstance(test, Interval):
        low = Binary(">=" if test.low_included else ">", value, test.low, test.at)
        high = Binary("<=" if test.high_included else "<", value, test.high, test.at)
        return _binary(Binary("and", low, high, test.at), scope)
    return _say(test.condition, scope)


def _any_of(parts: list[_Said]) -> _Said:
    if len(parts) == 1:
        return parts[0]
    return _Said(" or ".join(part.within(_AND) for part in parts), _OR)


def condition_of(value: Feel, tests: tuple[UnaryTest, ...], negated: bool, scope: Scope) -> str:
    """The condition that any of the tests holds for a value, or none of them."""
    found = _any_of([among(value, test, scope) for test in tests])
    return f"not {found.within(_COMPARE)}" if negated else found.text


def _if(node: If, scope: Scope) -> _Said:
    yes, no = _say(node.yes, scope), _say(node.no, scope)
    raw = _missing_alike(node)
    if raw is not None:
        said = f"{_say(raw.left, scope).within(_SUM)} {raw.operator} "
        said += _say(raw.right, scope).within(_SUM)
    else:
        said = total_condition(node.condition, scope)
    return _Said(f"if {said} then {yes.text} else {no.text}", _IF)


def total_condition(node: Feel, scope: Scope) -> str:
    """A condition that is false where FEEL's is null: `if` takes the else branch there."""
    said = _say(node, scope).text
    return said if _is_total(node) else f"coalesce({said}, false)"


def _is_total(node: Feel) -> bool:
    """Whether what is said for a condition is true or false, and never missing."""
    if isinstance(node, Constant):
        return True
    if isinstance(node, Call):
        return node.name in ("is missing", "is present") or (
            node.name == "not" and _is_total(node.arguments[0])
        )
    if not isinstance(node, Binary):
        return False
    if node.operator in ("and", "or"):
        return _is_total(node.left) and _is_total(node.right)
    return node.operator in ("=", "!=")


def _missing_alike(node: If) -> Binary | None:
    """A comparison that may stand as it is: where it is null, the branch FEEL takes is null too."""
    condition = node.condition
    if not isinstance(condition, Binary) or condition.operator in ("and", "or", "+", "-", "*", "/"):
        return None
    taken = node.yes if condition.operator == "!=" else node.no
    names = set(_strict(condition.left)) | set(_strict(condition.right))
    refs = {r.names for side in (condition.left, condition.right) for r in _refs(side)}
    return condition if refs and refs <= names and refs <= set(_strict(taken)) else None


def _strict(node: Feel) -> Iterator[tuple[str, ...]]:
    """The names without which an expression is null."""
    if isinstance(node, Ref):
        yield node.names
    elif isinstance(node, Negative) or (isinstance(node, Binary) and node.operator in
                                        ("+", "-", "*", "/")):  # fmt: skip
        for part in parts_of(node):
            yield from _strict(part)


def _refs(node: Feel) -> Iterator[Ref]:
    if isinstance(node, Ref):
        yield node
    for part in parts_of(node):
        yield from _refs(part)


def _call(node: Call, scope: Scope) -> _Said:
    if node.names:
        raise FeelRefused(node.at, f"`{node.name}` is called with named values",
                          "write the values in order", "FEEL_UNSUPPORTED")  # fmt: skip
    special = _SPECIAL.get(node.name)
    if special is not None:
        return special(node, scope)
    plain = _PLAIN_CALLS.get(node.name)
    if plain is None:
        hint = _NO_CALLS.get(node.name) or did_you_mean(node.name, [*_PLAIN_CALLS, *_SPECIAL])
        raise FeelRefused(node.at, f"the function `{node.name}` has no counterpart", hint,
                          "FEEL_UNSUPPORTED")  # fmt: skip
    name, least, most = plain
    if node.name in ("min", "max") and len(node.arguments) == 1:
        return _say(node.arguments[0], scope)
    _count(node, least, most)
    return _Said(f"{name}({', '.join(_say(a, scope).text for a in node.arguments)})", _ATOM)


def _count(node: Call, least: int, most: int) -> None:
    if not least <= len(node.arguments) <= most:
        raise FeelRefused(node.at, f"`{node.name}` takes {least} to {most} values here, not "
                          f"{len(node.arguments)}", code="FEEL_UNSUPPORTED")  # fmt: skip


def _not(node: Call, scope: Scope) -> _Said:
    _count(node, 1, 1)
    return _Said(f"not {_say(node.arguments[0], scope).within(_COMPARE)}", _NOT)


def _string(node: Call, scope: Scope) -> _Said:
    _count(node, 1, 1)
    if kind_of(node.arguments[0], scope) != "text":
        hint = "numbers are written out in a mapping document"
        raise FeelRefused(node.at, "only a text is kept as a text here", hint, "FEEL_UNSUPPORTED")
    return _say(node.arguments[0], scope)


def _word(word: str) -> Callable[[Call, Scope], _Said]:
    def said(node: Call, scope: Scope) -> _Said:
        _count(node, 0, 0)
        return _Said(word, _ATOM)

    return said


def _is(word: str) -> Callable[[Call, Scope], _Said]:
    def said(node: Call, scope: Scope) -> _Said:
        return _Said(f"{_say(node.arguments[0], scope).within(_SUM)} is {word}", _COMPARE)

    return said


_SPECIAL: dict[str, Callable[[Call, Scope], _Said]] = {
    "not": _not,
    "string": _string,
    "now": _word("as_of"),
    "today": _word("today"),
    "is missing": _is("missing"),
    "is present": _is("present"),
}
