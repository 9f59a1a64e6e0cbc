"""
`readback:` of a payload document → where in the bytes each guarded value stands and how it is
encoded; refused when it could point at the wrong thing.

The encoding is not written a second time: it is that of the slot the pointer leads to. Every
number a body says must be read back, so that nothing leaves unguarded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from offerwright.marketplaces.document import PayloadDocument, ReadSource
from offerwright.marketplaces.names import GUARDED
from offerwright.marketplaces.nodes import Array, Choice, Each, Node, Object, Slot, names_in
from offerwright.source.located import Loaded, Path

Field = Literal["sku", "price", "sale_price", "quantity", "currency"]
FIELDS: tuple[Field, ...] = ("sku", "price", "sale_price", "quantity", "currency")
# The names whose slots a field may be read from.
READS: dict[Field, frozenset[str]] = {
    "sku": frozenset({"sku"}),
    "price": frozenset({"price", "sale_price"}),
    "sale_price": frozenset({"sale_price"}),
    "quantity": frozenset({"quantity", "node_stock"}),
    "currency": frozenset({"currency", "account.currency"}),
}
Report = Callable[[str, str, Path, str], None]


@dataclass(frozen=True, slots=True)
class At:
    """A place in the bytes; `optional` = the payload may leave it out."""

    part: str
    steps: tuple[str | int, ...]
    encoding: str
    optional: bool


@dataclass(frozen=True, slots=True)
class Fixed:
    """A constant, or None: the payload does not say."""

    value: str | Decimal | None = None


@dataclass(frozen=True, slots=True)
class FromContext:
    """The SKU of the operation's address, or the currency of the account."""


Reading = At | Fixed | FromContext


@dataclass(frozen=True, slots=True)
class Readback:
    """Where the five guarded values of a payload come from."""

    sku: Reading
    price: Reading
    sale_price: Reading
    quantity: Reading
    currency: Reading


def link_readback(
    loaded: Loaded[PayloadDocument], bodies: Mapping[str, Node], report: Report
) -> Readback | None:
    """The linked readback, or None when something was reported."""
    mapping = loaded.document.readback
    readings: dict[str, Reading] = {}
    for name in FIELDS:
        path: Path = ("readback", name)
        written = getattr(mapping, name)
        if isinstance(written, str):
            found: Reading | None = _at(name, written, bodies, path, report)
        else:
            found = _source(name, written, path, report)
        if found is not None:
            readings[name] = found
    for said in sorted(_guarded_names(bodies)):
        if isinstance(readings.get(GUARDED[said]), Fixed) and not _covered(said, readings):
            report(
                "READBACK_MISSES",
                f"the payload says `{said}`, but `{GUARDED[said]}` is not read back",
                ("readback", GUARDED[said]),
                f"point at it: {GUARDED[said]}: body#/…",
            )
    return Readback(**readings) if len(readings) == len(FIELDS) else None


def _covered(said: str, readings: Mapping[str, Reading]) -> bool:
    # A price slot that falls back to the sale price says one price, read as `price`.
    return said == "sale_price" and isinstance(readings.get("price"), At)


def _source(field: Field, written: ReadSource, path: Path, report: Report) -> Reading | None:
    if written.absent:
        return Fixed()
    if written.constant is not None:
        return Fixed(written.constant)
    if (field, written.from_) in (("sku", "operation"), ("currency", "account")):
        return FromContext()
    report(
        "READBACK_SOURCE",
        f"`{field}` cannot be read from the {written.from_}",
        path,
        "only the SKU stands in the operation, only the currency in the account",
    )
    return None


def _at(
    field: Field, written: str, bodies: Mapping[str, Node], path: Path, report: Report
) -> At | None:
    part, mark, pointer = written.partition("#")
    if not mark or part not in bodies or (pointer and not pointer.startswith("/")):
        report(
            "READBACK_POINTER",
            f"`{written}` names no place in a part",
            path,
            f"write {next(iter(bodies))}#/price; parts: {', '.join(bodies)}",
        )
        return None
    raw = [s.replace("~1", "/").replace("~0", "~") for s in pointer.split("/")[1:]]
    steps: list[str | int] = []
    nodes, optional = [bodies[part]], False
    for step in raw:
        nodes, left_out = _plain(nodes)
        optional = optional or left_out
        steps.append(int(step) if isinstance(nodes[0], Array) and step.isdigit() else step)
        nodes = [child for node in nodes for child in [_child(node, step)] if child is not None]
        if not nodes:
            report(
                "READBACK_POINTER",
                f"`{written}`: there is no fixed place `{step}`",
                path,
                "a pointer leads through keys and elements that are always there",
            )
            return None
    nodes, left_out = _plain(nodes)
    return _leaf(
        field, written, At(part, tuple(steps), "", optional or left_out), nodes, path, report
    )


def _leaf(
    field: Field, written: str, at: At, nodes: list[Node], path: Path, report: Report
) -> At | None:
    slots = [node for node in nodes if isinstance(node, Slot)]
    wrong = [n for slot in slots for n in slot.names if n not in READS[field]]
    if len(slots) != len(nodes) or wrong:
        what = f"`{wrong[0]}`" if wrong else "no value of the offer"
        report(
            "READBACK_POINTER",
            f"`{written}` holds {what}, not `{field}`",
            path,
            f"point at a slot of {' or '.join(sorted(READS[field]))}",
        )
        return None
    encodings = {slot.encoding for slot in slots}
    if len(encodings) != 1:
        report("READBACK_POINTER", f"`{written}` is encoded in two ways", path, "use one `$as`")
        return None
    return At(at.part, at.steps, encodings.pop(), at.optional)


def _plain(nodes: list[Node]) -> tuple[list[Node], bool]:
    """The nodes under conditions, and whether one of them may be left out."""
    result: list[Node] = []
    optional = False
    for node in nodes:
        if isinstance(node, Choice):
            inner, left_out = _plain([n for n in (node.then, node.otherwise) if n is not None])
            result += inner
            optional = optional or left_out or node.otherwise is None
        else:
            result.append(node)
    return result, optional


def _child(node: Node, step: str) -> Node | None:
    if isinstance(node, Object):
        return next((child for key, child in node.members if key == step), None)
    if not isinstance(node, Array) or not re.fullmatch(r"0|[1-9]\d*", step):
        return None
    index = int(step)
    before = node.elements[:index]
    moves = any(
        isinstance(e, Each) or (isinstance(e, Choice) and e.otherwise is None) for e in before
    )
    if moves or index >= len(node.elements) or isinstance(node.elements[index], Each):
        return None
    return node.elements[index]


def _guarded_names(bodies: Mapping[str, Node]) -> set[str]:
    return {n for node in bodies.values() for n in names_in(node) if n in GUARDED}
