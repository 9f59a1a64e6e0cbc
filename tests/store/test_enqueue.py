"""Operations are queued many at a time: the same as one after the other."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from store.builders import OWNER, content, create, end, price, stock

from offerwright.marketplaces.operation import Operation, Outcome, Values
from offerwright.store import LEDGER_COLUMNS, Store, open_store
from offerwright.store.sqlite.claim import read_values
from offerwright.store.sqlite.enqueue import values_text

SKUS = st.sampled_from(["A", "B"])
OPERATIONS = st.lists(
    st.one_of(
        st.builds(price, SKUS, st.sampled_from(["1.00", "2.00"])),
        st.builds(stock, SKUS, st.integers(0, 2)),
        st.builds(content, SKUS, st.just("title")),
        st.builds(create, SKUS, st.just("3.00"), st.integers(0, 2)),
        st.builds(end, SKUS),
    ),
    max_size=8,
)
ANSWERS = st.lists(st.sampled_from(["confirmed", "rejected", "in_doubt", None]), max_size=3)
OUTCOMES = {
    "confirmed": Outcome("confirmed", external_id="X1"),
    "rejected": Outcome("rejected"),
    "in_doubt": Outcome("in_doubt"),
}
AMOUNTS = st.none() | st.decimals("-9999", "9999", places=2)
TEXTS = st.none() | st.text()
VALUES = st.builds(
    Values, sku=TEXTS, price=AMOUNTS, sale_price=AMOUNTS, quantity=st.none() | st.integers(),
    currency=TEXTS,
    tiers=st.lists(st.tuples(st.integers(2, 99), st.decimals("0", "9", places=2))).map(tuple),
)  # fmt: skip


def begun(folder: Path, before: list[Operation], answers: list[str | None]) -> Store:
    """A store with operations in any state; None: bytes are on their way."""
    store = open_store("sqlite:///state.db", folder)
    store.lead(OWNER, now=0, lease_s=10**6)
    store.enqueue(before, "before", now=1)
    for answer, claim in zip(answers, store.claim("meli", OWNER, now=2, lease_s=9, limit=3)):  # noqa: B905
        assert store.begin(claim, now=2, lease_s=9)
        if answer is not None:
            store.record(claim, OUTCOMES[answer], now=3, due=50)
    return store


def held(store: Store) -> tuple[object, ...]:
    """All that is known and queued, but for the names of plans and the numbers of rows."""
    known = [[*row[:19], *row[20:]] for row in store.ledger("meli")]
    assert LEDGER_COLUMNS[19] == "plan_id"
    queue = [row[:-1] for row in store.open_operations("meli")]
    bodies = [
        (c.step, c.operation.sku, c.operation.parts, dict(c.operation.covers), c.operation.values)
        for c in store.claim("meli", OWNER, now=100, lease_s=1, limit=99)
    ]
    return known, queue, store.listings("meli"), bodies


@given(OPERATIONS, ANSWERS, OPERATIONS)
@settings(max_examples=80, deadline=None)
def test_many_at_once_are_as_one_after_the_other(
    before: list[Operation], answers: list[str | None], operations: list[Operation]
) -> None:
    with TemporaryDirectory() as one, TemporaryDirectory() as many:
        apart, together = (begun(Path(f), before, answers) for f in (one, many))
        done = together.enqueue(operations, "all", now=10)
        each = [apart.enqueue([o], f"p{at}", now=10) for at, o in enumerate(operations)]

        assert held(together) == held(apart)
        assert done.queued == sum(e.queued for e in each)
        assert done.superseded == sum(e.superseded for e in each)
        assert done.held == tuple(name for e in each for name in e.held)
        apart.close()
        together.close()


@given(OPERATIONS, ANSWERS)
@settings(max_examples=40, deadline=None)
def test_a_queue_is_emptied_of_what_nobody_has_begun_to_send(
    before: list[Operation], answers: list[str | None]
) -> None:
    with TemporaryDirectory() as folder:
        store = begun(Path(folder), before, answers)
        waiting = store.open_counts("meli").get("queued", 0)
        done = store.enqueue([], "none", now=10, replacing=["meli", "nobody"])

        assert (done.queued, done.superseded) == (0, waiting)
        assert "queued" not in store.open_counts("meli")
        assert "queued" not in {row[2] for row in store.ledger("meli")}
        store.close()


def test_large_bodies_do_not_fill_the_memory(tmp_path: Path) -> None:
    size, count = 1 << 20, 48

    def large() -> Iterator[Operation]:
        for number in range(count):
            yield replace(content(f"S{number}", "title"), parts=(("body", bytes(size)),))

    store = open_store("sqlite:///state.db", tmp_path)
    tracemalloc.start()
    done = store.enqueue(large(), "large", now=1)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert done.queued == count
    assert most < count * size // 2
    store.close()


@given(VALUES)
def test_values_are_kept_as_the_json_of_the_standard_library(values: Values) -> None:
    text = values_text(values)
    said = json.loads(text)

    assert read_values(text) == values
    assert text == json.dumps(said, ensure_ascii=False)
    assert [Decimal(price) for _, price in said.get("tiers", ())] == [p for _, p in values.tiers]
