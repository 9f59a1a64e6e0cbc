"""Decisions against the oracle: what a table gives as facts, by every hit policy, row by row."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from engine_under_test import document_files, marketplace_files, offers_of, sound
from evaluate.generated_cells import TESTED, when
from evaluate.generated_shop import (
    AS_OF,
    LISTS,
    ZONE,
    Pick,
    facts_document,
    rows,
    seen_by,
    shop_file,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import world_of_offer
from oracle.tables import decide
from oracle.values import Fault

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Column, Decimals, Lists, Truths

ACCOUNT = {"name": "a1", "marketplace": "alpha", "trade_policy": "1", "currency": "BRL"}
DOCUMENTS = [facts_document(False), *LISTS]
POLICIES = ("unique", "first", "any", "sum", "min", "max", "count", "list")
# Result, its type, and the cells that a row may have for it.
AMOUNT = ("amount", "money", (Decimal(5), Decimal("0.25"), "cost", "cost * 2", "map_price"))
YES = ("yes", "boolean", ("true", "false", "cost > 10", "fragile"))


@st.composite
def decisions(draw: Any) -> dict[str, Any]:
    pick = Pick(draw)
    policy = draw(st.sampled_from(POLICIES))
    columns = [AMOUNT] if policy not in ("unique", "first", "any") else [AMOUNT, YES]

    def then() -> dict[str, Any]:
        return {name: draw(st.sampled_from(cells)) for name, _, cells in columns}

    document: dict[str, Any] = {
        "kind": "decision",
        "name": "d",
        "results": {name: {"type": type_} for name, type_, _ in columns},
        "hit": policy if policy in ("unique", "first", "any") else "collect",
        "rules": [
            {"id": f"r{i}", "when": when(pick, TESTED, 1), "then": then()}
            for i in range(pick.number(1, 6))
        ],
    }
    if document["hit"] == "collect":
        document["take"] = policy
    if policy == "first" or draw(st.booleans()):
        document["otherwise"] = then()
    return document


@st.composite
def products(draw: Any) -> list[dict[str, Any]]:
    return rows(Pick(draw), 6, False)


def shown(column: Column, row: int) -> Any:
    """A value, `None` where it is missing, the code of a fault."""
    state = 0 if column.state is None else int(column.state[row])
    if state:
        return None if state == c.MISSING else c.FAULTS[state]
    if isinstance(column, Decimals):
        return c.decimal_at(column, row)
    if isinstance(column, Truths):
        return bool(column.values[row])
    held = column.vocabulary[int(column.codes[row])]
    return list(held) if isinstance(column, Lists) else held


def wanted(document: dict[str, Any], product: dict[str, Any]) -> dict[str, Any]:
    world = world_of_offer(DOCUMENTS, {}, seen_by(product, "a1"), ACCOUNT, {}, AS_OF, ZONE, None)
    names = list(document["results"])
    try:
        found = decide(document, world)
    except Fault as fault:
        return dict.fromkeys(names, next(iter(fault.codes)))
    if found.values is None:
        return dict.fromkeys(names, Decimal(0) if document.get("take") == "count" else None)
    values = {name: found.values.get(name) for name in names}
    if document.get("take") == "list" and isinstance(values["amount"], list):
        values["amount"] = None if None in values["amount"] else values["amount"]
    elif document.get("take") == "list":
        values["amount"] = None if values["amount"] is None else [values["amount"]]
    return values


@settings(max_examples=min(30, settings().max_examples))
@given(decisions(), products())
def test_a_decision_gives_what_the_oracle_says(
    document: dict[str, Any], found: list[dict[str, Any]]
) -> None:
    loadout = sound(
        {
            "offerwright.yaml": shop_file("BRL"),
            **marketplace_files("alpha", "beta"),
            **document_files([*DOCUMENTS, document]),
        }
    )
    offers = offers_of(loadout, found, AS_OF)["a1"]
    given_ = [
        {name: shown(offers.rows.get(name), row) for name in document["results"]}
        for row in range(len(found))
    ]

    assert given_ == [wanted(document, product) for product in found]
