"""A change that begins later is seen when it begins, on whichever side its window stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from engine_under_test import marketplace_files, shop_files, sound
from typed_rows import frame_from_rows

from offerwright.errors import has_errors
from offerwright.loadout import Loadout
from offerwright.pipeline import compile_repository
from offerwright.review.master import master
from offerwright.review.periods import period_reviews, with_periods
from offerwright.review.review import Asked, review
from offerwright.review.side import Side
from offerwright.source.repository import Repository

ZONE = ZoneInfo("America/Sao_Paulo")
FACTS = "kind: facts\nname: facts\nfacts:\n  cost: {type: money, from: catalogue.cost}\n"
BASE = "kind: pricing\nname: base\nsteps: [{id: b, phase: base, set: {price: cost}}]\n"
GUARDS = (
    "kind: guards\nname: money\nguards:\n"
    "  - {id: floor, check: price_at_least, bound: cost, else: block}\n"
)
SALE = (
    "kind: pricing\nname: sale\nvalid: {{from: {}, before: {}}}\n"
    "steps: [{{id: s, phase: adjust, set: {{price: price * (1 + {})}}}}]\n"
)


def side(name: str, **files: str) -> Side:
    named = {f"rules/{file}.yaml": text for file, text in files.items()}
    loadout = sound(
        {**shop_files("catalogue", accounts={"a": "alpha"}), **marketplace_files("alpha"),
         "rules/facts.yaml": FACTS, "rules/base.yaml": BASE, "rules/guards.yaml": GUARDS, **named}
    )  # fmt: skip
    rows = frame_from_rows(loadout.schema, [{"sku": "A", "cost": 100}, {"sku": "B", "cost": 200}])
    return Side(name, "", loadout, rows, "the same rows")


def ready(repository: Repository) -> Loadout | None:
    loadout, found = compile_repository(repository)
    return None if has_errors(found) else loadout


def told(base: Side, head: Side, most: int = 9) -> tuple[list[Any], int]:
    asked = Asked(datetime(2026, 6, 1, tzinfo=ZONE), ready)
    found, left = period_reviews(base, head, asked, datetime(2026, 7, 1, tzinfo=ZONE), most)
    return [
        (
            one["as_of"][:10], one["before"][:10], one["totals"]["changed_offers"], one["blocks"],
            [f"{c['what']} {c['happens']}" for c in one["because"]],
        )
        for one in with_periods(master(found[0].review, 0), found)["periods"]
    ], left  # fmt: skip


def test_a_campaign_to_come_changes_offers_while_it_lasts() -> None:
    head = side("head", sale=SALE.format("2026-06-10", "2026-06-20", "5%"))

    assert told(side("base"), head) == ([
        ("2026-06-01", "2026-06-10", 0, False, []),
        ("2026-06-10", "2026-06-20", 2, False, ["pricing sale begins"]),
        ("2026-06-20", "2026-07-01", 0, False, ["pricing sale ends"]),
    ], 0)  # fmt: skip


def test_a_guard_that_blocks_in_two_weeks_blocks_now() -> None:
    head = side("head", sale=SALE.format("2026-06-10", "2026-06-20", "-5%"))

    assert [(day, blocks) for day, _, _, blocks, _ in told(side("base"), head)[0]] == [
        ("2026-06-01", False), ("2026-06-10", True), ("2026-06-20", False),
    ]  # fmt: skip


def test_a_campaign_that_is_moved_differs_where_only_one_side_has_it() -> None:
    base = side("base", sale=SALE.format("2026-06-10", "2026-06-20", "5%"))
    head = side("head", sale=SALE.format("2026-06-15", "2026-06-20", "5%"))

    assert told(base, head) == ([
        ("2026-06-01", "2026-06-10", 0, False, []),
        ("2026-06-10", "2026-06-15", 2, False, ["pricing sale begins"]),
        ("2026-06-15", "2026-06-20", 0, False, ["pricing sale begins"]),
        ("2026-06-20", "2026-07-01", 0, False, ["pricing sale ends"]),
    ], 0)  # fmt: skip


def test_moments_that_are_left_out_are_counted() -> None:
    head = side("head", sale=SALE.format("2026-06-10", "2026-06-20", "5%"))

    assert told(side("base"), head, most=2) == ([
        ("2026-06-01", "2026-06-10", 0, False, []),
        ("2026-06-10", "2026-06-20", 2, False, ["pricing sale begins"]),
    ], 1)  # fmt: skip


def test_a_document_that_moves_offers_later_is_not_said_to_move_none() -> None:
    head = side("head", sale=SALE.format("2026-06-10", "2026-06-20", "5%"))
    asked = Asked(datetime(2026, 6, 1, tzinfo=ZONE), ready)
    found, _ = period_reviews(side("base"), head, asked, datetime(2026, 7, 1, tzinfo=ZONE), 9)
    now = master(found[0].review, 0)
    whole = with_periods(now, found)

    assert [d["offers"] for d in now["documents"]] == [0]
    assert [d["offers"] for d in whole["documents"]] == [2]
    assert (now["differs"], whole["differs"]) == (False, True)


def test_what_only_one_side_has_comes_first() -> None:
    same = {"a": SALE.format("2026-06-10", "2026-06-20", "5%")}
    other = SALE.format("2026-06-10", "2026-06-20", "1%").replace("sale", "other")
    other = other.replace("name: other", "name: other\nfor: {marketplace: alpha}")
    head = side("head", **same, z=other)

    assert told(side("base", **same), head)[0][1][-1] == [
        "pricing other begins", "pricing sale begins",
    ]  # fmt: skip


def two_accounts(name: str, **files: str) -> Side:
    named = {f"rules/{file}.yaml": text for file, text in files.items()}
    loadout = sound(
        {**shop_files("catalogue", accounts={"a": "alpha", "b": "beta"}),
         **marketplace_files("alpha", "beta"), "rules/facts.yaml": FACTS, "rules/base.yaml": BASE,
         "rules/guards.yaml": GUARDS, **named}
    )  # fmt: skip
    rows = frame_from_rows(loadout.schema, [{"sku": "A", "cost": 100}, {"sku": "B", "cost": 200}])
    return Side(name, "", loadout, rows, "the same rows")


@pytest.mark.parametrize(
    ("late", "counts"), [("2026-06-12", [2, 2, 2, 2, 2]), ("2026-06-14", [2, 2, 2, 4, 2, 2])]
)
def test_every_period_says_what_a_review_of_its_first_and_last_moment_says(
    late: str, counts: list[int]
) -> None:
    """Campaigns of one account come and go; the change is one of the other, or of both."""
    of_b = SALE.replace("name: sale", "name: of_b\nfor: {{account: b}}")
    own = {"b1": of_b.format("2026-06-03", "2026-06-05", "5%"),
           "b2": of_b.replace("of_b", "late").format("2026-06-12", "2026-06-25", "4%")}  # fmt: skip
    markup = (
        "kind: pricing\nname: of_a\nfor: {account: a}\n"
        "steps: [{id: s, phase: adjust, set: {price: price * 1.1}}]\n"
    )
    moved = {**own, "b2": own["b2"].replace("2026-06-12", late)}
    asked = Asked(datetime(2026, 6, 1, tzinfo=ZONE), ready)
    base, head = two_accounts("base", **own), two_accounts("head", **moved, a=markup)
    found, _ = period_reviews(base, head, asked, datetime(2026, 7, 1, tzinfo=ZONE), 20)

    for one in found:
        for moment in (one.start, one.end - timedelta(microseconds=1)):
            alone = master(review(base, head, replace(asked, as_of=moment)), 9)
            assert {**master(one.review, 9), "as_of": None} == {**alone, "as_of": None}
    assert [len(one.review.changed) for one in found] == counts
    # Where `b` has the same rules on both sides, its campaigns cost no evaluation.
    is_kept = [one.review.causes is found[0].review.causes for one in found]
    assert is_kept == [late == "2026-06-12" or n == 0 for n in range(len(found))]
