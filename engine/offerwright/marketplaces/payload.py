"""
A payload document → a `CompiledPayload`: per part a flat sequence of constant JSON text and value
slots, and where the guards read its values back.

Only an item of a `Join` and a whole part may be left out; everywhere else a missing value is
written as `null`, so that no key ever disappears unless the document says `$optional` or `$when`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from offerwright.errors import Diagnostic
from offerwright.frames import Aspect
from offerwright.marketplaces import body as tree
from offerwright.marketplaces.body import Condition, Slot, Source
from offerwright.marketplaces.contract import Contract
from offerwright.marketplaces.document import PayloadDocument, Presence
from offerwright.marketplaces.names import NAMES
from offerwright.marketplaces.operation import Action
from offerwright.marketplaces.pointer import Readback, link_readback
from offerwright.source.located import Loaded


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


@dataclass(frozen=True, slots=True)
class CompiledPart:
    """One body: its pieces in order, and the contract its bytes must keep."""

    name: str
    pieces: tuple[Piece, ...]
    contract: Contract = field(compare=False)


@dataclass(frozen=True, slots=True)
class CompiledPayload:
    """A payload ready to be rendered, read back and checked.

    `covers` holds its own aspect too. `requires`: values without which an offer has no such
    payload. `only_if`: settings an account must have. `needs`: settings the bodies use.
    `attributes`: attribute ids it names. `revision` changes exactly when the meaning does.
    """

    marketplace: str
    name: str
    aspect: Aspect
    action: Action
    covers: tuple[Aspect, ...]
    requires: Condition
    only_if: Mapping[str, str]
    needs: tuple[str, ...]
    parts: tuple[CompiledPart, ...]
    readback: Readback
    attributes: frozenset[str]
    revision: str


def compile_payload(
    loaded: Loaded[PayloadDocument], marketplace: str, contracts: Mapping[str, Contract]
) -> tuple[CompiledPayload | None, list[Diagnostic]]:
    """The payload of one document, or None, and what is wrong with it.

    `contracts` are the marketplace's schemas by file name; each part must name one of them.
    """
    document, located = loaded.document, loaded.located
    reader = tree.Reader(located, frozenset(document.needs))
    bodies = {n: reader.node(data, ("parts", n)) for n, data in document.parts.items()}
    readback = link_readback(loaded, bodies, reader.report)
    for name in document.parts:
        if contracts.get(document.contract.get(name, "")) is None:
            reader.report("NO_CONTRACT", f"the part `{name}` has no contract schema", ("contract",),
                          "write {body: price.schema.json} and add contract/price.schema.json")  # fmt: skip
    if reader.found or readback is None:
        return None, reader.found
    parts = tuple(
        CompiledPart(
            name, tuple(merged(flatten(node, top=True))), contracts[document.contract[name]]
        )
        for name, node in bodies.items()
    )
    compiled = CompiledPayload(
        marketplace=marketplace,
        name=document.name,
        aspect=document.aspect,
        action=document.action,
        covers=tuple(dict.fromkeys((document.aspect, *document.covers))),
        requires=_requires(document.when, bodies),
        only_if=dict(document.only_if),
        needs=tuple(document.needs),
        parts=parts,
        readback=readback,
        attributes=frozenset(
            n.removeprefix("attribute.")
            for node in bodies.values() for n in names_in(node) if n.startswith("attribute.")
        ),
        revision="",
    )  # fmt: skip
    return _with_revision(compiled), []


def flatten(node: tree.Node, top: bool = False) -> Iterator[Piece]:
    """The pieces of a node. `top`: it may be left out, else a condition that fails gives null."""
    if isinstance(node, tree.Constant):
        yield json_text(node.value)
    elif isinstance(node, Slot):
        yield node
    elif isinstance(node, tree.Text):
        yield from _text_pieces(node)
    elif isinstance(node, tree.Each):
        yield from ("[", Join((tuple(_repeat(node)),)), "]")
    elif isinstance(node, tree.Choice):
        yield _choose(node, "", top)
    elif isinstance(node, tree.Array):
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


def merged(pieces: Iterator[Piece]) -> list[Piece]:
    """Neighbouring constants as one."""
    result: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and result and isinstance(result[-1], str):
            result[-1] += piece
        else:
            result.append(piece)
    return result


def names_in(node: tree.Node) -> Iterator[str]:
    """Every name a node uses, conditions left aside."""
    if isinstance(node, Slot):
        yield from node.names
    elif isinstance(node, tree.Text):
        yield from (n for piece in node.pieces if isinstance(piece, Slot) for n in piece.names)
    else:
        for child in children(node):
            yield from names_in(child)


def children(node: tree.Node) -> list[tree.Node]:
    if isinstance(node, tree.Choice):
        return [node.then] if node.otherwise is None else [node.then, node.otherwise]
    if isinstance(node, tree.Each):
        return [node.item]
    if isinstance(node, tree.Array):
        return list(node.elements)
    return [child for _, child in node.members] if isinstance(node, tree.Object) else []


def _text_pieces(node: tree.Text) -> Iterator[Piece]:
    inner = (p if isinstance(p, Slot) else escaped(p) for p in node.pieces)
    pieces = tuple(merged(iter(('"', *inner, '"'))))
    condition = tree.all_present(node)
    if condition.present:
        yield Choose(condition, pieces, ("null",))
    else:
        yield from pieces


def _repeat(node: tree.Each) -> Iterator[Piece]:
    yield Repeat(node.source, tuple(merged(flatten(node.item))))


def _choose(node: tree.Choice, before: str, top: bool) -> Choose:
    """A condition; nested conditions without an `$else` are one."""
    condition, then = node.condition, node.then
    while node.otherwise is None and isinstance(then, tree.Choice) and then.otherwise is None:
        condition = Condition(
            condition.present + then.condition.present, condition.missing + then.condition.missing
        )
        then = then.then
    pieces = tuple(merged(iter((before, *flatten(then)))))
    if node.otherwise is not None:
        return Choose(condition, pieces, tuple(merged(iter((before, *flatten(node.otherwise))))))
    return Choose(condition, pieces, None if top else (f"{before}null",))


def _enclosed(opening: str, items: list[tuple[str, tree.Node]], closing: str) -> Iterator[Piece]:
    """The items between brackets: flat when all are always there, else joined."""
    runs: list[list[Piece]] = []
    sure = False
    for before, node in items:
        if isinstance(node, tree.Each) and (before or opening == "{"):
            pieces: list[Piece] = [*_member_each(before, node)]
            always = bool(before)
        elif isinstance(node, tree.Each):
            pieces, always = [*_repeat(node)], False
        elif isinstance(node, tree.Choice) and node.otherwise is None:
            pieces, always = [_choose(node, before, top=True)], False
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


def _member_each(before: str, node: tree.Each) -> Iterator[Piece]:
    """`key: [elements]`, or with no key the members that the attributes name themselves."""
    if before:
        yield from (before, *flatten(node))
    else:
        yield Repeat(node.source, ('"', Slot(("key",), "raw"), '":', *flatten(node.item)))


def _requires(when: Presence | None, bodies: Mapping[str, tree.Node]) -> Condition:
    """What `when` says, and every number that a body always writes: a missing price is no null."""
    sides = [[], []] if when is None else [_listed(when.present), _listed(when.missing)]
    numbers = [n for node in bodies.values() for n in _always(node) if NAMES.get(n) in NUMBERS]
    present = dict.fromkeys([*sides[0], *numbers])
    return Condition(tuple(map(tree.presence_of, present)), tuple(map(tree.presence_of, sides[1])))


NUMBERS = ("money", "integer")


def _listed(words: str | list[str]) -> list[str]:
    return [words] if isinstance(words, str) else words


def _always(node: tree.Node) -> Iterator[str]:
    """The names that must be present for every slot outside conditions to have a value."""
    if isinstance(node, Slot):
        yield node.names[-1]
    elif isinstance(node, tree.Array | tree.Object):
        for child in children(node):
            yield from _always(child)


def _with_revision(compiled: CompiledPayload) -> CompiledPayload:
    from dataclasses import replace

    meaning = repr(replace(compiled, parts=()))
    meaning += "".join(repr((p.name, p.pieces)) for p in compiled.parts)
    return replace(compiled, revision=hashlib.sha256(meaning.encode()).hexdigest()[:16])
