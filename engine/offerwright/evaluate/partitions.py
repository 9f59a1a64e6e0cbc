"""
A snapshot in parts that can be computed one by one, on any thread, process or machine.

A part is a range of rows, with the rows elsewhere that share stock with them: kits, their
components, kits inside kits. So every part holds all that its offers depend on, and the offers of
the parts, one after the other, are those of the whole snapshot in its own order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import polars as pl

from offerwright.evaluate.columns import Array
from offerwright.frames import map_column
from offerwright.rules.plan import RuleSet

PART_ROWS = 65_536
"""Flat memory at the speed of one block: the columns of a part stay near the processor."""


class Source(Protocol):
    """Where the rows of a snapshot are."""

    @property
    def names(self) -> Sequence[str]:
        """The columns of the snapshot."""

    @property
    def height(self) -> int:
        """How many rows there are."""

    def rows(self, start: int, stop: int, names: Sequence[str] | None = None) -> pl.DataFrame:
        """These rows, with these columns or all."""


@dataclass(frozen=True)
class FrameSource:
    """A snapshot in memory."""

    frame: pl.DataFrame

    @property
    def names(self) -> Sequence[str]:
        return self.frame.columns

    @property
    def height(self) -> int:
        return self.frame.height

    def rows(self, start: int, stop: int, names: Sequence[str] | None = None) -> pl.DataFrame:
        frame = self.frame if names is None else self.frame.select(names)
        return frame.slice(start, stop - start)


@dataclass(frozen=True)
class FileSource:
    """A snapshot as a Parquet file, of which only the row groups that are asked for are read."""

    path: Path
    names: Sequence[str]
    height: int

    def rows(self, start: int, stop: int, names: Sequence[str] | None = None) -> pl.DataFrame:
        scan = pl.scan_parquet(self.path, glob=False).slice(start, stop - start)
        return (scan if names is None else scan.select(names)).collect()


def source_of(snapshot: pl.DataFrame | Path | Source) -> Source:
    """A snapshot in memory, or the Parquet file that holds one."""
    if not isinstance(snapshot, pl.DataFrame | Path):
        return snapshot
    if isinstance(snapshot, pl.DataFrame):
        return FrameSource(snapshot)
    scan = pl.scan_parquet(snapshot, glob=False)
    height = scan.select(pl.len()).collect().item()
    return FileSource(snapshot, tuple(scan.collect_schema()), height)


@dataclass(frozen=True)
class Part:
    """Rows `start` to `stop` (not included), and the numbers of their kin elsewhere, ascending."""

    start: int
    stop: int
    kin: Array


@dataclass(frozen=True)
class Block:
    """
    One part, ready to be run: `executor.run(block.frame, …, skus=block.skus)`.

    `frame` is the rows of the part, then their kin; `skus` are the SKUs of the part, None where
    there is no kin elsewhere. `start` is the place of the first row in the snapshot, `number` that
    of the part among the parts.
    """

    start: int
    size: int
    frame: pl.DataFrame
    number: int = 0

    @property
    def own(self) -> pl.DataFrame:
        """The rows of the part alone."""
        return self.frame.head(self.size)

    @property
    def skus(self) -> list[str] | None:
        """What to ask the executor for."""
        return None if self.size == self.frame.height else self.own["sku"].to_list()


class Blocks(Protocol):
    """Blocks of rows, in order; safe to share between threads."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Block]: ...
    def block(self, number: int) -> Block: ...


@dataclass(frozen=True)
class Partitions:
    """The parts of a snapshot, in its order. Safe to share between threads."""

    source: Source
    parts: tuple[Part, ...]
    kin: pl.DataFrame = field(default_factory=pl.DataFrame)
    kin_rows: Array = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.parts)

    def __iter__(self) -> Iterator[Block]:
        return (self.block(number) for number in range(len(self.parts)))

    @property
    def height(self) -> int:
        """The rows of the whole snapshot."""
        return self.source.height

    def block(self, number: int) -> Block:
        """One part, read."""
        part = self.parts[number]
        frame = self.source.rows(part.start, part.stop)
        if len(part.kin):
            more = self.kin.select(pl.all().gather(np.searchsorted(self.kin_rows, part.kin)))
            frame = pl.concat([frame, more])
        return Block(part.start, part.stop - part.start, frame, number)


def partitions(
    rules: RuleSet, snapshot: pl.DataFrame | Path | Source, rows: int = PART_ROWS
) -> Partitions:
    """
    Cut a snapshot into parts of about so many rows.

    A part grows beyond that where more kin than rows of its own would have to come from elsewhere,
    so that all parts together are at most twice the snapshot. Rows that have kin in another part
    are held in memory, once. A snapshot without a row is one part without a row.

    Args:
        rules: whose inventories say what kits are made of.
        snapshot: `frames.SNAPSHOT`, or the Parquet file that holds one.
        rows: rows of a part; at least 1.
    """
    if rows < 1:
        raise ValueError("a part has at least one row")
    source = source_of(snapshot)
    kin = families(rules, source)
    parts = tuple(_parts(source.height, kin, rows))
    wanted = np.unique(np.concatenate([np.zeros(0, np.int64), *(part.kin for part in parts)]))
    if not len(wanted):
        return Partitions(source, parts)
    return Partitions(source, parts, gathered(source, wanted), wanted)


