"""Generated expressions over generated rows: the engine and the oracle compute the same values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from engine_under_test import document_files, marketplace_files, offers_of, sound
from evaluate.generated_expressions import DRAWN, Names
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
from oracle.expressions import evaluate as oracle_evaluate
from oracle.values import Fault

from offerwright.evaluate.columns import FAULTS, Decimals, Truths
from offerwright.evaluate.operations import Rows, evaluate
from offerwright.expressions.parse import Refusal, parse
from offerwright.expressions.typing import Scope, check
from offerwright.pipeline import Loadout

EXAMPLES = 3 * settings().max_examples
ACCOUNT = {"name": "a1", "marketplace": "alpha", "trade_policy": "1", "currency": "BRL"}
DOCUMENTS = [facts_document(False), *LISTS]


@cache
def shop() -> Loadout:
    return sound(
        {
            "offerwright.yaml": shop_file("BRL"),
            **marketplace_files("alpha", "beta"),
            **document_files(DOCUMENTS),
        }
    )


@st.composite
def expressions(draw: Any, depth: int) -> str:
    pick = Pick(draw)
    return str(DRAWN[pick.one(*DRAWN)](pick, Names(), depth))


@st.composite
def products(draw: Any) -> list[dict[str, Any]]:
    return rows(Pick(draw), 4, False)


@st.composite
def large_products(draw: Any) -> list[dict[str, Any]]:
    """Products whose numbers and products of numbers do not fit into 64 bits."""
    large = st.decimals(-(10**14), 10**14, places=8, allow_nan=False)
    return [
        {**row, "cost": draw(large), "list_price": draw(large), "score": draw(st.decimals(-(10**6), 10**6, places=8)),
         "sold": draw(st.integers(-(10**12), 10**12))}
        for row in draw(products())
    ]  # fmt: skip


def engine_values(text: str, table: list[dict[str, Any]]) -> list[Any]:
    offers = offers_of(shop(), table, AS_OF)["a1"]
    typed = _typed(text, offers.plan.scope)
    column = evaluate(typed, offers.rows)
    return [_at(column, row) for row in range(len(table))]


def _typed(text: str, scope: Scope) -> Any:
    node = parse(text)
    assert not isinstance(node, Refusal), (text, node)
    typed = check(node, scope)
    assert not isinstance(typed, Refusal), (text, typed)
    return typed


def _at(column: Any, row: int) -> Any:
    state = 0 if column.state is None else int(column.state[row])
    if state:
        return FAULTS.get(state)
    if isinstance(column, Decimals):
        return Decimal(int(column.values[row])).scaleb(-column.scale)
    return (
        bool(column.values[row])
        if isinstance(column, Truths)
        else column.vocabulary[column.codes[row]]
    )


def oracle_value(text: str, row: dict[str, Any]) -> Any:
    world = world_of_offer(DOCUMENTS, {}, seen_by(row, "a1"), ACCOUNT, {}, AS_OF, ZONE, None)
    try:
        return oracle_evaluate(text, world)
    except Fault as fault:
        return min(fault.codes)


@settings(max_examples=EXAMPLES)
@given(expressions(depth=3), products())
def test_values_are_equal(text: str, table: list[dict[str, Any]]) -> None:
    assert engine_values(text, table) == [oracle_value(text, row) for row in table], text


@settings(max_examples=EXAMPLES)
@given(expressions(depth=2), large_products())
def test_values_beyond_64_bits_are_equal(text: str, table: list[dict[str, Any]]) -> None:
    found = engine_values(text, table)
    expected = [oracle_value(text, row) for row in table]
    # Where one of 38 digits or so overflows depends on the scale that a column carries.
    pairs = [p for p in zip(found, expected, strict=True) if "OVERFLOW" not in p]

    assert [one for one, _ in pairs] == [other for _, other in pairs], text


@settings(max_examples=EXAMPLES)
@given(
    st.text(st.characters(codec="utf-8"), max_size=40)
    | st.text('()+-*/<>=!., aif0179%"[]', max_size=60)
)
def test_any_text_is_an_expression_or_a_sentence(text: str) -> None:
    offers = offers_of(shop(), [{"sku": "A"}], AS_OF)["a1"]
    node = parse(text)
    outcome = node if isinstance(node, Refusal) else check(node, offers.plan.scope)

    assert not isinstance(outcome, Refusal) or (
        outcome.message != "" and 0 <= outcome.start <= outcome.end <= len(text)
    )


def test_the_rows_know_the_moment() -> None:
    found: Rows = offers_of(shop(), [{"sku": "A"}], AS_OF)["a1"].rows

    since = datetime(1970, 1, 1, tzinfo=UTC)
    assert int(found.get("as_of").values[0]) == (AS_OF - since) // timedelta(microseconds=1)  # type: ignore[union-attr]
