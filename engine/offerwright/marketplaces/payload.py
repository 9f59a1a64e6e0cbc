"""
A payload document → a `CompiledPayload`: per part a flat sequence of constant JSON text and value
slots, and where the guards read its values back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from offerwright.errors import Diagnostic
from offerwright.marketplaces.body import Reader, presence_of
from offerwright.marketplaces.compiled import CompiledPart as CompiledPart
from offerwright.marketplaces.compiled import CompiledPayload as CompiledPayload
from offerwright.marketplaces.contract import Contract
from offerwright.marketplaces.document import PayloadDocument, Presence
from offerwright.marketplaces.names import NAMES
from offerwright.marketplaces.nodes import (
    Array,
    Choice,
    Condition,
    Node,
    Object,
    Slot,
    children,
    slots_in,
)
from offerwright.marketplaces.pieces import flatten, merged
from offerwright.marketplaces.pointer import link_readback
from offerwright.source.located import Loaded


def compile_payload(
    loaded: Loaded[PayloadDocument], marketplace: str, contracts: Mapping[str, Contract]
) -> tuple[CompiledPayload | None, list[Diagnostic]]:
    """The payload of one document, or None, and what is wrong with it.

    `contracts` are the marketplace's schemas by file name; each part must name one of them.
    """
    document = loaded.document
    reader = Reader(loaded.located, frozenset([*document.needs, *document.optional]))
    bodies = {n: reader.node(data, ("parts", n)) for n, data in document.parts.items()}
    readback = link_readback(loaded, bodies, reader.report)
    for name in document.parts:
        if contracts.get(document.contract.get(name, "")) is None:
            message = f"the part `{name}` has no contract schema"
            hint = "write {body: price.schema.json} and add contract/price.schema.json"
            reader.report("NO_CONTRACT", message, ("contract",), hint)
    if reader.found or readback is None:
        return None, reader.found
    compiled = CompiledPayload(
        marketplace=marketplace,
        name=document.name,
        aspect=document.aspect,
        action=document.action,
        covers=tuple(dict.fromkeys((document.aspect, *document.covers))),
        requires=_requires(document.when, bodies),
        only_if=dict(document.only_if),
        needs=tuple(document.needs),
        optional=tuple(document.optional),
        parts=tuple(_part(name, node, document, contracts) for name, node in bodies.items()),
        readback=readback,
        attributes=_attributes(bodies),
        revision="",
    )
    return replace(compiled, revision=_revision(compiled)), []


def _attributes(bodies: Mapping[str, Node]) -> frozenset[str]:
    names = (n for node in bodies.values() for slot in slots_in(node) for n in slot.names)
    return frozenset(n.removeprefix("attribute.") for n in names if n.startswith("attribute."))


def _part(
    name: str, node: Node, document: PayloadDocument, contracts: Mapping[str, Contract]
) -> CompiledPart:
    return CompiledPart(
        name=name,
        pieces=tuple(merged(flatten(node, top=True))),
        optional=isinstance(node, Choice) and node.otherwise is None,
        contract=contracts[document.contract[name]],
    )


def _requires(when: Presence | None, bodies: Mapping[str, Node]) -> Condition:
    """What `when` says, and every number that a body always writes: a missing price is no null."""
    sides = [[], []] if when is None else [_listed(when.present), _listed(when.missing)]
    numbers = [n for node in bodies.values() for n in _always(node) if NAMES.get(n) in NUMBERS]
    present = dict.fromkeys([*sides[0], *numbers])
    return Condition(tuple(map(presence_of, present)), tuple(map(presence_of, sides[1])))


NUMBERS = ("money", "integer")


def _listed(words: str | list[str]) -> list[str]:
    return [words] if isinstance(words, str) else words


def _always(node: Node) -> list[str]:
    """The names without which some slot that is always written has no value."""
    if isinstance(node, Slot):
        return [node.names[-1]]
    if isinstance(node, Choice):
        other = [] if node.otherwise is None else _always(node.otherwise)
        return [name for name in _always(node.then) if name in other]
    if isinstance(node, Array | Object):
        return [name for child in children(node) for name in _always(child)]
    return []


def _revision(compiled: CompiledPayload) -> str:
    # A set has another order in every process.
    tiers = compiled.readback.tiers
    sets = [compiled.attributes, frozenset() if tiers is None else tiers.unless]
    without = None if tiers is None else replace(tiers, unless=frozenset())
    readback = replace(compiled.readback, tiers=without)
    ordered = replace(compiled, parts=(), attributes=frozenset(), readback=readback)
    meaning = repr((ordered, *map(sorted, sets)))
    meaning += "".join(repr((p.name, p.pieces)) for p in compiled.parts)
    return hashlib.sha256(meaning.encode()).hexdigest()[:16]
