"""
The expression grammar of section 4: text to a tree of tuples.

    ("number", Decimal) ("text", str) ("boolean", bool) ("duration", timedelta) ("name", str)
    ("call", function, [trees]) ("negate", tree) ("arithmetic", op, left, right)
    ("compare", op, left, right) ("between", x, low, high) ("in", x, [trees]) ("is", x, word)
    ("not", tree) ("and", left, right) ("or", left, right) ("if", condition, then, else)

After a dot a `-` belongs to the key, so `stock.sp-1` is one name and a subtraction needs a blank:
`stock.sp - 1`. Without a dot, `cost-1` subtracts.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from oracle.values import SpecError, half_away, percent

Tree = tuple[Any, ...]
Token = tuple[str, str]

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<percent>\d+(?:\.\d+)?\s*%)
    | (?P<number>\d+(?:\.\d+)?)
    | (?P<text>"(?:[^"\\]|\\.)*")
    | (?P<name>[^\W\d]\w*(?:\.\w+(?:-\w+)*)*)
    | (?P<sign><=|>=|!=|[-+*/=<>(),\[\]])
    )""",
    re.VERBOSE,
)
_WORDS = frozenset(
    [
        "and",
        "or",
        "not",
        "if",
        "then",
        "else",
        "in",
        "between",
        "is",
        "present",
        "missing",
        "true",
        "false",
    ]
)
_UNITS = {
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
}
_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")


@lru_cache(maxsize=4096)
def parse(text: str) -> Tree:
    """The tree of one expression. Raises SpecError."""
    reader = _Reader(_tokens(text), text)
    tree = reader.expression()
    if reader.peek() != ("end", ""):
        raise SpecError(f"{text!r}: {reader.peek()[1]!r} is not expected here")
    return tree


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    position = 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise SpecError(f"{text!r}: cannot read {text[position:]!r}")
        kind, written = match.lastgroup, match[match.lastgroup]
        found.append(("word" if kind == "name" and written in _WORDS else kind, written))
        position = match.end()
    return found


class _Reader:
    """A position in a list of tokens; one method per level of precedence, loosest first."""

    def __init__(self, tokens: list[Token], text: str) -> None:
        self.tokens = [*tokens, ("end", ""), ("end", "")]
        self.text = text
        self.at = 0

    def peek(self, ahead: int = 0) -> Token:
        return self.tokens[min(self.at + ahead, len(self.tokens) - 1)]

    def accept(self, *written: str) -> str | None:
        kind, found = self.peek()
        if kind in ("word", "sign") and found in written:
            self.at += 1
            return found
        return None

    def expect(self, written: str) -> None:
        if self.accept(written) is None:
            raise SpecError(f"{self.text!r}: expected {written!r} before {self.peek()[1]!r}")

    def expression(self) -> Tree:
        if not self.accept("if"):
            return self.disjunction()
        condition = self.expression()
        self.expect("then")
        chosen = self.expression()
        self.expect("else")
        return ("if", condition, chosen, self.expression())

    def disjunction(self) -> Tree:
        tree = self.conjunction()
        while self.accept("or"):
            tree = ("or", tree, self.conjunction())
        return tree

    def conjunction(self) -> Tree:
        tree = self.negation()
        while self.accept("and"):
            tree = ("and", tree, self.negation())
        return tree

    def negation(self) -> Tree:
        return ("not", self.negation()) if self.accept("not") else self.comparison()

    def comparison(self) -> Tree:
        left = self.sum()
        if operator := self.accept(*_COMPARISONS):
            return ("compare", operator, left, self.sum())
        if self.accept("between"):
            low = self.sum()
            self.expect("and")
            return ("between", left, low, self.sum())
        if self.accept("in"):
            self.expect("[")
            return ("in", left, self.items("]"))
        if self.accept("is"):
            word = self.accept("present", "missing")
            if word is None:
                raise SpecError(f"{self.text!r}: after `is` stands `present` or `missing`")
            return ("is", left, word)
        return left

    def sum(self) -> Tree:
        tree = self.product()
        while operator := self.accept("+", "-"):
            tree = ("arithmetic", operator, tree, self.product())
        return tree

    def product(self) -> Tree:
        tree = self.signed()
        while operator := self.accept("*", "/"):
            tree = ("arithmetic", operator, tree, self.signed())
        return tree

    def signed(self) -> Tree:
        return ("negate", self.signed()) if self.accept("-") else self.atom()

    def atom(self) -> Tree:
        if self.accept("("):
            tree = self.expression()
            self.expect(")")
            return tree
        if word := self.accept("true", "false"):
            return ("boolean", word == "true")
        kind, written = self.peek()
        self.at += 1
        if kind == "percent":
            return ("number", percent(written))
        if kind == "number":
            return self.number(Decimal(written))
        if kind == "text":
            return ("text", re.sub(r"\\(.)", r"\1", written[1:-1]))
        if kind == "name":
            return ("call", written, self.items(")")) if self.accept("(") else ("name", written)
        raise SpecError(f"{self.text!r}: {written!r} is not expected here")

    def number(self, value: Decimal) -> Tree:
        kind, written = self.peek()
        unit = _UNITS.get(written.removesuffix("s")) if kind == "name" else None
        if unit is None or self.peek(1) == ("sign", "("):
            return ("number", value)
        self.at += 1
        microseconds = half_away(Fraction(value) * (unit // timedelta(microseconds=1)))
        return ("duration", timedelta(microseconds=microseconds))

    def items(self, closing: str) -> list[Tree]:
        found: list[Tree] = []
        if self.accept(closing):
            return found
        while True:
            found.append(self.expression())
            if self.accept(closing):
                return found
            self.expect(",")
