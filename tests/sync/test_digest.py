"""The digest that a plan carries: of everything that the plan would say otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest
from guards.catalogue import MAPPING, SHOP, market_files
from guards.one_offer import FACTS, PRICING

from offerwright.errors import has_errors
from offerwright.pipeline import compile_repository
from offerwright.source.repository import Repository

GUARDS = """\
kind: guards
name: guards
guards: [{id: step, check: step_from_live, down: 30%, else: needs_approval}]
"""
APPROVALS = """\
kind: approvals
name: agreed
approves:
  - {guard: step, select: {brand: Acme}, down: 40%, reason: agreed, approver: maria, expires: 2026-11-30}
"""
LISTS = "kind: lists\nname: few\nvalues: [a]\n"
FILES = {
    "offerwright.yaml": SHOP,
    "rules/facts.yaml": FACTS + "  images: {type: list of text, from: all.images}\n",
    "rules/prices.yaml": PRICING,
    "rules/mapping.yaml": MAPPING,
    "rules/guards.yaml": GUARDS,
    "rules/approvals.yaml": APPROVALS,
    "rules/lists.yaml": LISTS,
} | {name: body.decode() for name, body in market_files().items()}


def digest(files: dict[str, str]) -> str:
    contents = {name: text.encode() for name, text in files.items()}
    loadout, found = compile_repository(Repository(Path("/shop"), contents))
    assert loadout is not None and not has_errors(found), found
    return loadout.digest


CHANGES = {
    "a guard": ("rules/guards.yaml", "30%", "20%"),
    "an approval": ("rules/approvals.yaml", "2026-11-30", "2026-11-29"),
    "a fact": ("rules/facts.yaml", "missing: 0", "missing: 1"),
    "a price": ("rules/prices.yaml", "price: asked", "price: cost"),
    "a list": ("rules/lists.yaml", "[a]", "[a, b]"),
    "the shop": ("offerwright.yaml", "shop_id: casa", "shop_id: outra"),
    "a payload": ("marketplaces/example-market/payloads/price.yaml", "list_cents:", "was_cents:"),
    "a limit": ("marketplaces/example-market/marketplace.yaml", "max: 9999", "max: 999"),
    "the fees": ("marketplaces/example-market/fees.yaml", "rate: 13%", "rate: 14%"),
}


@pytest.mark.parametrize(("file", "old", "new"), list(CHANGES.values()), ids=list(CHANGES))
def test_a_change_of_what_a_plan_stands_on_is_another_digest(file: str, old: str, new: str) -> None:
    assert old in FILES[file]
    changed = {**FILES, file: FILES[file].replace(old, new, 1)}

    assert digest(changed) != digest(FILES)


def test_comments_and_the_order_of_files_are_no_change() -> None:
    turned = {name: FILES[name] for name in reversed(list(FILES))}
    turned["rules/guards.yaml"] = "# seen by finance\n" + GUARDS

    assert digest(turned) == digest(FILES)


def test_how_fast_a_marketplace_is_told_is_no_change_of_what_it_is_told() -> None:
    file = "marketplaces/example-market/connector.yaml"
    slower = {**FILES, file: FILES[file].replace("per_second: 5", "per_second: 4")}

    assert slower != FILES
    assert digest(slower) == digest(FILES)
