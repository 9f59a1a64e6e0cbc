"""Some rows of a snapshot as blocks to be planned, each with its kin, read when asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from offerwright.evaluate.partitions import PART_ROWS, Block, Partitions, gathered
from offerwright.incremental.memory import Mask, Places


@dataclass(frozen=True)
class Chosen:
    """
    Blocks of rows, in the order of the snapshot: whole parts, by their number, or single rows.

    `families` is by row of the snapshot the number of what it shares stock with, −1 for nothing.
    """

    parts: Partitions
    families: Places
    blocks: tuple[int | Places, ...]

    def __len__(self) -> int:
        return len(self.blocks)

    def __iter__(self) -> Iterator[Block]:
        return (self.block(number) for number in range(len(self)))

    def rows(self, number: int) -> Places:
        """The places of a block's own rows in the snapshot."""
        one = self.blocks[number]
        if not isinstance(one, int):
            return one
        part = self.parts.parts[one]
        return np.arange(part.start, part.stop)

    def block(self, number: int) -> Block:
        """One block, read."""
        one = self.blocks[number]
        if isinstance(one, int):
            return self.parts.block(one)
        frame = gathered(self.parts.source, one)
        kin = _kin(one, self.families)
        if len(kin):
            frame = pl.concat([frame, gathered(self.parts.source, kin)])
        return Block(int(one[0]), len(one), frame, number)


def _kin(rows: Places, families: Places) -> Places:
    """All that shares stock with these rows, without them, ascending."""
    own = families[rows]
    own = own[own >= 0]
    if not len(own):
        return rows[:0]
    touched = np.zeros(int(families.max()) + 1, dtype=bool)
    touched[own] = True
    kin = (families >= 0) & touched[families]
    kin[rows] = False
    return np.flatnonzero(kin)


def rounded(mask: Mask, parts: Partitions) -> Mask:
    """With all rows of a part of which more than half are there: it is read whole."""
    mask = mask.copy()
    for part in parts.parts:
        here = mask[part.start : part.stop]
        if 2 * int(here.sum()) > len(here):
            here[:] = True
    return mask


def chosen(mask: Mask, parts: Partitions, families: Places, size: int = PART_ROWS) -> Chosen:
    """The rows of a mask that was `rounded`; single ones in blocks of at most `size`."""
    blocks: list[int | Places] = []
    waiting: list[Places] = []

    def flush() -> None:
        rows = np.concatenate([np.zeros(0, dtype=np.int64), *waiting])
        blocks.extend(rows[at : at + size] for at in range(0, len(rows), size))
        waiting.clear()

    for number, part in enumerate(parts.parts):
        here = mask[part.start : part.stop]
        if len(here) and here.all():
            flush()
            blocks.append(number)
        else:
            waiting.append(np.flatnonzero(here) + part.start)
    flush()
    return Chosen(parts, families, tuple(blocks))
