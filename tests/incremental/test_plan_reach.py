"""How far a change reaches in a plan; every plan is compared with a full one besides."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from incremental.plan_shop import FILES
from incremental.plan_world import World, opened, world

from offerwright.marketplaces.operation import Values
from offerwright.store import Store

ALL = {"a": 5, "b": 5, "c": 5}
NONE = {"a": 0, "b": 0, "c": 0}


def row(number: int, **more: Any) -> dict[str, Any]:
    return {
        "sku": f"S{number}",
        "brand": "Acme",
        "grade": "bad",
        "asked": Decimal(20),
        "cost": Decimal(10),
        "list_price": Decimal(25),
        "listed_on": date(2026, 11, 20),
        "images": ["https://images.example/1.jpg"],
        "units": {"sp": 9 + number},
        **more,
    }


ROWS = [row(number) for number in range(5)]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        made.rows = ROWS
        yield made


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that was planned is confirmed, and a plan that found nothing to say is remembered."""
    folder = tmp_path_factory.mktemp("quiet")
    with world(folder) as shop:
        shop.rows = ROWS
        shop.planned()
        shop.confirmed()
        shop.planned()
        assert shop.planned().counts == NONE
    return folder


@pytest.fixture
def settled(quiet: Path, shop: World) -> World:
    """A shop in which nothing is to be sent."""
    shop.store.close()
    shutil.copytree(quiet, shop.folder, dirs_exist_ok=True)
    shop.store, shop.steps = opened(shop.folder), 3
    return shop


def change(shop: World, number: int, **more: Any) -> None:
    shop.rows = [{**r, **more} if r["sku"] == f"S{number}" else r for r in shop.rows]


def variant(file: str, *words: str, without: str = "\0") -> int:
    """The number of what a file may say that has these words."""
    return next(
        number
        for number, text in enumerate(FILES[file])
        if text is not None and all(w in text for w in words) and without not in text
    )


def test_nothing_that_has_changed_is_nothing_to_plan(settled: World) -> None:
    assert settled.planned().counts == NONE


def test_one_sku_is_planned_alone(settled: World) -> None:
    change(settled, 3, asked=Decimal(21))

    assert settled.planned().counts == dict.fromkeys("abc", 1)


def test_what_was_to_be_sent_is_planned_until_it_is_settled(settled: World) -> None:
    change(settled, 3, asked=Decimal(21))
    settled.planned()
    assert settled.planned().counts == dict.fromkeys("abc", 1)
    settled.confirmed()
    assert settled.planned().counts == dict.fromkeys("abc", 1)

    assert settled.planned().counts == NONE


def test_a_fact_that_no_rule_and_no_guard_reads_reaches_nothing(settled: World) -> None:
    settled.say("rules/texts.yaml", variant("rules/texts.yaml", "title", without="brand"))
    settled.planned()
    settled.confirmed()
    settled.planned()
    change(settled, 3, brand="Apex")

    assert settled.planned().counts == NONE


def test_the_stock_of_a_component_reaches_its_kit(shop: World) -> None:
    change(shop, 4, parts={"S1": 2}, units={})
    for _ in range(2):
        shop.planned()
        shop.confirmed()
    shop.planned()
    change(shop, 1, units={"sp": 2})

    assert shop.planned().counts == dict.fromkeys("abc", 2)
    assert shop.plan is not None and '"sku":"S4"' in shop.plan.read_text(encoding="utf-8")


def test_a_document_of_one_account_reaches_that_account(settled: World) -> None:
    settled.say("rules/of-b.yaml", 1)
    found = settled.planned()

    assert found.counts == {"a": 0, "b": 5, "c": 0}
    assert found.reached["b"].why == ("pricing of-b is new",)


