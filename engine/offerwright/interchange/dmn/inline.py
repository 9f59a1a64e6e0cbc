"""Calls of knowledge → its logic, with the values in the places of its parameters."""

from __future__ import annotations

from functools import lru_cache

from offerwright.interchange.dmn.feel import (
    At,
    Call,
    Feel,
)
from offerwright.interchange.dmn.feel_parse import parse_expression
from offerwright.interchange.dmn.feel_text import FeelRefused, Names
from offerwright.interchange.dmn.model import Knowledge, Text
from offerwright.interchange.dmn.simplify import substituted
from offerwright.interchange.dmn.tree import bounded, with_parts
from offerwright.interchange.dmn.vocabulary import Vocabulary

MAX_LEVELS = 8


def inlined(node: Feel, vocabulary: Vocabulary, level: int = 0) -> Feel:
    """The tree without calls of knowledge. Raises `FeelRefused` at the call."""
    inner = with_parts(node, lambda part: inlined(part, vocabulary, level))
    known = vocabulary.knowledge.get(inner.name) if isinstance(inner, Call) else None
    return _body(inner, known, vocabulary, level) if isinstance(inner, Call) and known else inner


def _body(call: Call, known: Knowledge, vocabulary: Vocabulary, level: int) -> Feel:
    if level > MAX_LEVELS:
        raise FeelRefused(call.at, f"`{known.name}` calls itself, or is called too deep",
                          code="FEEL_UNSUPPORTED")  # fmt: skip
    if not isinstance(known.logic, Text):
        raise FeelRefused(
            call.at, f"`{known.name}` is a table, and a table cannot stand in an expression",
            "call it in an invocation of its own", "FEEL_UNSUPPORTED",
        )  # fmt: skip
    values = bound(call, known)
    try:
        body = _parsed(known.logic.text, vocabulary.names(*known.parameters))
    except FeelRefused as refused:
        message = f"in the knowledge `{known.name}`: {refused.message}"
        raise FeelRefused(call.at, message, refused.hint, refused.code) from None
    body = bounded(substituted(body, values, call.at))
    return bounded(inlined(body, vocabulary, level + 1))


@lru_cache(maxsize=128)
def _parsed(text: str, names: Names) -> Feel:
    """Kept, since knowledge is called many times."""
    return parse_expression(text, names)


def bound(call: Call, known: Knowledge) -> dict[str, Feel]:
    """The value of every parameter of a call, by position or by name."""
    names = call.names or known.parameters
    if len(call.arguments) != len(known.parameters) or set(names) != set(known.parameters):
        wanted = ", ".join(known.parameters)
        raise FeelRefused(At(call.at.start, call.at.end), f"`{known.name}` takes {wanted}",
                          code="FEEL_SYNTAX")  # fmt: skip
    return dict(zip(names, call.arguments, strict=True))
