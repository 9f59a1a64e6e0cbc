"""Some rows of a snapshot as blocks to be planned, each with its kin, read when asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from offerwright.evaluate.partitions import PART_ROWS, Block, Families, Partitions, block_of
from offerwright.incremental.memory import Mask, Places


@dataclass(frozen=True)
class Chosen:
    """
    Blocks of rows, in the order of the snapshot: whole parts, by their number, or single rows.

    `families` are the rows that share stock with others.
    """

    parts: Partitions
    families: Families
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
        return replace(block_of(self.parts.source, self.families, one), number=number)


def rounded(mask: Mask, parts: Partitions) -> Mask:
    """With all rows of a part of which more than half are there: it is read whole."""
    mask = mask.copy()
    for part in parts.parts:
        here = mask[part.start : part.stop]
        if 2 * int(here.sum()) > len(here):
            here[:] = True
    return mask


def chosen(mask: Mask, parts: Partitions, families: Places, size: int = PART_ROWS) -> Chosen:
    """
    The rows of a mask that was `rounded`; single ones in blocks of at most `size`.

    `families` is by row of the snapshot the number of what it shares stock with, −1 for nothing.
    """
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
    members = np.flatnonzero(families >= 0)
    return Chosen(parts, Families(members, families[members]), tuple(blocks))
