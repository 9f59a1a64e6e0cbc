"""
Rows of offers → groups in which the same columns have a value.

An offer whose content is withheld lacks all of it: few patterns of what is missing make up a whole
catalogue. Inside a group nothing is left out of some rows only, and a body is one template.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from offerwright.marketplaces.compiled import CompiledPayload
from offerwright.marketplaces.nodes import Slot
from offerwright.marketplaces.pieces import Choose, Join, Piece, Repeat
from offerwright.marketplaces.texts import ATTRIBUTE, Texts

# So many different masks make at most eight groups; a column with a mask of its own stays mixed.
MASKS = 3


def groups(payload: CompiledPayload, texts: Texts) -> list[pl.Series]:
    """Positions, each once and rising within a group; one group of all if nothing is to be won."""
    shared = _shared(_mask(texts, name) for name in sorted(columns_of(payload, texts)))
    pattern = np.zeros(len(texts.offers), dtype=np.uint8)
    for at, mask in enumerate(shared):
        pattern |= mask.astype(np.uint8) << at
    found = (np.flatnonzero(pattern == number) for number in range(1 << len(shared)))
    return [pl.Series(rows, dtype=pl.UInt32) for rows in found if len(rows)]


def _mask(texts: Texts, name: str) -> NDArray[np.bool_] | None:
    """Where a column has a value; None where that is the same for all rows."""
    values = texts.values(name)
    if values.null_count() in (0, len(values)):
        return None
    return values.is_not_null().to_numpy()


def _shared(masks: Iterable[NDArray[np.bool_] | None]) -> list[NDArray[np.bool_]]:
    """The masks of the most columns."""
    found: list[tuple[int, NDArray[np.bool_]]] = []
    for mask in masks:
        if mask is None:
            continue
        at = next((i for i, (_, held) in enumerate(found) if np.array_equal(held, mask)), None)
        if at is None:
            found.append((1, mask))
        else:
            found[at] = (found[at][0] + 1, mask)
    return [mask for _, mask in sorted(found, key=lambda one: -one[0])[:MASKS]]


def columns_of(payload: CompiledPayload, texts: Texts) -> set[str]:
    """The columns that a payload names, lists among them: its bodies are made of nothing else."""
    conditions = (*payload.requires.present, *payload.requires.missing)
    names = {n for part in payload.parts for n in _names(part.pieces)}
    names |= {name if isinstance(name, str) else name.name for name in conditions}
    if "attributes" in names:
        names |= {ATTRIBUTE + one for one in texts.attributes()}
    return {name for name in names if name in texts.offers.columns}


def _names(pieces: Iterable[Piece]) -> Iterable[str]:
    for piece in pieces:
        if isinstance(piece, Slot):
            yield from piece.names
        elif isinstance(piece, Repeat):
            yield from (piece.source.name, *_names(piece.item))
        elif isinstance(piece, Join):
            yield from (name for item in piece.items for name in _names(item))
        elif isinstance(piece, Choose):
            condition = (*piece.condition.present, *piece.condition.missing)
            yield from (name if isinstance(name, str) else name.name for name in condition)
            yield from _names((*piece.then, *(piece.otherwise or ())))
