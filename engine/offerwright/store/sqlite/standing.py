"""What ledger and outbox hold of the offers of some operations, read at once."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from offerwright.marketplaces.operation import Operation

Offer: TypeAlias = tuple[str, str]
"""Account and SKU."""

# The wanted SKUs drive the joins, ascending: neighbours of the key lie on the same page.
_LEDGER = """SELECT ledger.sku, ledger.aspect, ledger.desired_generation, ledger.quantity
    FROM json_each(:skus) AS wanted CROSS JOIN ledger
    ON ledger.account = :account AND ledger.sku = wanted.value"""
_OPEN = """SELECT o.sku, o.row, o.action, o.status, c.aspect
    FROM json_each(:skus) AS wanted CROSS JOIN outbox AS o
    ON o.account = :account AND o.sku = wanted.value
    JOIN outbox_covers AS c ON c.row = o.row"""
_WAITING = """SELECT w.sku, w.since FROM json_each(:skus) AS wanted CROSS JOIN waiting AS w
    ON w.account = :account AND w.sku = wanted.value"""


@dataclass(frozen=True, slots=True)
class Open:
    """One open row of the outbox; `aspects` are those that it settles."""

    action: str
    is_queued: bool
    aspects: set[str]


@dataclass
class Standing:
    """How some offers stand; whoever queues operations for them keeps it up."""

    generations: dict[tuple[str, str, str], int] = field(default_factory=dict)
    """The desired ones, by account, SKU and aspect; 0 where there is none."""
    quantities: dict[Offer, int] = field(default_factory=dict)
    """Confirmed, where one is."""
    open: dict[Offer, dict[int, Open]] = field(default_factory=dict)
    waiting: dict[Offer, float] = field(default_factory=dict)
    """Since when decreases of stock wait."""

    def next_generation(self, offer: Offer, aspects: Mapping[Any, str]) -> int:
        """The one after the last of any of these aspects; from now on it is the last of all."""
        account, sku = offer
        keys = [(account, sku, aspect) for aspect in aspects]
        made = 1 + max([self.generations.get(key, 0) for key in keys])
        for key in keys:
            self.generations[key] = made
        return made


def read_standing(connection: sqlite3.Connection, block: Sequence[Operation]) -> Standing:
    """How the offers of a block of operations stand."""
    found = Standing()
    for account, skus in _skus(block):
        asked = {"account": account, "skus": skus}
        for sku, aspect, generation, quantity in connection.execute(_LEDGER, asked):
            found.generations[account, sku, aspect] = generation
            if aspect == "stock" and quantity is not None:
                found.quantities[account, sku] = quantity
        for sku, row, action, status, aspect in connection.execute(_OPEN, asked):
            rows = found.open.setdefault((account, sku), {})
            rows.setdefault(row, Open(action, status == "queued", set())).aspects.add(aspect)
        for sku, since in connection.execute(_WAITING, asked):
            found.waiting[account, sku] = float(since)
    return found


def _skus(block: Sequence[Operation]) -> Iterator[tuple[str, str]]:
    """The SKUs of every account, as a JSON list."""
    skus: dict[str, set[str]] = {}
    for operation in block:
        skus.setdefault(operation.account, set()).add(operation.sku)
    for account, wanted in skus.items():
        yield account, json.dumps(sorted(wanted), ensure_ascii=False)
