"""Text → `Node`, by one small grammar with positions; every refusal is a sentence and a place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from offerwright.expressions.syntax import Apply, Literal, Name, Node
from offerwright.expressions.types import (
    BARE,
    BOOLEAN,
    DATE,
    DATETIME,
    DURATION,
    PERCENT,
    TEXT,
)
from offerwright.money import MAX_DIGITS, MAX_VALUE, SCALE, decimal, scaled

MAX_LENGTH = 2_000
MAX_DEPTH = 40
MAX_NODES = 250
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_GRAMMAR = r"""
?start: expr
?expr: "if" expr "then" expr "else" expr      -> if_
     | disjunction
?disjunction: conjunction
     | disjunction "or" conjunction           -> or_
?conjunction: negation
     | conjunction "and" negation             -> and_
?negation: "not" negation                     -> not_
     | comparison
?comparison: sum
     | sum COMPARE sum                        -> compare
     | sum "in" "[" expr ("," expr)* "]"      -> in_
     | sum "between" sum "and" sum            -> between
     | sum "is" "present"                     -> present
     | sum "is" "missing"                     -> missing
?sum: product
     | sum "+" product                        -> add
     | sum "-" product                        -> sub
?product: unary
     | product "*" unary                      -> mul
     | product "/" unary                      -> div
?unary: "-" unary                             -> neg
     | atom
?atom: PERCENT                                -> percent
     | NUMBER UNIT                            -> duration
     | NUMBER                                 -> number
     | STRING                                 -> string
     | "true"                                 -> true
     | "false"                                -> false
     | NAME "(" [expr ("," expr)*] ")"        -> call
     | NAME                                   -> name
     | "(" expr ")"

COMPARE: "=" | "!=" | "<=" | ">=" | "<" | ">"
PERCENT.3: /\d+(\.\d+)?\s?%/
NUMBER.2: /\d+(\.\d+)?/
UNIT: "minutes" | "minute" | "hours" | "hour" | "days" | "day"
STRING: /"[^"\n]*"/
NAME: /[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_][A-Za-z0-9_-]*)*/
%import common.WS
%ignore WS
"""
# Nearly all cells of a table are one number, which needs no parser.
_PLAIN_NUMBER = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,6})?%?")
_COMPARE = {"=": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_SECONDS = {"minute": 60, "hour": 3_600, "day": 86_400}
_FOREIGN = {
    "==": "write one `=`",
    "&&": "write `and`",
    "||": "write `or`",
    "<>": "write `!=`",
    "!": "write `not`",
    "**": "there is no power; multiply",
    "^": "there is no power; multiply",
    "%": "a percent is written without a blank before a name: `12%`",
    "'": 'text stands in double quotes: "text"',
    "{": "a template stands in a text field, not in an expression",
    "?": "write `if … then … else …`",
    "R$": "write the number alone; the currency is that of the document",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a text is no expression: offsets into the text, a sentence, what to write."""

    start: int
    end: int
    message: str
    hint: str = ""
    code: str = ""
    """A code of its own; else what was done when it was refused says which."""


@cache
def _parser() -> Any:
    from lark import Lark

    return Lark(_GRAMMAR, parser="lalr", propagate_positions=True, maybe_placeholders=False)


def parse(text: str) -> Node | Refusal:
    """The syntax tree of one expression, or why there is none."""
    if _PLAIN_NUMBER.fullmatch(text):
        return _LEAVES["percent" if text[-1] == "%" else "number"]([text], 0, len(text))  # type: ignore[no-any-return]
    if len(text) > MAX_LENGTH:
        return Refusal(0, len(text), f"an expression has at most {MAX_LENGTH} characters")
    if _depth(text) > MAX_DEPTH:
        return Refusal(0, len(text), f"brackets are nested more than {MAX_DEPTH} deep")
    if not text.strip():
        return Refusal(0, len(text), "an expression stands here, and there is none")
    from lark.exceptions import UnexpectedInput

    try:
        tree = _parser().parse(text)
    except UnexpectedInput as problem:
        return _refusal(text, problem)
    if sum(1 for _ in tree.iter_subtrees()) > MAX_NODES:
        return Refusal(0, len(text), f"an expression has at most {MAX_NODES} parts")
    inexact = [r for r in map(_inexact, tree.iter_subtrees()) if r is not None]
    return min(inexact, key=lambda r: r.start) if inexact else _node(tree)


def _inexact(tree: Any) -> Refusal | None:
    """Why a literal is not held exactly: decimals that no result of `*` and `/` has, or digits."""
    if tree.data not in ("number", "percent", "duration"):
        return None
    written = str(tree.children[0])
    number, scale = scaled(Decimal(written.rstrip("% ")))
    most = SCALE - 2 if tree.data == "percent" else SCALE
    start, end = tree.meta.start_pos, tree.meta.start_pos + len(written)
    if scale > most:
        kind = "a percent" if tree.data == "percent" else "a number"
        return Refusal(start, end, f"{kind} has at most {most} decimals, not {scale}")
    if number > MAX_VALUE:
        return Refusal(start, end, f"a number has at most {MAX_DIGITS} digits")
    return None


