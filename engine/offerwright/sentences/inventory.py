"""Inventory documents → how stock is pooled, held back and shared out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from offerwright.rules.inventory_document import (
    Allocate,
    AllocationEntry,
    Buffer,
    InventoryDocument,
    Pool,
    SafetyStock,
)
from offerwright.sentences.sentence import Sentence
from offerwright.sentences.tables import Rows, told_rows
from offerwright.sentences.telling import Telling
from offerwright.sentences.values import duration_text, percent_text

_SAFETY = ("pool", "safety_stock")


def told_inventory(document: InventoryDocument, telling: Telling) -> Iterator[Sentence]:
    """The pool, what is held back, how it is shared out, and every line of `allocate`."""
    yield telling.sentence("pool", _pool(document.pool, telling), telling.at("pool"))
    yield from _safety(document.pool.safety_stock, telling)
    place = telling.at("allocate")
    for key, text in _method(document.allocate, telling):
        yield telling.sentence(f"allocate/{key}", text, place)
    for index, entry in enumerate(document.allocate.marketplaces):
        name = entry.marketplace or entry.account or ""
        yield telling.sentence(f"allocate/{name}", _entry(entry, name, telling),
                               telling.at("allocate", "marketplaces", index))  # fmt: skip
    if document.kits is not None:
        first = document.kits.first or "in_turn"
        text = telling.say(f"kits.{first}", components=document.kits.components)
        yield telling.sentence("kits", text, telling.at("kits"))
    text = telling.say(f"on_block.{document.on_block}")
    yield telling.sentence("on_block", text, telling.at("on_block"))


def _pool(pool: Pool, telling: Telling) -> str:
    nodes = telling.words.all_of(pool.nodes or ())
    where = telling.say("pool.nodes", nodes=nodes) if nodes else telling.say("pool.all_nodes")
    less = [name for name in (pool.allocated, pool.reserved) if name is not None]
    text = telling.say("pool", on_hand=pool.on_hand, where=where)
    if less:
        text += telling.say("pool.less_at_nodes", names=telling.words.all_of(less))
    if pool.reservations is not None:
        text += telling.say("pool.less_reservations", name=pool.reservations)
    return text


def _safety(safety: int | SafetyStock, telling: Telling) -> Iterator[Sentence]:
    place = telling.at(*_SAFETY)
    if isinstance(safety, int):
        if safety:
            text = telling.words.count("safety.units", safety)
            yield telling.sentence("safety_stock", text, place)
        return
    yield telling.sentence("safety_stock", telling.say(f"safety.per_{safety.per}"), place)
    yield from told_rows(Rows(safety, _SAFETY, "safety_stock", _held_back, "blocks_stock"), telling)


def _held_back(then: Mapping[str, Any], telling: Telling) -> str:
    units = telling.expression(then.get("units"))
    if units.isdecimal():
        return telling.words.count("safety.row", int(units))
    return telling.say("safety.computed", units=units)


def _method(allocate: Allocate, telling: Telling) -> Iterator[tuple[str, str]]:
    count = telling.words.count
    yield "method", telling.say(f"allocate.{allocate.method}")
    if allocate.redistribute:
        yield "redistribute", telling.say("allocate.redistribute")
    if allocate.last_units is not None:
        yield "last_units", count("allocate.last_units", allocate.last_units)
    if allocate.oversell_at_most is not None:
        yield "oversell_at_most", count("allocate.oversell_at_most", allocate.oversell_at_most)
    if allocate.sold_per_hour is not None:
        yield "sold_per_hour", telling.say("allocate.sold_per_hour", fact=allocate.sold_per_hour)


def _entry(entry: AllocationEntry, name: str, telling: Telling) -> str:
    count = telling.words.count
    share = "100%" if entry.share is None else percent_text(entry.share)
    kind = "account" if entry.marketplace is None else "marketplace"
    parts = [telling.say(f"entry.{kind}", name=name, share=share)]
    if entry.cap is not None:
        parts.append(count("entry.cap", entry.cap))
    parts += _buffer(entry.buffer, telling)
    text = ", ".join(parts)
    more = []
    if entry.min_list:
        more.append(count("entry.min_list", entry.min_list))
    if entry.hysteresis is not None:
        more.append(
            telling.say("entry.hysteresis", below=str(entry.hysteresis.zero_below),
                        back=str(entry.hysteresis.back_at))
        )  # fmt: skip
    if entry.raise_needs is not None:
        within = duration_text(entry.raise_needs.within, telling.words)
        more.append(
            telling.say("entry.raise_needs", fact=entry.raise_needs.orders_read, within=within)
        )
    return " ".join(map(telling.words.sentence, [text, *more]))


def _buffer(buffer: int | Buffer, telling: Telling) -> Iterator[str]:
    units = buffer if isinstance(buffer, int) else buffer.units
    if units:
        yield telling.words.count("entry.buffer", units)
    if isinstance(buffer, Buffer):
        within = duration_text(buffer.sold_elsewhere_in, telling.words)
        yield telling.say("entry.sold_elsewhere", within=within)
