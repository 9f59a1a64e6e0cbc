"""How far a change reaches: what is computed again, and what is left as it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from engine_under_test import live_frame, shop_files, sound
from incremental.test_equals_full_run import full
from typed_rows import frame_from_rows

from offerwright.incremental.memory import Memory
from offerwright.incremental.run import Incremental, incremental, remembering
from offerwright.incremental.standing import Asked

NOON = datetime(2026, 11, 24, 15, tzinfo=UTC)
FILES = {
    **shop_files("catalogue", "stock", "kits", "competitors"),
    "rules/facts.yaml": """\
kind: facts
name: shop
facts:
  name: {type: text, from: catalogue.name}
  note: {type: text, from: catalogue.note}
  cost: {type: money, from: catalogue.cost}
  cost_usd: {type: money, currency: USD, from: catalogue.cost_usd}
  listed_on: {type: date, from: catalogue.listed_on}
  stock: {type: map of integer, from: stock.on_hand, key: node}
  parts: {type: map of integer, from: kits.units, key: component}
  seen: {type: money, from: competitors.price, per: marketplace}
derive:
  age: days(as_of - listed_on)
""",
    "rules/prices.yaml": """\
kind: pricing
name: prices
steps:
  - {id: base, phase: base, set: {price: cost * 2}}
  - {id: old, phase: adjust, when: {age: ">= 30"}, set: {price: price * 0.9}}
""",
    "rules/beta.yaml": """\
kind: pricing
name: beta
for: {marketplace: beta}
steps:
  - {id: follow, phase: competitor, when: {seen: present}, set: {price: "min(price, seen)"}}
""",
    "rules/stock.yaml": """\
kind: inventory
name: stock
pool: {on_hand: stock}
kits: {components: parts}
allocate: {method: partition, marketplaces: [{account: a, share: 60%}, {account: b, share: 40%}]}
""",
    "rules/texts.yaml": """\
