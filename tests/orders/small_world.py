"""A small shop with three nodes, written as texts, and orders routed over it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from engine_under_test import shop_files
from typed_rows import frame_from_rows

from offerwright.errors import Diagnostic, has_errors
from offerwright.orders.decision import Decision
from offerwright.orders.inputs import read_nodes
from offerwright.orders.lots import World
from offerwright.orders.read import read_orders
from offerwright.orders.route import Settings, route
from offerwright.orders.twin import Twin
from offerwright.orders.validate import Known, OrderBook, validate
from offerwright.pipeline import Loadout, compile_repository
from offerwright.source.repository import Repository

SHOP = shop_files("catalogue", "stock", "nodes", "places", keys={"nodes": "node", "places": "zip"})
FACTS = """\
kind: facts
name: facts
facts:
  weight: {type: weight, from: catalogue.weight}
  hazmat: {type: boolean, from: catalogue.hazmat}
  stock: {type: map of integer, from: stock.on_hand, key: node}
  promised: {type: map of integer, from: stock.promised, key: node}
"""
NODE_FACTS = """\
kind: facts
name: nodes
of: node
facts:
  open: {type: boolean, from: nodes.open}
  zone: {type: path, from: nodes.zone}
  zip: {type: text, from: nodes.zip}
  latitude: {type: number, from: nodes.latitude}
  longitude: {type: number, from: nodes.longitude}
  cut_off: {type: duration, from: nodes.cut_off}
  capacity: {type: integer, from: nodes.capacity}
  priority: {type: integer, from: nodes.priority}
"""
PLACE_FACTS = """\
kind: facts
name: places
of: place
facts: {latitude: {type: number, from: places.lat}, longitude: {type: number, from: places.lon}}
"""
ORDER_FACTS = """\
kind: facts
name: orders
of: order
facts: {priority: {type: enum, of: [express, standard], from: orders.priority, missing: standard}}
"""
LINE_FACTS = """\
kind: facts
name: lines
of: line
facts: {kit: {type: text, from: lines.kit}}
"""
FILES = {
    **SHOP,
    "rules/facts.yaml": FACTS,
    "rules/nodes.yaml": NODE_FACTS,
    "rules/places.yaml": PLACE_FACTS,
    "rules/orders.yaml": ORDER_FACTS,
    "rules/lines.yaml": LINE_FACTS,
}
# On one meridian: a degree of latitude is 2 π R / 360 = 111.195 km, so 0.5° is 55.6 km.
NODES = """\
node,open,zone,zip,latitude,longitude,cut_off,capacity,priority
n1,true,br/sp,01000,-23.5,-46.6,14 hours,,1
n2,true,br/sp,,-24.0,-46.6,10 hours,2,2
n3,false,br/rj,,-25.5,-46.6,,,3
n4,true,br/rj,99999,,,,,
"""
PLACES = "zip,lat,lon\n01,-23.5,-46.6\n02000,-24.5,-46.6\n"


def checked(files: Mapping[str, str]) -> tuple[Loadout | None, list[Diagnostic]]:
    """What the files say beside those of the small shop, and what is wrong with them."""
    contents = {name: text.encode() for name, text in {**FILES, **files}.items()}
    return compile_repository(Repository(Path("/shop"), contents))


def world_of(
    folder: Path,
    routing: str,
    skus: Sequence[Mapping[str, Any]],
    as_of: str = "2026-12-01T12:00:00-03:00",
    nodes: str = NODES,
) -> World:
    """The small shop with one routing document; `nodes.csv` is written to the folder."""
    loadout, found = checked({"rules/routing.yaml": routing})
    assert loadout is not None and not has_errors(found), found
    (folder / "data").mkdir(exist_ok=True)
    (folder / "data" / "nodes.csv").write_text(nodes, encoding="utf-8")
    (folder / "data" / "places.csv").write_text(PLACES, encoding="utf-8")
    return World(
        loadout.routing,
        [plan.account for plan in loadout.rules.plans],
        read_nodes(loadout.routing.entities, folder),
        frame_from_rows(loadout.schema, skus),
        datetime.fromisoformat(as_of),
        ZoneInfo("America/Sao_Paulo"),
    )


def order(id_: str, *lines: Mapping[str, Any] | tuple[str, int], **more: Any) -> dict[str, Any]:
    """An order of account `a`; a line may be (SKU, units), each unit worth 10.00."""
    whole = [
        line if isinstance(line, Mapping)
        else {"id": str(n), "sku": line[0], "quantity": line[1], "price": "10.00"}
        for n, line in enumerate(lines, start=1)
    ]  # fmt: skip
    head = {"id": id_, "account": "a", "placed_at": "2026-12-01T09:00:00-03:00"}
    return {**head, "destination": {"zip": "01310"}, **more, "lines": whole}


def book_of(folder: Path, world: World, orders: Iterable[Any]) -> OrderBook:
    """Orders written to a file and read again."""
    texts = [one if isinstance(one, str) else json.dumps(one) for one in orders]
    file = folder / "orders.jsonl"
    file.write_text("".join(text + "\n" for text in texts), encoding="utf-8")
    return validate(read_orders(file), known_to(world))


def known_to(world: World) -> Known:
    entities = world.routing.entities
    return Known(
        skus=frozenset(world.skus["sku"].to_list()),
        accounts=world.accounts,
        order_facts=entities.facts("order"),
        line_facts=entities.facts("line"),
        plan=world.plan,
        time_zone="America/Sao_Paulo",
    )


def routed(
    folder: Path, world: World, orders: Iterable[Any], settings: Settings | None = None
) -> tuple[Decision, ...]:
    """The decisions by the twin, unless the settings say otherwise."""
    return route(book_of(folder, world, orders), world, settings or Settings(Twin))


def said(decision: Decision) -> dict[str, Any]:
    """A decision as the cases write it."""
    if not decision.parts:
        return {"reason": decision.code}
    return {
        "attempt": decision.attempt,
        "parts": [f"{p.line}: {p.units} from {p.node} in {p.parcel}" for p in decision.parts],
    }
