"""Result entries → cells of `then`, and the types that the results have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from offerwright.interchange.dmn.draft import Draft
from offerwright.interchange.dmn.express import kept
from offerwright.interchange.dmn.feel import Constant, Feel, Kind, Null
from offerwright.interchange.dmn.kinds import kind_of
from offerwright.interchange.dmn.types import LANGUAGE_TYPE, DmnType
from offerwright.interchange.dmn.vocabulary import Result
from offerwright.interchange.dmn.xml import Element


def result_types(
    results: Sequence[Result], rows: Sequence[Sequence[Feel]], draft: Draft
) -> tuple[DmnType, ...]:
    """The type of every result: as the model says, else as its cells are; `rows` hold the cells.

    Words are kept where every cell is one of them.
    """
    found = []
    for number, result in enumerate(results):
        cells = [row[number] for row in rows if not isinstance(row[number], Null)]
        type_ = result.fact.type
        if type_.kind == "any":
            type_ = replace(type_, kind=_kind(result, cells, draft))
        if type_.words and not all(_is_word(cell, type_.words) for cell in cells):
            type_ = replace(type_, words=())
        found.append(type_)
    return tuple(found)


def _kind(result: Result, cells: Sequence[Feel], draft: Draft) -> Kind:
    kinds = {kind_of(cell, draft.scope) for cell in cells} - {"any"}
    if len(kinds) > 1:
        what = result.component or draft.decision.name
        raise draft.stop(draft.decision.element, f"the results of `{what}` are of several types: "
                         f"{', '.join(sorted(kinds))}", "give the output one type")  # fmt: skip
    return next(iter(kinds), "text" if not cells else "number")


def _is_word(cell: Feel, words: tuple[str, ...]) -> bool:
    return isinstance(cell, Constant) and cell.value in words


def declared(results: Sequence[Result], types: Sequence[DmnType], draft: Draft) -> dict[str, Any]:
    """The `results` of a document; the draft remembers what they are."""
    for result, type_ in zip(results, types, strict=True):
        draft.types[result.fact.name] = type_
    return {
        result.fact.name: (
            {"type": "enum", "of": list(type_.words)}
            if type_.words
            else {"type": LANGUAGE_TYPE[type_.kind]}
        )
        for result, type_ in zip(results, types, strict=True)
    }


def result_cell(node: Feel, type_: DmnType, element: Element, draft: Draft) -> Any:
    """A cell that gives the value of an expression. Raises `Stopped`."""
    if isinstance(node, Constant):
        if isinstance(node.value, Decimal):
            return kept(node.value)
        if node.kind in ("text", "boolean"):
            return node.value
    said = draft.said(node, element)
    return {"expr": said} if type_.kind == "text" else said
