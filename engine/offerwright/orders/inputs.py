"""The nodes, places and stock of a shop, read from its sources: what orders are routed over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from offerwright.evaluate.columns import Column
from offerwright.evaluate.facts import column_of
from offerwright.facts.join import default_of, with_least_scales
from offerwright.facts.link_entities import Entity, EntityFacts
from offerwright.facts.snapshot import source_table
from offerwright.facts.table import ID, KEY, SourceTable
from offerwright.frames import map_column
from offerwright.orders.distance import Point, point
from offerwright.orders.zip_code import place_of, read_zip
from offerwright.rules.routing_plan import StockPlan

Units = Mapping[tuple[str, str], int]
"""Units by (node, SKU)."""


@dataclass(frozen=True)
class Refusals:
    """How many rows of a source were refused, and the first of them in words."""

    source: str
    rows: int
    first: str


@dataclass(frozen=True)
class Nodes:
    """All nodes, sorted by id: a node's position is its number everywhere below."""

    ids: tuple[str, ...]
    frame: pl.DataFrame
    """`sku` holds the id, then one column per fact."""
    units: Mapping[str, Units]
    """The maps of the nodes by fact: what each has of each SKU."""
    places: Mapping[str, Point]
    """Points by postal code, or by its beginning."""
    refused: tuple[Refusals, ...]

    def column(self, fact: str) -> Column | None:
        """One fact of every node."""
        return column_of(self.frame[fact]) if fact in self.frame.columns else None

    def located(self, digits: Sequence[int]) -> Located:
        """Where every node is: its own coordinates, else those of its postal code."""
        nothing: list[Any] = [None] * len(self.ids)
        cells = [
            self.frame[name].to_list() if name in self.frame.columns else nothing
            for name in ("latitude", "longitude", "zip")
        ]
        points: list[Point | None] = []
        repaired = 0
        for latitude, longitude, zip_ in zip(*cells, strict=True):
            code = None if zip_ is None else read_zip(zip_, digits)
            repaired += code is not None and code.repaired
            if latitude is not None and longitude is not None:
                points.append(_place(latitude, longitude))
            else:
                points.append(None if code is None else place_of(code.digits, self.places))
        return Located(tuple(points), repaired)


@dataclass(frozen=True)
class Located:
    """The place of every node, and how many postal codes got their leading zero back for it."""

    points: tuple[Point | None, ...]
    repaired: int

    @property
    def unknown(self) -> int:
        """How many nodes have no place."""
        return sum(point is None for point in self.points)


def _place(latitude: Decimal, longitude: Decimal) -> Point | None:
    try:
        return point(latitude, longitude)
    except ValueError:
        return None  # off the globe: no place, as if it were missing


def read_nodes(entities: EntityFacts, root: Path, data_root: Path | None = None) -> Nodes:
    """The sources of node and place facts. Raises `SnapshotRefused` where one cannot be read."""
    tables = list(_tables(entities, "node", root, data_root))
    plain = [one for one in tables if one.source.key is None]
    frame = _one_row_per_id(entities, "node", plain)
    units = {
        name: _units(one.frame, name)
        for one in tables
        if one.source.key is not None
        for name in one.source.facts
    }
    place_tables = list(_tables(entities, "place", root, data_root))
    refused = tuple(_refusals(one) for one in (*tables, *place_tables) if one.rejected)
    places = _places(_one_row_per_id(entities, "place", place_tables))
    return Nodes(tuple(frame[ID].to_list()), frame, units, places, refused)


def _tables(
    entities: EntityFacts, entity: Entity, root: Path, data_root: Path | None
) -> Iterator[SourceTable]:
    schema = entities.schemas[entity]
    for source in schema.sources.values():
        yield source_table(schema, source, root, data_root)


def _refusals(table: SourceTable) -> Refusals:
    first = min(table.rejects, key=lambda r: (r.row, r.column))
    place = f"{table.source.file}:{first.row}"
    return Refusals(table.source.name, table.rejected, f"{place} {first.code}: {first.reason}")


def _one_row_per_id(
    entities: EntityFacts, entity: Entity, tables: Sequence[SourceTable]
) -> pl.DataFrame:
    """All ids of all tables, sorted, with the facts of each."""
    facts = entities.facts(entity)
    ids = sorted({id_ for one in tables for id_ in one.frame[ID].to_list()})
    frame = pl.DataFrame({ID: pl.Series(ids, dtype=pl.String)})
    for one in tables:
        frame = frame.join(one.frame, on=ID, how="left", maintain_order="left")
    return with_least_scales(
        frame.with_columns(
            pl.col(name).fill_null(default_of(fact))
            for name, fact in facts.items()
            if fact.missing is not None and name in frame.columns
        )
    )


def _units(frame: pl.DataFrame, fact: str) -> Units:
    rows = frame.select(ID, KEY, fact).drop_nulls().iter_rows()
    return {(node, sku): units for node, sku, units in rows}


def _places(frame: pl.DataFrame) -> dict[str, Point]:
    if not {"latitude", "longitude"} <= set(frame.columns):
        return {}
    rows = frame.select(ID, "latitude", "longitude").drop_nulls().iter_rows()
    found = ((code, _place(latitude, longitude)) for code, latitude, longitude in rows)
    return {code: place for code, place in found if place is not None}


def units_of(plan: StockPlan, nodes: Nodes, snapshot: pl.DataFrame) -> dict[str, dict[int, int]]:
    """
    What every node may give: by SKU, then by the node's number.

    On hand, less allocated, reserved and kept, never below nought. Stock of a node that is not
    among the nodes cannot be given; `strange_nodes` names it.
    """
    number = {id_: n for n, id_ in enumerate(nodes.ids)}
    on_hand, *taken = [_by_node(fact, nodes, snapshot) for fact in plan.facts]
    found: dict[str, dict[int, int]] = {}
    for (node, sku), units in on_hand.items():
        free = units - sum(one.get((node, sku), 0) for one in taken) - plan.keep
        if node in number and free > 0:
            found.setdefault(sku, {})[number[node]] = free
    return found


def strange_nodes(plan: StockPlan, nodes: Nodes, snapshot: pl.DataFrame) -> list[str]:
    """Nodes that have stock and no row among the nodes, sorted."""
    return sorted({node for node, _ in _by_node(plan.on_hand, nodes, snapshot)} - set(nodes.ids))


def _by_node(fact: str, nodes: Nodes, snapshot: pl.DataFrame) -> Units:
    """A map of integer: of the nodes by SKU, or of the SKUs by node."""
    if fact in nodes.units:
        return nodes.units[fact]
    prefix = map_column(fact, "")
    found: dict[tuple[str, str], int] = {}
    for name in snapshot.columns:
        if name.startswith(prefix):
            node = name.removeprefix(prefix)
            rows = snapshot.select(ID, name).drop_nulls().iter_rows()
            found |= {(node, sku): units for sku, units in rows}
    return found
