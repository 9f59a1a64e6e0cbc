"""Walks over FEEL trees: their parts, the same form with other parts, how large one may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from offerwright.interchange.dmn.feel import (
    Among,
    At,
    Binary,
    Call,
    Compared,
    Feel,
    Holds,
    If,
    Interval,
    Negative,
    Ref,
    UnaryTest,
)
from offerwright.interchange.dmn.feel_text import FeelRefused

MAX_PARTS = 2_000
MAX_LEVELS = 120


def parts_of(node: Feel) -> tuple[Feel, ...]:
    """The expressions directly inside an expression."""
    if isinstance(node, Binary):
        return node.left, node.right
    if isinstance(node, Negative):
        return (node.operand,)
    if isinstance(node, If):
        return node.condition, node.yes, node.no
    if isinstance(node, Call):
        return node.arguments
    if isinstance(node, Among):
        return (node.value, *(e for test in node.tests for e in test_parts(test)))
    return ()


def test_parts(test: UnaryTest) -> tuple[Feel, ...]:
    if isinstance(test, Compared):
        return (test.value,)
    return (test.low, test.high) if isinstance(test, Interval) else (test.condition,)


def reads_input(node: Feel) -> bool:
    """Whether `?` stands somewhere in an expression."""
    if isinstance(node, Ref):
        return node.names[0] == "?"
    return any(reads_input(part) for part in parts_of(node))


def with_parts(node: Feel, change: Callable[[Feel], Feel], at: At | None = None) -> Feel:
    """The same form with each expression directly inside it changed; with `at`, in that place."""
    here = at or node.at
    if isinstance(node, Binary):
        return replace(node, left=change(node.left), right=change(node.right), at=here)
    if isinstance(node, Negative):
        return replace(node, operand=change(node.operand), at=here)
    if isinstance(node, If):
        return If(change(node.condition), change(node.yes), change(node.no), here)
    if isinstance(node, Call):
        return replace(node, arguments=tuple(map(change, node.arguments)), at=here)
    if isinstance(node, Among):
        tests = tuple(_with_test_parts(test, change, at) for test in node.tests)
        return Among(change(node.value), tests, here)
    return replace(node, at=here)


def _with_test_parts(test: UnaryTest, change: Callable[[Feel], Feel], at: At | None) -> UnaryTest:
    here = at or test.at
    if isinstance(test, Compared):
        return replace(test, value=change(test.value), at=here)
    if isinstance(test, Interval):
        return replace(test, low=change(test.low), high=change(test.high), at=here)
    return Holds(change(test.condition), here)


def bounded(node: Feel) -> Feel:
    """
    The tree, if all that follows can walk it: what stands for names may stand there many times.

    Raises `FeelRefused` where it has too many parts, or is too deep.
    """
    waiting, count = [(node, 0)], 0
    while waiting:
        part, level = waiting.pop()
        count += 1
        if count > MAX_PARTS or level > MAX_LEVELS:
            much = f"has more than {MAX_PARTS:,} parts" if count > MAX_PARTS else "is too deep"
            raise FeelRefused(node.at, f"with all that it names, this expression {much}",
                              "keep parts of it as decisions of their own",
                              "FEEL_UNSUPPORTED")  # fmt: skip
        waiting += [(below, level + 1) for below in parts_of(part)]
    return node