def _depth(text: str) -> int:
    deepest = depth = 0
    for character in text:
        depth += (character in "([") - (character in ")]")
        deepest = max(deepest, depth)
    return deepest


def _refusal(text: str, problem: Any) -> Refusal:
    start = problem.pos_in_stream
    at_end = getattr(getattr(problem, "token", None), "type", "") == "$END"
    if at_end or start is None or not 0 <= start < len(text):
        return Refusal(
            max(0, len(text.rstrip()) - 1), len(text), "the expression stops too early",
            _what_is_missing(text),
        )  # fmt: skip
    if text[start] == "," and text[start - 1 : start].isdigit():
        hint = f"write {_with_point(text)}"
        return Refusal(start, start + 1, "a comma cannot stand here", hint)
    for sign, hint in _FOREIGN.items():
        at = start if text.startswith(sign, start) else max(0, start - 1)
        if text.startswith(sign, at):
            return Refusal(at, at + len(sign), f"`{sign}` is not part of the language", hint)
    if text[start] in "<>=":
        return Refusal(
            start, start + 1, f"`{text[start]}` cannot stand here", _one_test(text, start)
        )
    word = text[start:].split(maxsplit=1)[0]
    before = text[:start].rstrip()
    hint = ""
    if word.startswith("]") and before.endswith("["):
        hint = "the list after `in` holds one value at least"
    elif word.lower() in ("percent", "pct") and before[-1:].isdigit():
        hint = f"write {before.split()[-1]}%"
    return Refusal(start, start + len(word), f"`{word}` cannot stand here", hint)


def _what_is_missing(text: str) -> str:
    words = text.split()
    if "if" in words and "else" not in words:
        return "an `if` has a `then` and an `else`: `if … then … else …`"
    return "something is missing after this"


def _one_test(text: str, start: int) -> str:
    """Why a second sign of comparison stands there: a blank inside one, or a chain."""
    before = text[:start].rstrip()
    if before[-1:] in ("<", ">", "!"):
        return f"write `{before[-1]}{text[start]}` without a blank"
    return "one comparison at a time: `a < b and b < c`, or `b between a and c`"


def _with_point(text: str) -> str:
    """The number with a decimal comma as it should be written: 1.234,56 becomes 1234.56."""
    written = re.search(r"[\d.]*,\d+%?", text)
    return written[0].replace(".", "").replace(",", ".") if written else "decimals as 1.50"


def _node(tree: Any) -> Node:
    start, end = tree.meta.start_pos, tree.meta.end_pos
    build = _LEAVES.get(tree.data)
    if build is not None:
        leaf: Node = build(tree.children, start, end)
        return leaf
    if tree.data == "call":
        name, *rest = tree.children
        return _call(str(name), tuple(_node(c) for c in rest), start, end)
    if tree.data == "compare":
        left, sign, right = tree.children
        return Apply(_COMPARE[str(sign)], (_node(left), _node(right)), start, end)
    arguments = tuple(_node(c) for c in tree.children)
    if tree.data == "between":
        value, low, high = arguments
        bounds = (
            Apply("ge", (value, low), start, end), Apply("le", (value, high), start, end),
        )  # fmt: skip
        return Apply("and", bounds, start, end)
    if tree.data == "in_":
        value, *options = arguments
        return _any_of([Apply("eq", (value, option), start, end) for option in options])
    return Apply(tree.data.rstrip("_"), arguments, start, end)


def _any_of(tests: list[Node]) -> Node:
    first = tests[0]
    for test in tests[1:]:
        first = Apply("or", (first, test), test.start, test.end)
    return first


def _call(name: str, arguments: tuple[Node, ...], start: int, end: int) -> Node:
    """`date("2026-12-01")` and `datetime("…")` are literals; everything else is a function."""
    if name in ("date", "datetime") and len(arguments) == 1:
        only = arguments[0]
        if isinstance(only, Literal) and isinstance(only.value, str):
            parsed = _moment(name, only.value)
            if parsed is not None:
                return Literal(parsed, DATE if name == "date" else DATETIME, start, end)
    return Apply(name, arguments, start, end)


def _moment(name: str, text: str) -> int | None:
    try:
        if name == "date":
            return (date.fromisoformat(text) - EPOCH.date()).days
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if parsed.tzinfo is None else microseconds(parsed)


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970 in UTC, exactly."""
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _percent(children: list[Any], start: int, end: int) -> Node:
    number, scale = scaled(Decimal(str(children[0]).rstrip("% ")))
    return Literal(decimal(number, scale + 2), PERCENT, start, end)


def _duration(children: list[Any], start: int, end: int) -> Node:
    unit = str(children[1]).rstrip("s")
    return Literal(int(Decimal(str(children[0])) * _SECONDS[unit]), DURATION, start, end)


_LEAVES: dict[str, Any] = {
    "percent": _percent,
    "duration": _duration,
    "number": lambda c, s, e: Literal(Decimal(str(c[0])), BARE, s, e),
    "string": lambda c, s, e: Literal(str(c[0])[1:-1], TEXT, s, e),
    "true": lambda c, s, e: Literal(True, BOOLEAN, s, e),
    "false": lambda c, s, e: Literal(False, BOOLEAN, s, e),
    "name": lambda c, s, e: Name(str(c[0]), s, e),
}
