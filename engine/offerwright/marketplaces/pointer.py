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
from offerwright.marketplaces.nodes import Array, Choice, Each, Node, Object, Slot, slots_in
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
    reached: set[Slot] = set()
    for name in FIELDS:
        path: Path = ("readback", name)
        written = getattr(mapping, name)
        if isinstance(written, str):
            found = _at(name, written, bodies, path, report)
            if found is not None:
                readings[name] = found[0]
                reached |= found[1]
        else:
            source = _source(name, written, path, report)
            if source is not None:
                readings[name] = source
    if len(readings) < len(FIELDS):
        return None
    for said in _unread(bodies, reached):
        field = GUARDED[said]
        message = f"the payload says `{said}` in a place that `readback` does not know"
        report("READBACK_MISSES", message, ("readback", field), f"point at it: {field}: body#/…")
    return Readback(**readings)


def _unread(bodies: Mapping[str, Node], reached: set[Slot]) -> list[str]:
    """Guarded names that some slot writes and no pointer leads to. Yes-or-no slots do not count."""
    slots = {slot for node in bodies.values() for slot in slots_in(node)}
    return sorted(
        slot.names[0]
        for slot in slots - reached
        if slot.names[0] in GUARDED and slot.encoding != "boolean"
    )


def _source(field: Field, written: ReadSource, path: Path, report: Report) -> Reading | None:
    if written.absent:
        return Fixed()
    if written.constant is not None:
        if isinstance(written.constant, str) == (field in ("sku", "currency")):
            return Fixed(written.constant)
        report(
            "READBACK_SOURCE",
            f"`{field}` cannot be `{written.constant}`",
            path,
            "SKU and currency are texts, the others numbers",
        )
        return None
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
) -> tuple[At, set[Slot]] | None:
    """The place a pointer names, and the slots that write it."""
    part, mark, pointer = written.partition("#")
    if not mark or part not in bodies or (pointer and not pointer.startswith("/")):
        hint = f"write {next(iter(bodies))}#/price; parts: {', '.join(bodies)}"
        report("READBACK_POINTER", f"`{written}` names no place in a part", path, hint)
        return None
    steps: list[str | int] = []
    nodes, optional = _plain([bodies[part]])
    for step in (s.replace("~1", "/").replace("~0", "~") for s in pointer.split("/")[1:]):
        steps.append(int(step) if isinstance(nodes[0], Array) and step.isdigit() else step)
        found = [child for node in nodes for child in [_child(node, step)] if child is not None]
        if not found:
            hint = "a pointer leads through keys and elements that are always there"
            report("READBACK_POINTER", f"`{written}`: there is no fixed place `{step}`", path, hint)
            return None
        optional = optional or len(found) < len(nodes)
        nodes, left_out = _plain(found)
        optional = optional or left_out
    slots = {node for node in nodes if isinstance(node, Slot)}
    if _is_wrong(field, written, nodes, path, report):
        return None
    return At(part, tuple(steps), next(iter(slots)).encoding, optional), slots


def _is_wrong(field: Field, written: str, nodes: list[Node], path: Path, report: Report) -> bool:
    """Whether the nodes a pointer leads to are no value of this field; reported if so."""
    slots = [node for node in nodes if isinstance(node, Slot)]
    others = [name for slot in slots for name in slot.names if name not in READS[field]]
    encodings = {slot.encoding for slot in slots}
    if len(slots) != len(nodes) or others:
        what = f"`{others[0]}`" if others else "no value of the offer"
        hint = f"point at a slot of {' or '.join(sorted(READS[field]))}"
        report("READBACK_POINTER", f"`{written}` holds {what}, not `{field}`", path, hint)
    elif encodings & {"boolean", "date"}:
        report("READBACK_POINTER", f"`{written}` says only yes or no", path, "point at the number")
    elif len(encodings) != 1:
        report("READBACK_POINTER", f"`{written}` is encoded in two ways", path, "use one `$as`")
    else:
        return False
    return True


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
