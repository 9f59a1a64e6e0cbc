"""
A body's tree → a flat sequence of constant JSON text and value slots.

Only an item of a `Join` and a whole part may be left out; everywhere else a missing value is
written as `null`, so that no key ever disappears unless the document says `$optional` or `$when`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from offerwright.marketplaces import nodes
from offerwright.marketplaces.nodes import Condition, Slot, Source

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Choose:
    """`then` if the condition holds, else `otherwise`; None = the item is left out."""

    condition: Condition
    then: tuple[Piece, ...]
    otherwise: tuple[Piece, ...] | None


@dataclass(frozen=True, slots=True)
class Repeat:
    """One piece of text per element of the source, comma between; left out when there is none."""

    source: Source
    item: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Join:
    """Items with a comma between those that are there."""

    items: tuple[tuple[Piece, ...], ...]


Piece = str | Slot | Choose | Repeat | Join


def flatten(node: nodes.Node, top: bool = False) -> Iterator[Piece]:
    """The pieces of a node. `top`: it may be left out, else a condition that fails gives null."""
    if isinstance(node, nodes.Constant):
        yield json_text(node.value)
    elif isinstance(node, Slot):
        yield node
    elif isinstance(node, nodes.Text):
        yield from _text_pieces(node)
    elif isinstance(node, nodes.Each):
        yield from ("[", _repeat(node), "]")
    elif isinstance(node, nodes.Choice):
        yield _choose(node, "", top)
    elif isinstance(node, nodes.Array):
        yield from _enclosed("[", [("", e) for e in node.elements], "]")
    else:
        members = [("" if key is None else f"{json_text(key)}:", n) for key, n in node.members]
        yield from _enclosed("{", members, "}")


def json_text(value: str | Decimal | bool | None) -> str:
    """The JSON text of a constant; decimals as they were written, never with an exponent."""
    return f"{value:f}" if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


def escaped(text: str) -> str:
    """Text as it stands inside a JSON string."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def merged(pieces: Iterable[str | T]) -> list[str | T]:
    """Neighbouring constants as one; empty ones are gone."""
    result: list[str | T] = []
    for piece in pieces:
        last = result[-1] if result else None
        if isinstance(piece, str) and isinstance(last, str):
            result[-1] = last + piece
        else:
            result.append(piece)
    return result


def _text_pieces(node: nodes.Text) -> Iterator[Piece]:
    inner = (p if isinstance(p, Slot) else escaped(p) for p in node.pieces)
    pieces = tuple(merged(iter(('"', *inner, '"'))))
    condition = nodes.all_present(node)
    if condition.present:
        yield Choose(condition, pieces, ("null",))
    else:
        yield from pieces


def _repeat(node: nodes.Each, named: bool = False) -> Repeat:
    """The elements; `named`: members of an object, whose keys are the attributes' ids."""
    before: list[Piece] = ['"', Slot(("key",), "raw"), '":'] if named else []
    return Repeat(node.source, tuple(merged([*before, *flatten(node.item)])))


def _choose(node: nodes.Choice, before: str, top: bool) -> Choose:
    """A condition; nested conditions without an `$else` are one."""
    condition, then = node.condition, node.then
    while node.otherwise is None and isinstance(then, nodes.Choice) and then.otherwise is None:
        condition = Condition(
            condition.present + then.condition.present, condition.missing + then.condition.missing
        )
        then = then.then
    pieces = _run(before, then)
    if node.otherwise is not None:
        return Choose(condition, pieces, _run(before, node.otherwise))
    return Choose(condition, pieces, None if top else (f"{before}null",))


def _run(before: str, node: nodes.Node) -> tuple[Piece, ...]:
    pieces: list[Piece] = [before, *flatten(node)]
    return tuple(merged(pieces))


def _enclosed(opening: str, items: list[tuple[str, nodes.Node]], closing: str) -> Iterator[Piece]:
    """The items between brackets: flat when all are always there, else joined."""
    runs: list[list[Piece]] = []
    sure = False
    for before, node in items:
        always = False
        if isinstance(node, nodes.Each) and not before:
            pieces: list[Piece] = [_repeat(node, named=opening == "{")]
        elif isinstance(node, nodes.Choice) and node.otherwise is None:
            pieces = [_choose(node, before, top=True)]
        else:
            pieces, always = [before, *flatten(node)], True
        if always and sure:
            runs[-1] += [",", *pieces]
        else:
            runs.append(pieces)
        sure = always
    yield opening
    if len(runs) == 1 and sure:
        yield from runs[0]
    elif runs:
        yield Join(tuple(tuple(merged(iter(run))) for run in runs))
    yield closing