def test_what_only_a_guard_reads_is_planned_again(settled: World) -> None:
    settled.say("rules/guards.yaml", variant("rules/guards.yaml", "graded", "ceiling", "step"))
    settled.planned()
    settled.confirmed()
    settled.planned()
    change(settled, 2, grade="good", cost=Decimal(15))
    assert settled.planned().counts == dict.fromkeys("abc", 1)
    change(settled, 2, grade="bad", cost=Decimal(15))

    assert settled.planned().counts == dict.fromkeys("abc", 1)


def test_another_guard_reaches_all(settled: World) -> None:
    settled.say("rules/guards.yaml", variant("rules/guards.yaml", "size"))

    assert settled.planned().counts == ALL


def test_another_bound_of_a_guard_reaches_all(settled: World) -> None:
    change(settled, 2, cost=Decimal(16))
    settled.planned()
    settled.say("rules/guards.yaml", variant("rules/guards.yaml", "1.3", "moves"))

    assert settled.planned().counts == ALL
    assert settled.plan is not None
    assert "LIVE_BREAKS_GUARD" in settled.plan.read_text(encoding="utf-8")


def test_a_line_before_the_guards_reaches_what_names_it(settled: World) -> None:
    change(settled, 3, cost=Decimal(30))
    settled.planned()
    settled.say("rules/guards.yaml", variant("rules/guards.yaml", "# a line"))
    found = settled.planned()

    assert found.counts == dict.fromkeys("abc", 1)
    assert settled.plan is not None
    assert '"place":"rules/guards.yaml:5:' in settled.plan.read_text(encoding="utf-8")


def test_a_window_of_guards_that_opens_reaches_all(settled: World) -> None:
    settled.say("rules/dated.yaml", 1)
    assert settled.planned().counts == ALL
    settled.as_of += timedelta(hours=1)
    assert settled.planned().counts == NONE
    settled.as_of += timedelta(days=1)

    assert settled.planned().counts == ALL


def test_an_approval_that_ends_reaches_all(settled: World) -> None:
    settled.say("rules/approvals.yaml", 1)
    settled.planned()
    change(settled, 1, asked=Decimal(13))
    settled.planned()
    settled.as_of += timedelta(days=2)
    found = settled.planned()

    assert found.counts == ALL
    assert found.reached["a"].why == ("guards: the moment decides otherwise",)


def test_an_age_that_crosses_the_cut_of_a_guard_reaches_its_skus(settled: World) -> None:
    settled.say("rules/guards.yaml", variant("rules/guards.yaml", "aged", "size"))
    settled.planned()
    change(settled, 1, listed_on=date(2026, 10, 18))
    settled.planned()
    settled.as_of += timedelta(days=1)

    assert settled.planned().counts == dict.fromkeys("abc", 1)


def test_the_folder_of_a_marketplace_reaches_its_accounts(settled: World) -> None:
    settled.say("marketplaces/second/marketplace.yaml", 1)
    found = settled.planned()

    assert found.counts == {"a": 0, "b": 0, "c": 5}
    assert found.reached["c"].why == ("the folder of its marketplace has changed",)


def test_a_setting_of_an_account_reaches_those_that_share_its_stock(settled: World) -> None:
    settled.say("offerwright.yaml", 1)

    assert settled.planned().counts == ALL


def test_what_the_ledger_learns_of_one_account_reaches_all_of_them(settled: World) -> None:
    settled.store.observe("b", "S2", Values(sku="S2", quantity=7), now=settled.now)

    assert settled.planned().counts == dict.fromkeys("abc", 1)
    assert settled.planned().counts == NONE


def test_a_listing_without_a_row_is_ended_once(settled: World) -> None:
    settled.say("rules/guards.yaml", 1)
    settled.planned()
    settled.store.save_listing("a", "X", "id", now=settled.now)
    assert settled.planned().counts == NONE
    assert settled.plan is not None and '"sku":"X"' in settled.plan.read_text(encoding="utf-8")
    settled.rows = settled.rows[1:]
    settled.planned()
    assert '"action":"end"' in settled.plan.read_text(encoding="utf-8")
    settled.confirmed()
    settled.planned()
    following = settled.planned()

    assert {name: gone.to_list() for name, gone in following.gone.items()} == {
        "a": [], "b": [], "c": [],
    }  # fmt: skip


