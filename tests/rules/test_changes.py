"""Every moment at which something changes by itself is listed once, with its place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from engine_under_test import marketplace_files, offers_of, sound, told

from offerwright.expressions.parse import EPOCH, microseconds
from offerwright.guards.changes import all_changes
from offerwright.pipeline import Loadout

SHOP = """\
kind: shop
name: shop
time_zone: {zone}
currency: BRL
accounts:
  a: {{marketplace: alpha}}
  b: {{marketplace: alpha}}
sources:
  catalogue: {{file: data/catalogue.csv}}
"""
FACTS = "kind: facts\nname: facts\nfacts:\n  cost: {type: money, from: catalogue.cost}\n"
BASE = "kind: pricing\nname: base\nsteps: [{id: b, phase: base, set: {price: cost}}]\n"


def loadout(zone: str = "America/Sao_Paulo", **files: str) -> Loadout:
    named = {f"rules/{name}.yaml": text for name, text in files.items()}
    return sound(
        {"offerwright.yaml": SHOP.format(zone=zone), "rules/facts.yaml": FACTS,
         "rules/base.yaml": BASE, **marketplace_files("alpha"), **named}
    )  # fmt: skip


def listed(
    rules: Loadout, start: str = "2000-01-01T00:00:00+00:00", end: str | None = None
) -> list[tuple[str, str, str, str]]:
    found = all_changes(
        rules.rules, rules.guards, microseconds(datetime.fromisoformat(start)),
        None if end is None else microseconds(datetime.fromisoformat(end)),
    )  # fmt: skip
    return [(_moment(c.at), c.what, c.happens, f"{c.span.file}:{c.span.line}") for c in found]


def _moment(at: int) -> str:
    return (EPOCH + timedelta(microseconds=at)).isoformat()


def prices(rules: Loadout, moment: datetime) -> list[Any]:
    offers = offers_of(rules, [{"sku": "A", "cost": 100}], moment)
    return [told(offers[name])[0]["price"] for name in ("a", "b")]


def test_both_ends_of_a_document_and_of_a_row_are_listed_for_all_accounts() -> None:
    rules = loadout(
        sale=(
            "kind: pricing\nname: sale\n"
            "valid:\n  from: 2026-11-01\n  before: 2026-12-01\n"
            "steps:\n  - id: s\n    phase: adjust\n    rules:\n"
            "      - {id: r, valid: {from: 2026-11-10, before: 2026-11-20}, then: {off: 10%}}\n"
            "    set: {price: price * (1 - off)}\n"
        )
    )

    assert listed(rules) == [
        ("2026-11-01T03:00:00+00:00", "pricing sale", "begins", "rules/sale.yaml:4"),
        ("2026-11-10T03:00:00+00:00", "sale/s/r", "begins", "rules/sale.yaml:10"),
        ("2026-11-20T03:00:00+00:00", "sale/s/r", "ends", "rules/sale.yaml:10"),
        ("2026-12-01T03:00:00+00:00", "pricing sale", "ends", "rules/sale.yaml:5"),
    ]
    found = all_changes(rules.rules, rules.guards, 0)
    assert {change.accounts for change in found} == {("a", "b")}


def test_the_first_moment_is_in_and_the_last_is_not() -> None:
    rules = loadout(fx=(
        "kind: lists\nname: fx\n"
        "rates: [{from: USD, to: BRL, rate: 5, valid: {from: 2026-11-01, before: 2026-12-01}}]\n"
    ))  # fmt: skip
    begins = ("2026-11-01T03:00:00+00:00", "fx: the rate from USD to BRL", "begins",
              "rules/fx.yaml:3")  # fmt: skip

    assert listed(rules, "2026-11-01T03:00:00+00:00", "2026-12-01T03:00:00+00:00") == [begins]
    assert listed(rules, "2026-11-01T03:00:00.000001+00:00", "2026-12-01T03:00:00+00:00") == []


def test_a_row_of_a_document_that_is_not_in_force_changes_nothing() -> None:
    rules = loadout(
        sale=(
            "kind: pricing\nname: sale\nvalid: {before: 2026-11-15}\n"
            "steps:\n  - id: s\n    phase: adjust\n    rules:\n"
            "      - {id: r, valid: {from: 2026-11-10, before: 2026-11-20}, then: {off: 10%}}\n"
            "    set: {price: price * (1 - off)}\n"
        )
    )

    assert [(what, happens) for _, what, happens, _ in listed(rules)] == [
        ("sale/s/r", "begins"), ("pricing sale", "ends"),
    ]  # fmt: skip


def test_conditions_on_the_clock_guards_and_approvals_are_listed() -> None:
    rules = loadout(
        sale=(
            "kind: pricing\nname: sale\nsteps:\n"
            "  - {id: s, phase: adjust, when: {today: 2026-12-24}, set: {price: price - 1}}\n"
            "  - {id: t, phase: adjust, when: {as_of: \"< 2026-12-24T12:00:00-03:00\"},"
            " set: {price: price - 1}}\n"
        ),
        money=(
            "kind: guards\nname: money\nvalid: {before: 2026-12-31}\n"
            "guards: [{id: step, check: step_from_live, down: 5%, else: needs_approval}]\n"
        ),
        agreed=(
            "kind: approvals\nname: agreed\napproves:\n"
            "  - {guard: step, down: 9%, reason: agreed, approver: maria, expires: 2026-12-24}\n"
        ),
    )  # fmt: skip

    assert listed(rules) == [
        ("2026-12-24T03:00:00+00:00", "sale/s", "begins", "rules/sale.yaml:4"),
        ("2026-12-24T15:00:00+00:00", "sale/t", "ends", "rules/sale.yaml:5"),
        ("2026-12-25T03:00:00+00:00", "approval agreed of step", "ends", "rules/agreed.yaml:4"),
        ("2026-12-25T03:00:00+00:00", "sale/s", "ends", "rules/sale.yaml:4"),
        ("2026-12-31T03:00:00+00:00", "guard money/step", "ends", "rules/money.yaml:4"),
    ]


def test_the_days_of_a_guard_and_of_an_approval_are_listed_while_these_count() -> None:
    rules = loadout(
        money=(
            "kind: guards\nname: money\nvalid: {before: 2026-12-31}\nguards:\n"
            "  - {id: step, check: step_from_live, down: 5%, else: needs_approval, "
            "when: {today: '[2026-12-01..2027-02-01)'}}\n"
        ),
        christmas=(
            "kind: approvals\nname: christmas\napproves:\n"
            "  - {guard: step, down: 9%, select: {today: '>= 2026-12-20'}, reason: agreed, "
            "approver: maria, expires: 2026-12-24}\n"
        ),
    )

    # The guard's document ends before February: what its `when` does then is nothing.
    assert listed(rules, "2026-11-01T00:00:00+00:00") == [
        ("2026-12-01T03:00:00+00:00", "guard money/step", "begins", "rules/money.yaml:5"),
        (
            "2026-12-20T03:00:00+00:00",
            "approval christmas of step",
            "begins",
            "rules/christmas.yaml:4",
        ),
        (
            "2026-12-25T03:00:00+00:00",
            "approval christmas of step",
            "ends",
            "rules/christmas.yaml:4",
        ),
        ("2026-12-31T03:00:00+00:00", "guard money/step", "ends", "rules/money.yaml:5"),
    ]


@pytest.mark.parametrize(
    ("zone", "moments"),
    [
        # Clocks go back on 25 October: the day has 25 hours.
        ("Europe/Berlin", ("2026-10-24T22:00:00+00:00", "2026-10-25T23:00:00+00:00")),
        # In Santiago it has 24.
        ("America/Santiago", ("2026-10-25T03:00:00+00:00", "2026-10-26T03:00:00+00:00")),
    ],
)
def test_a_day_on_which_the_clock_is_moved_begins_and_ends_at_its_own_midnights(
    zone: str, moments: tuple[str, str]
) -> None:
    rules = loadout(zone, sale=(
        "kind: pricing\nname: sale\nvalid: {from: 2026-10-25, before: 2026-10-26}\n"
        "steps: [{id: s, phase: adjust, set: {price: price / 2}}]\n"
    ))  # fmt: skip

    assert [at for at, *_ in listed(rules)] == list(moments)
    for at, before, after in ((moments[0], 100, 50), (moments[1], 50, 100)):
        moment = datetime.fromisoformat(at)
        just_before = datetime.fromtimestamp(moment.timestamp() - 1, UTC)
        assert prices(rules, just_before) == [before, before]
        assert prices(rules, moment) == [after, after]


def test_a_midnight_that_the_clock_jumps_over_is_the_moment_after_the_jump() -> None:
    rules = loadout("America/Santiago", sale=(
        "kind: pricing\nname: sale\nvalid: {from: 2026-09-06}\n"
        "steps: [{id: s, phase: adjust, set: {price: price / 2}}]\n"
    ))  # fmt: skip
    jump = datetime(2026, 9, 6, 4, 0, tzinfo=UTC)  # 00:00 -04 becomes 01:00 -03

    assert [at for at, *_ in listed(rules)] == [jump.isoformat()]
    assert prices(rules, jump) == [50, 50]
    assert prices(rules, datetime(2026, 9, 6, 3, 59, 59, tzinfo=UTC)) == [100, 100]
