"""Catalogues and ledgers drawn for plans: every state a row can be in, hashes that fit or do not."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from guards.catalogue import known_from_rows
from hypothesis import strategies as st
from sync.book import product

from offerwright.sync.delta import Doubt
from offerwright.sync.known import Known

SKUS = ["A", 'B"', "Cé", "D", "E\\"]
GONE = ["X", "Y"]
STATES = [
    "none", "queued", "sending", "submitted", "confirmed", "rejected", "in_doubt", "quarantined",
]  # fmt: skip
PROBLEMS = [
    [],
    [{"code": "BAD", "message": "no"}],
    [{"code": "GUARD_REFUSED", "message": "guard floor"}, {"code": "BAD", "message": ""}],
]


@st.composite
def catalogues(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Products of a few amounts, so that they are what the ledger has now and then."""
    return [
        product(
            sku,
            draw(st.sampled_from([None, "10.00", "20.00"])),
            draw(st.sampled_from([None, 0, 3])),
            cost=draw(st.sampled_from([None, "5.00", "15.00"])),
            list_price=draw(st.sampled_from(["12.00", "90.00"])),
        )
        for sku in draw(st.lists(st.sampled_from(SKUS), unique=True))
    ]


@st.composite
def ledgers(draw: st.DrawFn, hashes: Mapping[tuple[str, str], Sequence[str]]) -> Known:
    """Rows of any state; `hashes` are those that would be said, by SKU and aspect."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for sku in SKUS + GONE:
        for aspect in ("price", "stock", "content"):
            if draw(st.booleans()):
                rows[sku, aspect] = draw(_row(aspect, hashes.get((sku, aspect), ())))
    listed = draw(st.sets(st.sampled_from(SKUS + GONE)))
    return known_from_rows(rows, listed)


@st.composite
def _row(draw: st.DrawFn, aspect: str, said: Sequence[str]) -> dict[str, Any]:
    hash_ = st.sampled_from([*said, *said, "x", None])
    generations = sorted(draw(st.lists(st.integers(0, 2), min_size=3, max_size=3)))
    amount = st.sampled_from([None, "10.00", "20.00"])
    is_price = aspect == "price"
    return {
        "state": draw(st.sampled_from(STATES)),
        "desired_hash": draw(hash_),
        "confirmed_hash": draw(hash_),
        "rejected_hash": draw(hash_),
        "confirmed_generation": generations[0],
        "sent_generation": generations[1],
        "desired_generation": generations[2],
        "price": draw(amount) if is_price else None,
        "sale_price": draw(st.sampled_from([None, None, "9.00"])) if is_price else None,
        "observed_price": draw(amount) if is_price else None,
        "quantity": draw(st.sampled_from([None, 0, 3])) if aspect == "stock" else None,
        "problems": json.dumps(draw(st.sampled_from(PROBLEMS))),
    }


def doubts() -> st.SearchStrategy[Doubt]:
    return st.builds(Doubt, st.frozensets(st.sampled_from(GONE)), st.booleans())
