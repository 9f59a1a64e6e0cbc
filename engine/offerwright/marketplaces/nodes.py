"""The body of a payload as a tree: constants, slots for values, conditions, repetitions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Source:
    """What an `$each` walks over: a list column, or the attribute columns."""

    name: str
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """True when all of `present` have a value (a list: an element) and none of `missing` has."""

    present: tuple[str | Source, ...] = ()
    missing: tuple[str | Source, ...] = ()


@dataclass(frozen=True, slots=True)
class Constant:
    value: str | Decimal | bool | None


@dataclass(frozen=True, slots=True)
class Slot:
    """The first of `names` that is present; `raw` inside a text, else a JSON value."""

    names: tuple[str, ...]
    encoding: str


@dataclass(frozen=True, slots=True)
class Text:
    pieces: tuple[str | Slot, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """`then` if the condition holds; `otherwise` None means left out."""

    condition: Condition
    then: Node
    otherwise: Node | None = None


@dataclass(frozen=True, slots=True)
class Each:
    source: Source
    item: Node


@dataclass(frozen=True, slots=True)
class Array:
    elements: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Object:
    """Members in written order; an `Each` as key and node alike gives many members."""

    members: tuple[tuple[str | None, Node], ...]


Node = Constant | Slot | Text | Choice | Each | Array | Object


def children(node: Node) -> list[Node]:
    """The nodes inside a node, in order."""
    if isinstance(node, Choice):
        return [node.then] if node.otherwise is None else [node.then, node.otherwise]
    if isinstance(node, Each):
        return [node.item]
    if isinstance(node, Array):
        return list(node.elements)
    return [child for _, child in node.members] if isinstance(node, Object) else []


def slots_in(node: Node) -> Iterator[Slot]:
    """Every slot of a node, also those inside texts."""
    if isinstance(node, Slot):
        yield node
    elif isinstance(node, Text):
        yield from (piece for piece in node.pieces if isinstance(piece, Slot))
    else:
        for child in children(node):
            yield from slots_in(child)


def all_present(text: Text) -> Condition:
    """The condition under which a template renders."""
    return Condition(tuple(p.names[0] for p in text.pieces if isinstance(p, Slot)))