kind: mapping
name: texts
title: {try: ["{{ name }}"], max: 60}
""",
}
ROWS: list[dict[str, Any]] = [
    {"sku": f"S{n}", "name": f"Mug {n}", "note": "", "cost": Decimal(n + 1), "stock": {"sp": 10},
     "cost_usd": Decimal(n + 1), "listed_on": date(2026, 11, n + 1)}
    for n in range(8)
]  # fmt: skip
ALL = {"told": 8, "stock": 8}
NONE = {"told": 0, "stock": 0}


@dataclass(frozen=True)
class Shop:
    files: Mapping[str, str] = field(default_factory=lambda: FILES)
    rows: tuple[dict[str, Any], ...] = tuple(ROWS)
    as_of: datetime = NOON
    live: Mapping[str, Any] = field(default_factory=dict)

    def having(self, sku: str, **more: Any) -> Shop:
        """With other facts of one SKU."""
        return replace(self, rows=tuple({**r, **more} if r["sku"] == sku else r for r in self.rows))

    def saying(self, file: str, old: str, new: str) -> Shop:
        """With one file that says something else."""
        text = self.files.get(file, "")
        assert old in text
        return replace(self, files={**self.files, file: text.replace(old, new)})

    @property
    def asked(self) -> Asked:
        loadout = sound(self.files)
        frame = frame_from_rows(loadout.schema, self.rows)
        live = {account: live_frame(offers) for account, offers in self.live.items()}
        return Asked(loadout.rules, frame, self.as_of, live)


def remembered(shop: Shop) -> Memory:
    return remembering(incremental(None, shop.asked))[1]


def after(change: Shop, before: Shop | None = None) -> Incremental:
    """The run after a change; it says what a full run says."""
    found = incremental(remembered(before or Shop()), change.asked)
    listings = remembering(found)[0]
    expected = full(change.asked)

    assert {a: f.to_dicts() for a, f in listings.items()} == {
        a: f.to_dicts() for a, f in expected.items()
    }
    return found


def skus(found: Incremental, account: str, side: str) -> list[str]:
    """What is computed again."""
    mask = found.affected.masks[account][side]  # type: ignore[index]
    return found.asked.snapshot["sku"].filter(pl.Series(mask)).to_list()


def test_the_first_run_computes_everything_and_says_so() -> None:
    found = incremental(None, Shop().asked)

    assert found.counts == {"a": ALL, "b": ALL}
    assert {(r.account, r.side, r.why) for r in found.reasons} == {
        (account, side, "nothing was remembered") for account in "ab" for side in ("told", "stock")
    }


def test_nothing_is_computed_where_nothing_has_changed() -> None:
    found = after(replace(Shop(), as_of=NOON + timedelta(minutes=7)))

    assert (found.counts, found.reasons) == ({"a": NONE, "b": NONE}, ())


@pytest.mark.parametrize(
    ("more", "told", "stock"),
    [
        ({"cost": Decimal(99)}, ["S3"], []),
        ({"name": "Cup"}, ["S3"], []),
        ({"stock": {"sp": 3}}, [], ["S3"]),
        ({"stock": {"sp": 10, "rj": 4}}, [], ["S3"]),
        ({"cost": Decimal(99), "stock": {"sp": 3}}, ["S3"], ["S3"]),
        # No rule reads it.
        ({"note": "dusty"}, [], []),
        ({"listed_on": None}, [], []),
        # From 21 days to 50: the row of the table that matches is another.
        ({"listed_on": date(2026, 10, 5)}, ["S3"], []),
        ({"listed_on": date(2026, 11, 9)}, [], []),
    ],
)
def test_a_fact_reaches_the_halves_of_offers_that_read_it(
    more: dict[str, Any], told: list[str], stock: list[str]
) -> None:
    before = Shop().having("S3", listed_on=date(2026, 11, 3)) if more.get("listed_on") else None
    found = after((before or Shop()).having("S3", **more), before)
    expected = told if more.get("listed_on", 0) is not None else ["S3"]

    assert [skus(found, account, "told") for account in "ab"] == [expected, expected]
    assert [skus(found, account, "stock") for account in "ab"] == [stock, stock]


def test_a_fact_of_a_marketplace_reaches_its_accounts_only() -> None:
    found = after(Shop().having("S5", seen={"alpha": Decimal(1), "beta": Decimal(1)}))

    # The account a sees its competitor's price too, and no rule of it reads that.
    assert (skus(found, "a", "told"), skus(found, "b", "told")) == ([], ["S5"])


def test_new_and_vanished_skus_reach_no_other() -> None:
    shop = Shop()
    rows = (*shop.rows[2:], {**shop.rows[0], "sku": "NEW"})
    found = after(replace(shop, rows=rows[::-1]))

    assert [skus(found, a, s) for a in "ab" for s in ("told", "stock")] == [["NEW"]] * 4


def test_a_component_reaches_all_that_share_it() -> None:
    shop = Shop().having("S0", parts={"S1": 2}).having("S2", parts={"S1": 1, "S3": 1})
    found = after(shop.having("S3", stock={"sp": 1}), shop)

    assert skus(found, "a", "stock") == skus(found, "b", "stock") == ["S0", "S1", "S2", "S3"]
    assert found.counts["a"]["told"] == 0


def test_what_leaves_a_kit_is_computed_once_more() -> None:
    shop = Shop().having("S0", parts={"S1": 2, "S4": 1})
    found = after(shop.having("S0", parts={"S1": 2}), shop)

    assert skus(found, "a", "stock") == ["S0", "S1", "S4"]


def test_a_component_that_leaves_the_catalogue_reaches_its_kits() -> None:
    shop = Shop().having("S0", parts={"S1": 2, "S7": 1})
    found = after(replace(shop, rows=shop.rows[:7]), shop)

    assert skus(found, "a", "stock") == ["S0", "S1"]


def test_a_document_reaches_the_accounts_it_is_for() -> None:
    found = after(Shop().saying("rules/beta.yaml", "min(price, seen)", "min(price, seen - 0.01)"))

    assert found.counts == {"a": NONE, "b": {"told": 8, "stock": 0}}
    assert [(r.account, r.side, r.why) for r in found.reasons] == [
        ("b", "told", "pricing beta has changed")
    ]


def test_rules_about_stock_leave_prices_alone() -> None:
    found = after(Shop().saying("rules/stock.yaml", "60%", "50%"))

    assert found.counts == {a: {"told": 0, "stock": 8} for a in "ab"}


def test_a_new_document_about_prices_leaves_stock_alone() -> None:
    more = "kind: pricing\nname: dear\nfor: {sku: S1}\nsteps: [{id: x, phase: adjust, set: {price: price + 1}}]\n"
    found = after(replace(Shop(), files={**FILES, "rules/dear.yaml": more}))

    assert found.counts == {a: {"told": 8, "stock": 0} for a in "ab"}
    assert {r.why for r in found.reasons} == {"pricing dear is new"}


def test_a_comment_reaches_only_what_is_blocked_with_its_line() -> None:
    shop = Shop().having("S6", cost=None)
    found = after(shop.saying("rules/prices.yaml", "steps:", "# moved\nsteps:"), shop)

    assert [skus(found, account, "told") for account in "ab"] == [["S6"], ["S6"]]


def test_lists_and_facts_that_no_rule_names_reach_nothing() -> None:
    more = {"rules/words.yaml": "kind: lists\nname: words\nvalues: [x, y]\n"}
    facts = FILES["rules/facts.yaml"].replace(
        "  note:", "  other: {type: text, from: catalogue.other}\n  note:"
    )
    found = after(replace(Shop(), files={**FILES, **more, "rules/facts.yaml": facts}))

    assert found.counts == {"a": NONE, "b": NONE}


def test_a_day_later_only_what_the_day_changes_is_computed() -> None:
    # S0 was listed on the 1st, S1 on the 2nd: noon of the 1st of December is day 30 of S0.
    found = after(
        replace(Shop(), as_of=datetime(2026, 12, 1, 15, tzinfo=UTC)),
        replace(Shop(), as_of=datetime(2026, 11, 30, 15, tzinfo=UTC)),
    )

    assert [skus(found, account, "told") for account in "ab"] == [["S0"], ["S0"]]


@pytest.mark.parametrize(
    ("minute", "counts"), [(-1, NONE), (0, {"told": 8, "stock": 0}), (1, {"told": 8, "stock": 0})]
)
def test_a_window_reaches_its_accounts_when_it_opens(minute: int, counts: dict[str, int]) -> None:
    opens = datetime(2026, 11, 27, 3, tzinfo=UTC)
    dated = "for: {marketplace: beta}\nvalid: {from: 2026-11-27}"
    shop = Shop().saying("rules/beta.yaml", "for: {marketplace: beta}", dated)
    found = after(replace(shop, as_of=opens + timedelta(minutes=minute)), shop)

    assert found.counts == {"a": NONE, "b": counts}
    assert {r.why for r in found.reasons} == (
        {"the moment decides otherwise"} if minute >= 0 else set()
    )


def test_a_rate_reaches_who_converts_at_it() -> None:
    rates = """\