def only(rules: RuleSet, snapshot: pl.DataFrame | Path, skus: Sequence[str]) -> Partitions:
    """The rows of some SKUs as one part, in the order of the snapshot, with their kin."""
    source = source_of(snapshot)
    asked = pl.Series(sorted(skus), dtype=pl.String).implode()
    places = [
        block["sku"].is_in(asked).arg_true().to_numpy().astype(np.int64) + start
        for start, block in _blocks(source, ["sku"])
    ]
    rows = np.concatenate([np.zeros(0, dtype=np.int64), *places])
    kin = families(rules, source).of(rows)
    place = np.arange(len(kin))
    part = Part(0, len(rows), place)
    return Partitions(FrameSource(gathered(source, rows)), (part,), gathered(source, kin), place)


def block_of(source: Source, families: Families, rows: Array) -> Block:
    """Any rows, ascending, with their kin; rows that follow each other are read as one."""
    start = int(rows[0]) if len(rows) else 0
    together = len(rows) and int(rows[-1]) - start == len(rows) - 1
    own = source.rows(start, start + len(rows)) if together else gathered(source, rows)
    kin = families.of(rows)
    frame = pl.concat([own, gathered(source, kin)]) if len(kin) else own
    return Block(start, len(rows), frame)


@dataclass(frozen=True)
class Families:
    """The rows that are kits or components, ascending, and the family of each, from 0 on."""

    rows: Array
    family: Array

    def elsewhere(self, start: int, stop: int) -> Array:
        """The kin of a range outside it, ascending."""
        low, high = np.searchsorted(self.rows, [start, stop])
        return self._kin(np.arange(low, high))

    def of(self, rows: Array) -> Array:
        """The kin of some rows, without them, ascending."""
        return self._kin(np.flatnonzero(np.isin(self.rows, rows)))

    def _kin(self, places: Array) -> Array:
        if not len(places):
            return self.rows[:0]
        touched = np.zeros(int(self.family.max()) + 1, dtype=bool)
        touched[self.family[places]] = True
        kin = touched[self.family]
        kin[places] = False
        return self.rows[kin]


def _parts(height: int, families: Families, rows: int) -> Iterator[Part]:
    if not height:
        yield Part(0, 0, np.zeros(0, dtype=np.int64))
    start = 0
    while start < height:
        stop = min(start + rows, height)
        kin = families.elsewhere(start, stop)
        while len(kin) > stop - start and stop < height:
            stop = min(start + len(kin), height)
            kin = families.elsewhere(start, stop)
        yield Part(start, stop, kin)
        start = stop


def families(rules: RuleSet, source: Source) -> Families:
    """Kits with their components, and with all that share one with them."""
    kit, component = _lines(rules, source)
    members, place = np.unique(np.concatenate([kit, component]), return_inverse=True)
    one, other = place[: len(kit)], place[len(kit) :]
    return Families(members, _joined(one, other, len(members)))


def _joined(one: Array, other: Array, size: int) -> Array:
    """By number, the least number of all that these pairs join it with."""
    least = np.arange(size)
    while True:
        low = np.minimum(least[one], least[other])
        if np.array_equal(low, least[one]) and np.array_equal(low, least[other]):
            return least
        # The pairs hook the heads of two families together; then everybody asks for its head.
        np.minimum.at(least, least[one], low)
        np.minimum.at(least, least[other], low)
        while not np.array_equal(heads := least[least], least):
            least = heads


def _lines(rules: RuleSet, source: Source) -> tuple[Array, Array]:
    """The rows of kits, and beside each the row of one component that the snapshot has."""
    facts = {i.kits.components for p in rules.plans for i in p.inventories if i.kits is not None}
    prefixes = tuple(map_column(fact, "") for fact in sorted(facts))
    names = [name for name in source.names if prefixes and name.startswith(prefixes)]
    if not names:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    component = {name: _component(name, prefixes) for name in names}
    wanted = pl.Series(sorted(set(component.values())), dtype=pl.String)
    place: dict[str, int] = {}
    found: dict[str, list[Array]] = {name: [] for name in names}
    for start, block in _blocks(source, ["sku", *names]):
        at = block["sku"].is_in(wanted.implode()).arg_true()
        place |= {block["sku"][row]: start + row for row in at.to_list()}
        for name in names:
            rows = (block[name] > 0).arg_true().to_numpy()
            if len(rows):
                found[name].append(rows.astype(np.int64) + start)
    there = [(np.concatenate(rows), place[component[name]]) for name, rows in found.items()
             if rows and component[name] in place]  # fmt: skip
    nothing = np.zeros(0, dtype=np.int64)
    return (
        np.concatenate([nothing, *(rows for rows, _ in there)]),
        np.concatenate([nothing, *(np.full(len(rows), row) for rows, row in there)]),
    )


def _component(name: str, prefixes: Iterable[str]) -> str:
    """The SKU that a column of units is for."""
    prefix = max((p for p in prefixes if name.startswith(p)), key=len)
    return name.removeprefix(prefix)


def _blocks(source: Source, names: Sequence[str]) -> Iterator[tuple[int, pl.DataFrame]]:
    for start in range(0, source.height, PART_ROWS):
        yield start, source.rows(start, min(start + PART_ROWS, source.height), names)


def gathered(source: Source, rows: Array) -> pl.DataFrame:
    """The rows at these places, ascending, read block by block."""
    found = [source.rows(0, 0)]
    for start, stop in _spans(source.height):
        low, high = np.searchsorted(rows, [start, stop])
        if low < high:
            here = source.rows(start, stop)
            found.append(here.select(pl.all().gather(rows[low:high] - start)))
    return pl.concat(found)


def _spans(height: int) -> Iterator[tuple[int, int]]:
    return ((start, min(start + PART_ROWS, height)) for start in range(0, height, PART_ROWS))
