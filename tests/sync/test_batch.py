"""What falling prices give away at send, also where the marketplace is never told a stock."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from offerwright.guards.whole import Moves
from offerwright.marketplaces.operation import Values
from offerwright.store import open_store
from offerwright.sync.batch import BatchTally, Standing
from offerwright.sync.planned import PlannedOperation

PAID = {"price": "100.00", "currency": "BRL", "confirmed_generation": 1, "sent_generation": 1}


def falls_to_90(folder: Path, stock: dict[str, Any], **travels: Any) -> Moves:
    """A live price of 100.00 that falls to 90.00, and what the ledger says of its stock."""
    inputs = json.dumps({"currency": "BRL", "guards": [], "rules": [], **travels, "version": 1})
    planned = PlannedOperation("shop", "vtex", "A", "price", "update", "price", (), {"price": "h"},
                               {"price": 1}, inputs)  # fmt: skip
    tally = BatchTally("BRL", ())
    tally.add(planned, Values("A", Decimal("90.00"), currency="BRL"), Standing(True, PAID, stock))
    store = open_store("sqlite:///state.db", folder)
    with store.reading() as reading:
        moves = tally.moves(reading, "shop")
    store.close()
    return moves


@pytest.mark.parametrize(
    ("stock", "travels", "at_stake"),
    [
        ({}, {"shown": 7}, 70),
        ({"quantity": 3}, {"shown": 7}, 30),
        ({"quantity": 0}, {"shown": 7}, 0),
        ({"quantity": 3}, {}, 30),
    ],
)
def test_a_fall_is_valued_by_the_confirmed_stock_else_by_the_planned_one(
    tmp_path: Path, stock: dict[str, Any], travels: dict[str, Any], at_stake: int
) -> None:
    moves = falls_to_90(tmp_path, stock, **travels)

    assert (moves.exposure, moves.unvalued) == (Fraction(at_stake), 0)


@pytest.mark.parametrize("travels", [{}, {"shown": "7"}, {"shown": True}, {"shown": None}])
def test_a_fall_whose_units_nobody_knows_cannot_be_valued(
    tmp_path: Path, travels: dict[str, Any]
) -> None:
    moves = falls_to_90(tmp_path, {}, **travels)

    assert (moves.exposure, moves.unvalued) == (Fraction(0), 1)