kind: lists
name: exchange
rates:
  - {from: USD, to: BRL, rate: 5.10, valid: {before: 2026-11-25}}
  - {from: USD, to: BRL, rate: 5.20, valid: {from: 2026-11-25, before: 2026-11-26}}
  - {from: USD, to: BRL, rate: 5.20, valid: {from: 2026-11-26, before: 2027-01-01}}
"""
    files = {**FILES, "rules/exchange.yaml": rates}
    shop = replace(Shop(), files=files).saying(
        "rules/beta.yaml", "min(price, seen)", "min(price, convert(cost_usd, currency))"
    ).saying("rules/beta.yaml", "{seen: present}", "{cost: present}")  # fmt: skip
    days = [replace(shop, as_of=NOON + timedelta(days=n)) for n in range(3)]

    assert after(days[1], days[0]).counts == {"a": NONE, "b": {"told": 8, "stock": 0}}
    # Another row of the list, and the same rate.
    assert after(days[2], days[1]).counts == {"a": NONE, "b": NONE}


def test_what_was_confirmed_reaches_rules_that_look_at_it() -> None:
    shop = Shop().saying(
        "rules/stock.yaml", "{account: b, share: 40%}",
        "{account: b, share: 40%, hysteresis: {zero_below: 2, back_at: 3}}",
    )  # fmt: skip
    told = replace(shop, live={"b": {"S2": {"quantity": 0, "price": Decimal(1)}}})
    found = after(told, shop)

    # The oversell bound is of all accounts together.
    assert [skus(found, account, "stock") for account in "ab"] == [["S2"], ["S2"]]
    assert found.counts["b"]["told"] == 0


def test_orders_that_were_read_too_long_ago_reach_their_skus_only() -> None:
    facts = FILES["rules/facts.yaml"].replace(
        "  note:", "  read_at: {type: datetime, from: catalogue.read_at}\n  note:"
    )
    shop = replace(Shop(), files={**FILES, "rules/facts.yaml": facts}).saying(
        "rules/stock.yaml", "{account: a, share: 60%}",
        "{account: a, share: 60%, raise_needs: {orders_read: read_at, within: 30 minutes}}",
    )  # fmt: skip
    shop = replace(shop, rows=tuple({**r, "read_at": NOON} for r in shop.rows))
    shop = shop.having("S4", read_at=NOON - timedelta(minutes=25))
    later = replace(shop, as_of=NOON + timedelta(minutes=6))

    assert skus(after(later, shop), "a", "stock") == ["S4"]


def test_accounts_that_were_not_remembered_are_computed_whole() -> None:
    shop = Shop()
    memory = remembering(incremental(None, replace(shop.asked, accounts=("a",))))[1]
    found = incremental(memory, shop.asked)

    assert found.counts == {"a": NONE, "b": ALL}
    assert {r.why for r in found.reasons} == {"the account was not remembered"}
