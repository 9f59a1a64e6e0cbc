"""Why an offer is blocked, down to the row of the table and the cell of the row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from offerwright.errors import Span
from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Array
from offerwright.evaluate.match import OVERLAP, Match
from offerwright.evaluate.operations import Rows
from offerwright.evaluate.state import Block
from offerwright.rules.plan import AccountPlan, InventoryPlan, own_column

OTHERWISE = "otherwise"
_SEVERAL = ("TABLE_OVERLAP", "TABLE_CONFLICT")
_OF_CELL = {code: number for number, code in c.FAULTS.items()} | {"MISSING_VALUE": c.MISSING}


@dataclass(frozen=True, slots=True)
class Cause:
    """
    What blocks: the rule as `document/step`, the row or rows of its table, the cell.

    `rows` is empty where no table row gave it, `cell` where it is not in a cell of the row: in
    what the step sets, say.
    """

    rule: str
    rows: tuple[str, ...]
    cell: str
    span: Span | None


def causes(block: Block, plan: AccountPlan, rows: Rows) -> Iterator[tuple[Array, Cause]]:
    """The causes of a block, each with the positions of the offers that it blocks."""
    info = plan.documents[block.document] if block.document >= 0 else None
    rule = f"{info.name}/{block.step}" if info else block.step
    at = np.flatnonzero(block.mask)
    if block.picked is None:
        yield at, Cause(rule, (), "", _place(block, plan))
        return
    found = block.picked
    cells = _cells(block, found, plan, rows)[at]
    for here, one in _alike(found.picked[at], found.states[at], cells):
        picked, state, cell = int(found.picked[at[one]]), int(found.states[at[one]]), cells[one]
        names, span = _rows_of(block, found, picked, state)
        name = found.table.results[cell].name if cell >= 0 else ""
        yield at[here], Cause(rule, names, name, span)


def _alike(*columns: Array) -> Iterator[tuple[Array, int]]:
    """The places at which all columns say the same, and the first of these places."""
    key = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        # Numbers from zero on: of every step of the key there are as many as there are rows.
        _, numbers = np.unique(column, return_inverse=True)
        key = key * (numbers.max(initial=0) + 1) + numbers
    order = np.argsort(key, kind="stable")
    if not len(order):
        return
    cuts = np.flatnonzero(np.diff(key[order])) + 1
    for here in np.split(order, cuts):
        yield here, int(here[0])


def _rows_of(block: Block, found: Match, picked: int, state: int) -> tuple[tuple[str, ...], Span]:
    """The rows that gave it, by id, and where the last of them stands."""
    table = found.table
    if picked == len(table.rows):
        return (OTHERWISE,), table.span
    if picked < 0 and picked != OVERLAP:
        return (), table.span
    together = block.code in _SEVERAL or table.take is not None
    numbers = found.rows_of(state) if together else [picked]
    return tuple(table.rows[n].id for n in numbers), table.rows[numbers[-1]].span


def _cells(block: Block, found: Match, plan: AccountPlan, rows: Rows) -> Array:
    """By offer, the first result column in which the fault stands; −1 where it is in none."""
    cells = np.full(len(found.picked), -1, dtype=np.int64)
    fault = _OF_CELL.get(block.code)
    if fault is None or block.code in _SEVERAL or block.document < 0:
        return cells
    document = plan.documents[block.document].name
    if block.aspect != "price":
        # Tables of stock and content set no columns; what they could not compute is their result.
        cells[found.found] = 0
        return cells
    for number, result in reversed(list(enumerate(found.table.results))):
        column = rows.find(own_column(document, result.name))
        if column is not None and column.state is not None:
            cells[np.asarray(column.state == fault)] = number
    return cells


def _place(block: Block, plan: AccountPlan) -> Span | None:
    for step in plan.steps:
        if step.document == block.document and step.id == block.step:
            return step.span
    inventory = plan.inventory
    if inventory is not None and block.document == inventory.document:
        return _stock_place(inventory, plan.account.name, block.step)
    info = plan.documents[block.document] if block.document >= 0 else None
    return Span(info.file, 1, 1, 1, 1) if info else None


def _stock_place(inventory: InventoryPlan, account: str, step: str) -> Span:
    """Where the part of an inventory document stands; what is an entry's own, at the entry."""
    own = next((e.span for e in inventory.entries if e.account == account), inventory.span)
    return inventory.places.get(step, own)
