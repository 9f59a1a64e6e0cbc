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
from typing import TYPE_CHECKING, Literal

from offerwright.marketplaces.names import GUARDED
from offerwright.marketplaces.nodes import Array, Choice, Each, Node, Object, Slot, slots_in

if TYPE_CHECKING:
    from offerwright.marketplaces.document import PayloadDocument, ReadSource
    from offerwright.source.located import Loaded, Path

    Report = Callable[[str, str, Path, str], None]

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
class TiersAt:
    """
    The list with the quantity tiers, and where in a tier its two numbers stand.

    The first `skip` elements are others; so are those that have one of the keys `unless`.
    """

    part: str
    steps: tuple[str | int, ...]
    skip: int
    unless: frozenset[str]
    quantity: At
    price: At


@dataclass(frozen=True, slots=True)
class Readback:
    """Where the guarded values of a payload come from."""

    sku: Reading
    price: Reading
    sale_price: Reading
    quantity: Reading
    currency: Reading
    tiers: TiersAt | None = None


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
    tiers = None
    if mapping.tiers is not None:
        tiers = _tiers_at(mapping.tiers, bodies, report)
        reached |= set() if tiers is None else _tier_slots(bodies[tiers.part])
    if len(readings) < len(FIELDS) or (tiers is None) != (mapping.tiers is None):
        return None
    for said in _unread(bodies, reached):
        field = GUARDED[said]
        message = f"the payload says `{said}` in a place that `readback` does not know"
        report("READBACK_MISSES", message, ("readback", field), f"point at it: {field}: body#/…")
    return Readback(**readings, tiers=tiers)


def _tiers_at(written: str, bodies: Mapping[str, Node], report: Report) -> TiersAt | None:
    """The list a pointer names: it ends with an `$each: tiers` of maps with both numbers."""
    path: Path = ("readback", "tiers")
    part, _, pointer = written.partition("#")
    node: Node | None = bodies.get(part)
    steps = tuple(pointer.split("/")[1:])
    for step in steps:
        node = None if node is None else _child(_alone(node), step)
    array = None if node is None else _alone(node)
    last = array.elements[-1] if isinstance(array, Array) and array.elements else None
    if not (isinstance(array, Array) and isinstance(last, Each) and last.source.name == "tiers"):
        hint = "point at the list that ends with `{$each: tiers, $item: …}`: body#/prices"
        report("READBACK_POINTER", f"`{written}` leads to no list of tiers", path, hint)
        return None
    places = {name: _tier_place(last.item, name) for name in ("tier_quantity", "tier_price")}
    quantity, price = places["tier_quantity"], places["tier_price"]
    before = [(_alone(e), isinstance(e, Choice) and e.otherwise is None)
              for e in array.elements[:-1]]  # fmt: skip
    always = sum(not optional for _, optional in before)
    own = [_own_keys(node, last) for node, optional in before if optional]
    unless = frozenset(key for keys in own for key in keys)
    told = all(own) and not any(optional for _, optional in before[:always])
    if quantity is None or price is None or not told:
        hint = (
            "a tier is a map with `tier_quantity` and `tier_price`; what may be left out stands "
            "between the others and the tiers, with a key that no tier has"
        )
        report("READBACK_POINTER", f"the tiers of `{written}` cannot be told apart", path, hint)
        return None
    return TiersAt(part, steps, always, unless, quantity, price)


def _alone(node: Node) -> Node:
    """The node under conditions without an `$else`."""
    while isinstance(node, Choice) and node.otherwise is None:
        node = node.then
    return node


def _own_keys(node: Node, tiers: Each) -> list[str]:
    """The keys that an element always has, and no tier."""
    if not isinstance(node, Object) or not isinstance(tiers.item, Object):
        return []
    of_tier = {key for key, _ in tiers.item.members}
    return [key for key, inner in node.members
            if key and key not in of_tier and not isinstance(inner, Choice)]  # fmt: skip


def _tier_place(item: Node, name: str) -> At | None:
    if not isinstance(item, Object):
        return None
    for key, inner in item.members:
        if key is not None and isinstance(inner, Slot) and inner.names == (name,):
            return At("", (key,), inner.encoding, False)
    return None


def _tier_slots(node: Node) -> set[Slot]:
    return {slot for slot in slots_in(node) if GUARDED.get(slot.names[0]) == "tiers"}


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


HAS_KEY = re.compile(r"\[([^=\]]+)\]")
"""`[dateRange]`: the element of a list that has this key."""


def _with_key(node: Array, key: str) -> Node | None:
    """The one element that has a key; None where another one might have it, or is no map."""
    plain = [(element, _alone(element)) for element in node.elements]
    items = [inner.item if isinstance(inner, Each) else inner for _, inner in plain]
    if not all(isinstance(item, Object) for item in items):
        return None
    having = [
        element
        for (element, _), item in zip(plain, items, strict=True)
        if isinstance(item, Object) and key in [k for k, _ in item.members]
    ]
    return having[0] if len(having) == 1 and not isinstance(having[0], Each) else None


def _child(node: Node, step: str) -> Node | None:
    if isinstance(node, Object):
        return next((child for key, child in node.members if key == step), None)
    has_key = HAS_KEY.fullmatch(step)
    if isinstance(node, Array) and has_key:
        return _with_key(node, has_key[1])
    if not isinstance(node, Array) or not re.fullmatch(r"0|[1-9]\d*", step):
        return None
    index = int(step)
    before = node.elements[:index]
    moves = any(
        isinstance(e, Each) or (isinstance(e, Choice) and e.otherwise is None) for e in before
    )
    if moves or index >= len(node.elements) or isinstance(node.elements[index], Each):
        return None
    found = node.elements[index]
    optional = isinstance(found, Choice) and found.otherwise is None
    # Where it is left out, the element after it stands in its place.
    return None if optional and index + 1 < len(node.elements) else found
