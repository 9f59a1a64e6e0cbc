"""A first look at the operations of a plan: which still stand, and what all of them would move."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import Any

import polars as pl

from offerwright.guards.plan import GuardPlan
from offerwright.guards.whole import Moves
from offerwright.marketplaces.marketplace import Marketplace
from offerwright.marketplaces.operation import Values
from offerwright.marketplaces.readback import ReadbackFailed, read_back
from offerwright.store.protocol import Reading, Store
from offerwright.sync.batch import BatchTally, Standing
from offerwright.sync.delta import is_settled
from offerwright.sync.known import Known, read_known
from offerwright.sync.planned import PlannedOperation

BLOCK = 10_000
"""Operations at a time: their bodies are not to fill the memory."""


@dataclass(frozen=True)
class Look:
    """
    What was found. `ready` holds one byte per operation: whether it may go; `takes` another one:
    whether stock goes down or a listing ends.

    `moved` and `refused` are without their bodies. `moves` is what the ready ones would do, for
    every account that has operations and can send.
    """

    ready: bytes
    takes: bytes
    moved: Sequence[PlannedOperation]
    refused: Sequence[tuple[PlannedOperation, str]]
    moves: Mapping[str, Moves]

    @property
    def stands(self) -> bool:
        """Whether any operation has not moved."""
        return any(self.ready) or bool(self.refused)


def look(
    operations: Iterable[PlannedOperation],
    store: Store,
    marketplaces: Mapping[str, Marketplace],
    currencies: Mapping[str, str],
    guards: Mapping[str, Sequence[GuardPlan]] = MappingProxyType({}),
) -> Look:
    """
    Hold the operations of the accounts that can send against the ledger as it is now.

    `guards` are those of these accounts: some look at more than counts.
    """
    ready, takes = bytearray(), bytearray()
    moved: list[PlannedOperation] = []
    refused: list[tuple[PlannedOperation, str]] = []
    tallies: dict[str, BatchTally] = {}
    with store.reading() as reading:
        for block in _blocks(operations):
            rows = _rows(block, reading, currencies)
            for planned in block:
                is_ready = does_take = False
                held = rows.get(planned.account)
                if held is not None and not _stands(planned, held):
                    moved.append(planned.without_bytes())
                elif held is not None:
                    currency = currencies[planned.account]
                    said = said_by(planned, marketplaces[planned.marketplace], currency)
                    if planned.account not in tallies:
                        own = guards.get(planned.account, ())
                        tallies[planned.account] = BatchTally(currency, own)
                    if isinstance(said, str):
                        refused.append((planned.without_bytes(), said))
                    else:
                        standing = held.standing(planned.sku)
                        tallies[planned.account].add(planned, said, standing)
                        is_ready, does_take = True, _takes(planned, said, standing)
                ready.append(is_ready)
                takes.append(does_take)
        moves = {name: tally.moves(reading, name) for name, tally in sorted(tallies.items())}
    return Look(bytes(ready), bytes(takes), moved, refused, moves)


def _blocks(operations: Iterable[PlannedOperation]) -> Iterator[list[PlannedOperation]]:
    rest = iter(operations)
    while block := list(islice(rest, BLOCK)):
        yield block


@dataclass(frozen=True)
class _Rows:
    """The ledger of some SKUs of one account, row by row."""

    rows: Mapping[tuple[str, str], Mapping[str, Any]]
    listed: frozenset[str]

    def row(self, sku: str, aspect: str) -> Mapping[str, Any]:
        return self.rows.get((sku, aspect), {})

    def standing(self, sku: str) -> Standing:
        return Standing(sku in self.listed, self.row(sku, "price"), self.row(sku, "stock"))


def _rows(
    block: Sequence[PlannedOperation], reading: Reading, accounts: Collection[str]
) -> dict[str, _Rows]:
    skus: dict[str, list[str]] = {}
    for planned in block:
        if planned.account in accounts:
            skus.setdefault(planned.account, []).append(planned.sku)
    return {
        account: _row_by_row(read_known(reading, account, pl.Series(wanted, dtype=pl.String)))
        for account, wanted in skus.items()
    }


def _row_by_row(known: Known) -> _Rows:
    rows = {(row["sku"], row["aspect"]): row for row in known.ledger.iter_rows(named=True)}
    return _Rows(rows, frozenset(known.listed.to_list()))


def _stands(planned: PlannedOperation, known: _Rows) -> bool:
    """Whether the ledger is where it was when the plan was made, and has yet to be told."""
    if (planned.action == "create") == (planned.sku in known.listed) and planned.action != "update":
        return False
    if all(is_settled(known.row(planned.sku, a), hash_) for a, hash_ in planned.covers.items()):
        return False
    return all(
        int(known.row(planned.sku, aspect).get("desired_generation") or 0) == generation
        for aspect, generation in planned.base.items()
    )


def _takes(planned: PlannedOperation, said: Values, standing: Standing) -> bool:
    """The same as `plan.OPERATIONS` says of it, by the bytes and the ledger of now."""
    if planned.action != "update" or said.quantity is None or "stock" not in planned.covers:
        return planned.action == "end"
    confirmed = standing.stock.get("quantity")
    return said.quantity == 0 or (confirmed is not None and said.quantity < confirmed)


def said_by(planned: PlannedOperation, marketplace: Marketplace, currency: str) -> Values | str:
    """What the bytes of an operation say, or why they cannot be read back."""
    payload = marketplace.payloads[planned.payload]
    try:
        return read_back(payload, planned.parts, sku=planned.sku, currency=currency)
    except ReadbackFailed as problem:
        return str(problem)