def test_a_ledger_from_before_the_last_plan_is_read_whole(shop: World) -> None:
    shop.planned()
    shop.backed_up()
    shop.confirmed()
    shop.planned()
    shop.planned()
    shop.restored()
    found = shop.planned()

    assert found.counts == ALL
    assert found.reached["a"].why == ("the ledger does not know the moment that was remembered",)
    assert shop.planned().counts == ALL  # it is all to be sent again


class Busy:
    """The store of a machine where something happens after every bookmark."""

    def __init__(self, store: Store, happens: Callable[[], None]) -> None:
        self._store, self._happens = store, happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def bookmark(self, name: str, **more: Any) -> str:
        token = self._store.bookmark(name, **more)
        self._happens()
        return token


def test_what_is_written_while_a_plan_begins_is_planned_once_more(settled: World) -> None:
    store = settled.store
    seen = Values(sku="S2", quantity=7)
    settled.store = Busy(  # type: ignore[assignment]
        store, lambda: store.observe("b", "S2", seen, now=settled.now)
    )
    settled.planned()
    settled.store = store

    assert settled.planned().counts == dict.fromkeys("abc", 1)
    assert settled.planned().counts == NONE


def test_a_backup_from_while_a_plan_began_knows_less_than_the_plan(settled: World) -> None:
    change(settled, 3, asked=Decimal(21))
    settled.planned()
    store = settled.store

    def goes_on() -> None:
        settled.backed_up()
        settled.store = store
        settled.confirmed()

    settled.store = Busy(store, goes_on)  # type: ignore[assignment]
    assert settled.planned().reached["a"].why == ()
    settled.restored()

    assert settled.planned().counts == dict.fromkeys("abc", 1)


def test_accounts_are_remembered_beside_each_other(settled: World) -> None:
    settled.say("rules/stock.yaml", 3)
    settled.accounts = ("a",)
    found = settled.planned()
    assert found.reached["a"].why == ("it is planned beside other accounts",)
    assert settled.planned().counts == {"a": 0}
    settled.accounts = ("a", "b", "c")

    assert settled.planned().counts == {"a": 5, "b": 0, "c": 0}


def test_rows_in_another_order_are_not_planned_again(settled: World) -> None:
    change(settled, 0, cost=Decimal(30))
    change(settled, 1, cost=Decimal(40))
    settled.planned()
    settled.rows = settled.rows[::-1]

    assert settled.planned().counts == NONE


def test_a_refusal_is_remembered_with_its_words(settled: World) -> None:
    change(settled, 3, asked=Decimal(21))
    settled.planned()
    settled.refused()
    settled.planned()
    found = settled.planned()

    assert found.counts == NONE
    assert settled.plan is not None
    assert "refused before: BAD no" in settled.plan.read_text(encoding="utf-8")


def test_what_a_window_withheld_is_planned_again_when_its_days_are_over(shop: World) -> None:
    shop.say("rules/guards.yaml", 8)
    shop.planned()
    shop.confirmed()
    for price in (26, 33):
        shop.as_of += timedelta(days=1)
        shop.rows = [{**one, "asked": Decimal(price)} for one in ROWS]
        shop.planned()
        shop.confirmed()
    held = priced(shop)
    shop.planned()
    still = shop.planned()
    shop.as_of += timedelta(days=3)
    over = shop.planned()
    shop.confirmed()

    assert held == {"26.00"}, "33.00 is 65 % above the 20.00 of the window"
    assert still.counts == ALL, "they wait for days to pass, which no input tells of"
    assert over.counts == ALL
    assert priced(shop) == {"33.00"}


def priced(shop: World) -> set[Any]:
    """The prices that are confirmed on account a."""
    return {row["price"] for row in shop.store.ledger_frame("a").iter_rows(named=True)} - {None}
