"""Whatever rules, products and bytes: no operation leaves with a price below its floor."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from guards.catalogue import part_of, shop
from hypothesis import given
from hypothesis import strategies as st
from store.builders import OWNER
from sync.book import Book

from offerwright.marketplaces.operation import Operation
from offerwright.store import open_store

CENTS = st.integers(min_value=1, max_value=500_000)
AMOUNTS = st.none() | CENTS.map(lambda n: f"{n // 100}.{n % 100:02d}")
FORMULAS = (
    "cost * 1.18", "asked", "asked * 0.01", "cost - asked", "cost / 100", "lowest * 0.999",
    "asked - cost * 3", "coalesce(asked, cost, 0.01)", "min(asked, cost)", "lowest + asked - cost",
)  # fmt: skip
SALES = ("asked_sale", "price * 0.9", "price - 1.00", "price * 0.01", "lowest - 0.01")
ENDINGS = ("{to: 0.01}", "{ending: 0.99, mode: down}", "{ending: 9.90, mode: nearest}", "{to: 10}")
ELSE = ("block", "needs_approval", "warn")


@st.composite
def pricings(draw: st.DrawFn) -> str:
    steps = [f'  - {{id: base, phase: base, set: {{price: "{draw(st.sampled_from(FORMULAS))}"}}}}']
    if draw(st.booleans()):
        cut = draw(st.integers(min_value=1, max_value=5_000))
        rows = f"[{{id: low, when: {{cost: 0..{cut}}}, then: {{price: {draw(CENTS)}}}}}]"
        when = f"when: {{cost: 0..{cut}}}"
        steps.append(f"  - {{id: table, phase: base, {when}, rules: {rows}}}")
    if draw(st.booleans()):
        sale = draw(st.sampled_from(SALES))
        steps.append(f'  - {{id: sale, phase: adjust, set: {{sale_price: "{sale}"}}}}')
    if draw(st.booleans()):
        steps.append(
            f"  - {{id: fees, phase: fees, {draw(st.sampled_from(('keep: price', 'margin: 15%')))}}}"
        )
    steps.append(f"  - {{id: end, phase: round, {draw(st.sampled_from(ENDINGS))[1:-1]}}}")
    return "\n".join(["kind: pricing", "name: prices", "steps:", *steps, ""])


LOW = st.integers(min_value=1, max_value=2_000).map(lambda n: f"{n // 100}.{n % 100:02d}")
PRODUCTS = st.lists(
    st.fixed_dictionaries(
        {
            "asked": AMOUNTS, "asked_sale": AMOUNTS, "cost": AMOUNTS, "lowest": LOW | AMOUNTS,
            "units": st.sampled_from(({}, {"sp": 0}, {"sp": 3})),
        }
    ),
    min_size=4,
    max_size=8,
)  # fmt: skip
KEYS = ("price_cents", "sale_cents", "list_cents", "currency", "units", "sku")
TAMPERING = st.lists(
    st.tuples(
        st.sampled_from(KEYS),
        st.none() | st.integers(-10, 600_000) | st.sampled_from(("BRL", "USD", "1", 0.5)),
    )
    | st.tuples(st.sampled_from(KEYS[:2]), st.integers(1, 2_000))
    | st.tuples(st.sampled_from(KEYS[:2]), st.sampled_from((Fraction(1, 10), Fraction(1, 100)))),
    max_size=3,
)


def tampered(operation: Operation, changes: list[tuple[str, Any]]) -> Operation:
    """The bytes with keys taken out, set, or scaled by a fraction."""
    held = json.loads(operation.parts[0][1])
    for key, value in changes:
        if value is None:
            held.pop(key, None)
        elif not isinstance(value, Fraction):
            held[key] = value
        elif isinstance(held.get(key), int):
            held[key] = int(held[key] * value)
    return replace(operation, parts=(("body", json.dumps(held).encode()),))


def paid(operation: Operation) -> Decimal | None:
    """What the buyer would pay, read from the bytes as the marketplace reads them."""
    held = json.loads(operation.parts[0][1])
    cents = held.get("sale_cents", held.get("price_cents"))
    return None if cents is None else Decimal(str(cents)) / 100


@given(pricings(), PRODUCTS, TAMPERING, st.sampled_from(ELSE), st.booleans())
def test_no_price_below_its_floor_leaves(
    pricing: str,
    products: list[dict[str, Any]],
    changes: list[tuple[str, Any]],
    else_: str,
    content: bool,
) -> None:
    strict = {"id": "floor", "check": "price_at_least", "bound": "lowest", "else": "block"}
    lax = {"id": "lax", "check": "price_at_least", "bound": "cost * 0.5", "else": else_}
    rows = [
        {"sku": f"S{n}", "images": ["https://images.example/1.jpg"], **one}
        for n, one in enumerate(products)
    ]
    floors = {r["sku"]: None if r["lowest"] is None else Decimal(r["lowest"]) for r in rows}
    with tempfile.TemporaryDirectory() as folder:
        store = open_store("sqlite:///state.db", Path(folder))
        store.lead(OWNER, now=0, lease_s=1000)
        book = Book(shop([strict, lax], content=content, pricing=pricing), store, Path(folder))
        plan = book.plan(*rows)
        told = {(c.change.sku, c.change.aspect): c for c in part_of(plan).changes}
        book.submitted(plan)
        queued = [claim.operation for claim in book.claims()]
        spoiled = [tampered(o, changes) for o in queued]
        leave = [o for o, reason in zip(queued, book.guard()(queued), strict=True) if not reason]
        leave += [o for o, reason in zip(spoiled, book.guard()(spoiled), strict=True) if not reason]
        store.close()

    for change in told.values():
        floor = floors[change.change.sku]
        assert change.price_after is None or (floor is not None and change.price_after >= floor)
    for operation in leave:
        price, floor = paid(operation), floors[operation.sku]
        assert price is None or (floor is not None and price >= floor > 0)
    assert len(leave) >= len(queued), "what was planned is not refused when nothing changed"
