"""Some offers are written as lists, many by the frame library: the same bytes, whatever they hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marketplaces.shipped import RICH, account, offers, payload
from marketplaces.slow_render import slow_body

from offerwright.marketplaces.body import Reader
from offerwright.marketplaces.cells import cells_of
from offerwright.marketplaces.nodes import Condition
from offerwright.marketplaces.payload import CompiledPart, CompiledPayload
from offerwright.marketplaces.pieces import flatten
from offerwright.marketplaces.render import FEW, MANY, ROW, render
from offerwright.marketplaces.render_columns import render_columns
from offerwright.marketplaces.render_lists import render_lists
from offerwright.marketplaces.texts import Texts
from offerwright.source.yaml import read_yaml

HOSTILE = "".join(map(chr, range(0x20))) + '"\\/\x7f\x85\u2028\u2029é中\U0001f600{{ sku }}</script>'
# Every form of a body, also where shipped payloads have none.
BODIES = """
parts:
  body:
    first: {$value: title, $optional: true}
    amounts:
      as: {$value: sale_price}
      text: {$value: sale_price, $as: string}
      cents: {$value: sale_price, $as: cents}
      micros: {$value: list_price, $as: micros}
      comma: {$value: [sale_price, list_price], $as: comma}
      one: {$value: sale_price, $optional: true}
    units: {$value: quantity, $as: string}
    any: {$value: node_stock, $as: boolean}
    from: {$value: sale_from}
    day: {$value: sale_before, $as: date}
    depth: {$value: [attribute.depth, account.depth], $as: number}
    flag: {$value: [attribute.flag, attribute.depth], $as: boolean}
    group: {$value: [account.group, title]}
    named: {$value: [description, account.shop]}
    told: {$text: "{{ title }} \\"{{ account.shop }}\\" {{ sale_price }}{{ images.1 }}"}
    nested:
      $when: {present: [title, images]}
      both:
        $when: {missing: [description]}
        $then: {$value: images.0}
        $else: [{$value: images.2, $optional: true}, {$value: sku}]
    list:
      - $when: {present: attributes}
        $value: category
      - {$each: images, $item: {url: {$value: item}, shop: {$value: account.shop}}}
      - {$value: description, $optional: true}
    plain: {$each: images, $item: {$value: item}}
    asked:
      $each: images
      $item:
        - {$value: item, $as: number}
        - $when: {present: description}
          $then: with
          $else: without
        - $when: {missing: tiers}
          alone: {$value: item}
    tiers: {$each: tiers, $item: [{$value: tier_quantity}, {$value: tier_price, $as: cents}]}
    rows:
      $members:
        - {$each: attributes, $only: [a, depth], $item: {$value: item, $as: number}}
        - {$each: attributes, $except: [a, depth], $item: {k: {$value: key}, v: [{$value: item}]}}
    last: true
  more:
    $when: {present: description, missing: tiers}
    $then: [{$value: description}]
