"""On which offers a rule counts: its row is the one that the table gave, its step ran."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Decimals
from offerwright.evaluate.match import Match, match
from offerwright.evaluate.operations import Rows
from offerwright.evaluate.run import Offers
from offerwright.evaluate.state import Ran
from offerwright.rules.plan import TablePlan
from offerwright.whatif.parts import Part

Mask = NDArray[np.bool_]
COUNTED = ("pricing", "fees", "decision", "mapping")
"""Kinds of which the engine knows where a rule counts; of mappings that is their category."""


def fires(offers: Offers, part: Part) -> Mask | None:
    """
    By offer whether the part counts; None where nobody can say.

    A step counts where it ran, a row where it is the one that the table gives, or one of those that
    `collect` combines. A document does where one of its steps does.
    """
    if part.kind == "pricing":
        own = [ran for ran in offers.ran if _is_of(offers, ran, part)]
        return _any_of([_of_step(ran, part) for ran in own], offers)
    if part.kind == "fees":
        return _any_of(list(_fees(offers, part)), offers)
    if part.kind == "decision":
        tables = [one.table for one in offers.plan.decisions if one.name == part.document]
        return _any_of([_of_table(offers, offers.rows, table, part) for table in tables], offers)
    if part.kind == "mapping" and part.step == "category":
        return _category(offers, part)
    return None


def _any_of(masks: Sequence[Mask], offers: Offers) -> Mask:
    nothing = np.zeros(offers.rows.size, dtype=bool)
    return np.asarray(np.logical_or.reduce([nothing, *masks]))


def _is_of(offers: Offers, ran: Ran, part: Part) -> bool:
    info = offers.plan.documents[ran.step.document]
    return (info.kind, info.name) == (part.kind, part.document) and (
        not part.step or ran.step.id == part.step
    )


def _of_step(ran: Ran, part: Part) -> Mask:
    if not part.is_of_table:
        return ran.active
    assert ran.match is not None  # it has rows
    return ran.active & _of_row(ran.match, part)


def _of_row(found: Match, part: Part) -> Mask:
    """Where a row of a table is the one that counts, or among those that are combined."""
    if part.is_otherwise:
        return np.asarray(found.picked == len(found.table.rows))
    row = _row_number(found.table, part)
    if row is None:
        return np.zeros(len(found.picked), dtype=bool)
    if found.table.take is None:
        return np.asarray(found.picked == row)
    holding = [state for state in found.present if row in found.rows_of(state)]
    return np.isin(found.states, holding)


def _row_number(table: TablePlan, part: Part) -> int | None:
    name = part.name.rpartition("/")[2]
    return next((n for n, row in enumerate(table.rows) if row.id == name), None)


def _of_table(offers: Offers, rows: Rows, table: TablePlan, part: Part) -> Mask:
    found = match(table, rows, offers.schedule.as_of, offers.schedule.walks)
    return _of_row(found, part) if part.is_of_table else found.found


def _fees(offers: Offers, part: Part) -> list[Mask]:
    """The fees of the document that are taken from what the buyer pays in the end."""
    price, sale = (offers.rows.get(name) for name in ("price", "sale_price"))
    assert isinstance(price, Decimals) and isinstance(sale, Decimals)
    rows = offers.rows.having({"price": c.where(c.known(sale), sale, price)})
    found = []
    for fee in offers.schedule.fees:
        info = offers.plan.documents[fee.document]
        if info.name != part.document or info.kind != part.kind or part.step not in ("", fee.id):
            continue
        here = offers.schedule.where[fee.document] & c.known(price)
        found.append(here & _of_table(offers, rows, fee.table, part))
    return found


def _category(offers: Offers, part: Part) -> Mask:
    mapping = offers.plan.mapping
    if mapping is None or mapping.category is None or mapping.category.span.file != part.file:
        return np.zeros(offers.rows.size, dtype=bool)  # nothing, or a narrower document, says it
    return _of_table(offers, offers.rows, mapping.category, part)
