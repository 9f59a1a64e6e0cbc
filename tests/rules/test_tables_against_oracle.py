"""Masks against brute force: which rows of a table match, by the engine and row by row."""

from __future__ import annotations

from typing import Any

from engine_under_test import document_files, fired_row, marketplace_files, offers_of, sound
from evaluate.generated_cells import OF_THE_ACCOUNT, TESTED, csv_cell, when
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
from oracle.tables import matches, rules_of_csv

ACCOUNT = {"name": "a1", "marketplace": "alpha", "trade_policy": "1", "currency": "BRL"}
DOCUMENTS = [facts_document(False), *LISTS]


@st.composite
def tables(draw: Any) -> list[dict[str, Any]]:
    """Rows whose conditions nest."""
    pick = Pick(draw)
    tested = {**TESTED, **OF_THE_ACCOUNT}
    return [
        {"id": f"r{i}", "when": when(pick, tested, 3), "then": {"x": 1}}
        for i in range(pick.number(1, 25))
    ]


@st.composite
def csv_texts(draw: Any) -> str:
    pick = Pick(draw)
    facts = pick.some(TESTED, 1, 4)
    lines = [",".join(["id", *(f"when.{f}" for f in facts), "then.x"])]
    for number in range(pick.number(1, 20)):
        lines.append(",".join([f"c{number}", *(csv_cell(pick, TESTED[f]) for f in facts), "1"]))
    return "\n".join(lines) + "\n"


@st.composite
def products(draw: Any) -> list[dict[str, Any]]:
    return rows(Pick(draw), 8, False)


def fired(
    table: dict[str, Any], files: dict[str, str], products: list[dict[str, Any]]
) -> list[Any]:
    """The ids of all matching rows of every product."""
    step = {"id": "t", "phase": "base", "hit": "collect", "take": "count", **table,
            "set": {"price": "x + cost"}}  # fmt: skip
    pricing = {"kind": "pricing", "name": "p", "steps": [step]}
    loadout = sound(
        {
            "offerwright.yaml": shop_file("BRL"),
            **marketplace_files("alpha", "beta"),
            **document_files([*DOCUMENTS, pricing]),
            **files,
        }
    )
    ran = offers_of(loadout, products, AS_OF)["a1"].ran[0]
    assert ran.match is not None
    return [
        fired_row(ran.match, row) if ran.match.picked[row] >= 0 else []
        for row in range(len(products))
    ]


def expected(rules: list[dict[str, Any]], products: list[dict[str, Any]]) -> list[list[str]]:
    worlds = [
        world_of_offer(DOCUMENTS, {}, seen_by(p, "a1"), ACCOUNT, {}, AS_OF, ZONE, None)
        for p in products
    ]
    return [[row["id"] for row in rules if matches(row, world)] for world in worlds]


@given(tables(), products())
def test_nested_conditions_match_as_the_oracle_says(
    rules: list[dict[str, Any]], found: list[dict[str, Any]]
) -> None:
    assert fired({"rules": rules}, {}, found) == expected(rules, found)


@settings(max_examples=settings().max_examples)
@given(csv_texts(), products())
def test_csv_cells_match_as_the_oracle_says(text: str, found: list[dict[str, Any]]) -> None:
    files = {"rules/pricing/t.csv": text}

    assert fired({"file": "t.csv"}, files, found) == expected(rules_of_csv(text), found)