"""


def every_form() -> CompiledPayload:
    """A payload with these bodies. It is never sent: nothing reads it back, nothing is required."""
    located, _ = read_yaml(BODIES.encode(), "bodies.yaml")
    assert located is not None
    reader = Reader(located, frozenset(["shop", "group", "depth"]))
    parts = {
        name: reader.node(body, ("parts", name)) for name, body in located.data["parts"].items()
    }
    assert reader.found == []
    shipped = payload("example-market", "content")
    return replace(
        shipped,
        requires=Condition(),
        needs=("shop",),
        optional=("group", "depth"),
        parts=tuple(
            CompiledPart(name, tuple(flatten(node, top=True)), False, shipped.parts[0].contract)
            for name, node in parts.items()
        ),
    )


EVERY = every_form()
texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8) | st.sampled_from(
    [HOSTILE, '"', "\\", "\n", "null", "true", "1.50", "-0.1", "007", "1e5", "1\n", "x"]
)
maybe = st.none() | texts
whole = st.none() | st.integers(-(10**12), 10**12)
moments = st.none() | st.datetimes(
    datetime(1971, 1, 1), datetime(9998, 1, 1), timezones=st.just(UTC)  # noqa: DTZ001
)  # fmt: skip
COLUMNS = {
    "sku": texts,
    "sale_price": whole,
    "list_price": whole,
    "quantity": whole,
    "node_stock": whole,
    "category": maybe,
    "title": maybe,
    "description": maybe,
    "sale_from": moments,
    "sale_before": moments,
    "images": st.none() | st.lists(maybe, max_size=4),
    "tiers": st.none() | st.lists(st.tuples(st.integers(2, 99), st.integers(0, 10**9)), max_size=3),
    "attribute.a": maybe,
    "attribute.depth": maybe,
    "attribute.flag": maybe,
    "attribute.z": maybe,
}
CURRENCIES = {"CLP": 0, "BRL": 2}


@st.composite
def tables(draw: st.DrawFn) -> pl.DataFrame:
    """Offers with some of the columns; some of them with a value in every row, or in none."""
    currency = draw(st.sampled_from(sorted(CURRENCIES)))
    kept = ["sku", *draw(st.sets(st.sampled_from(sorted(COLUMNS)[1:])))]
    shape = {name: COLUMNS[name] for name in sorted({*kept} - draw(st.sets(st.sampled_from(kept))))}
    rows = draw(st.lists(st.fixed_dictionaries(shape), min_size=1, max_size=6))
    emptied = draw(st.sets(st.sampled_from(sorted(COLUMNS))))
    return offers([_row(row, currency, emptied - {"sku"}) for row in rows])


def _row(row: dict[str, Any], currency: str, emptied: set[str]) -> dict[str, Any]:
    digits = CURRENCIES[currency]

    def cell(name: str, value: Any) -> Any:
        if value is None or name in emptied:
            return None
        if name.endswith("_price"):
            return Decimal(value).scaleb(-digits)
        if name == "tiers":
            return [{"quantity": q, "price": Decimal(p).scaleb(-digits)} for q, p in value]
        return value

    return {**{name: cell(name, value) for name, value in row.items()}, "currency": currency}


def known(marked: dict[str, str]) -> dict[str, str]:
    return {f"account.{name}": value for name, value in marked.items()}


def by_lists(what: CompiledPayload, table: pl.DataFrame, set_: dict[str, str]) -> list[Any]:
    return list(zip(*render_lists(what, cells_of(table), known(set_)), strict=True))


def by_columns(what: CompiledPayload, table: pl.DataFrame, set_: dict[str, str]) -> list[Any]:
    return render_columns(what, Texts(table), known(set_), ROW).rows()


@settings(max_examples=150, deadline=None)
@given(
    table=tables(),
    set_=st.fixed_dictionaries({"shop": texts}, optional={"group": texts, "depth": texts}),
)
def test_both_ways_write_the_same_bytes(table: pl.DataFrame, set_: dict[str, str]) -> None:
    listed = by_lists(EVERY, table, set_)

    assert by_columns(EVERY, table, set_) == listed
    assert [row[1:] for row in listed] == [slow(row, set_) for row in table.rows(named=True)]


@settings(max_examples=25, deadline=None)
@given(table=tables(), set_=st.fixed_dictionaries({"shop": texts}, optional={"depth": texts}))
def test_rows_that_lack_the_same_are_written_together_with_the_same_bytes(
    table: pl.DataFrame, set_: dict[str, str]
) -> None:
    table = pl.concat([table] * (1 + MANY // len(table)))
    listed = by_lists(EVERY, table, set_)

    assert render(EVERY, table, set_).rows() == listed


def slow(row: dict[str, Any], set_: dict[str, str]) -> tuple[str | None, ...]:
    """The bodies as the oracle builds them from the YAML alone."""
    located, _ = read_yaml(BODIES.encode(), "p.yaml")
    assert located is not None
    lists = {n: [e for e in row[n] if e is not None] for n in ("images", "tiers") if row.get(n)}
    return tuple(slow_body(body, {**row, **lists}, set_) for body in located.data["parts"].values())


@pytest.mark.parametrize("count", [1, FEW, FEW + 1, 3 * FEW])
def test_the_number_of_rows_does_not_change_a_body(count: int) -> None:
    what, set_ = payload("mercadolibre", "create"), account("mercadolibre")
    rows = [
        {**RICH, "sku": f"{HOSTILE}{i}", "description": None if i % 3 else HOSTILE,
         "price": None if i % 5 == 4 else RICH["price"]}
        for i in range(count)
    ]  # fmt: skip

    alone = [render(what, offers([row]), set_).drop(ROW) for row in rows]

    written = render(what, offers(rows), set_)
    assert written.drop(ROW).equals(pl.concat(alone))
    assert written[ROW].to_list() == [i for i in range(count) if i % 5 != 4]


@pytest.mark.parametrize("count", [2, 2 * FEW])
def test_only_the_rows_asked_for_are_written_in_their_order(count: int) -> None:
    what, set_ = payload("example-market", "create"), account("example-market", shop_id="a")
    rows = [
        {**RICH, "sku": f"S{i}", "price": None if i == 1 else RICH["price"]}
        for i in range(2 * FEW + 1)
    ]
    asked = pl.Series(list(range(count, -1, -1)), dtype=pl.UInt32)
    whole = render(what, offers(rows), set_)
    shared = Texts(offers(rows))
    render(what, shared, set_)

    some = render(what, offers(rows), set_, asked)

    assert some[ROW].to_list() == [i for i in range(count, -1, -1) if i != 1]
    assert some.sort(ROW).equals(whole.filter(pl.col(ROW) <= count))
    assert render(what, shared, set_, asked).equals(some)


def test_texts_written_for_one_payload_serve_the_next() -> None:
    table = offers([{**RICH, "title": f"{HOSTILE} {i}"} for i in range(2 * FEW)])
    shared, set_ = Texts(table), account("mercadolibre")

    for name in ("create", "content", "price", "stock"):
        what = payload("mercadolibre", name)
        assert render(what, shared, set_).equals(render(what, table, set_))


@pytest.mark.parametrize("count", [20, 2 * FEW])
def test_a_null_list_with_elements_behind_it_has_none(count: int) -> None:
    table = offers([{**RICH, "images": ["https://a.example/1", "https://a.example/2"]}] * count)
    hidden = pl.when(pl.int_range(count) % 2 == 0).then(pl.col("images")).alias("images")
    table = table.with_columns(hidden)

    bodies = render(payload("mercadolibre", "create"), table, account("mercadolibre"))["body"]

    assert ['"pictures":[]' in body for body in bodies] == [i % 2 == 1 for i in range(count)]
