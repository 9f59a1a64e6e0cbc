"""A shop of four rules, and tests of them as YAML texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from engine_under_test import shop_files, sound

from offerwright.errors import Diagnostic
from offerwright.pipeline import Loadout, bench_of, linked_tests
from offerwright.testing.coverage import Coverage
from offerwright.testing.link import Bench, CasePlan
from offerwright.testing.suite import Report, coverage_of, run_tests

FILES = {
    **shop_files("catalogue", "stock", "rivals"),
    "rules/facts.yaml": """\
kind: facts
name: shop
facts:
  name: {type: text, from: catalogue.name}
  category: {type: path, from: catalogue.category}
  tier: {type: enum, of: [gold, silver, none], from: catalogue.tier, missing: none}
  fragile: {type: boolean, from: catalogue.fragile}
  cost: {type: money, from: catalogue.cost, minimum: 0.01, maximum: 100000}
  discount: {type: percent, from: catalogue.discount}
  weight: {type: weight, from: catalogue.weight_g, unit: g}
  pieces: {type: integer, from: catalogue.pieces}
  listed_on: {type: date, from: catalogue.listed_on}
  seen_at: {type: datetime, from: catalogue.seen_at}
  lasts: {type: duration, from: catalogue.lasts}
  colours: {type: list of text, from: catalogue.colours}
  stock: {type: map of integer, from: stock.on_hand, key: node}
  rival: {type: money, from: rivals.price, per: marketplace}
derive:
  age_days: days(as_of - listed_on)
""",
    "rules/pricing.yaml": """\
kind: pricing
name: prices
steps:
  - id: markups
    phase: base
    hit: first
    rules:
      - {id: small, when: {category: {under: phones}, cost: 0..500}, then: {markup: 20%}}
      - {id: gold, when: {category: {under: phones}, tier: gold}, then: {markup: 10%}}
    otherwise: {markup: 50%}
    set: {price: cost * (1 + markup)}
  - {id: old, phase: adjust, when: {age_days: ">= 100"}, set: {price: price - 1.00}}
""",
    "rules/sales.yaml": """\
kind: pricing
name: sales
steps:
  - id: sale
    phase: adjust
    when: {category: sale}
    rules:
      - {id: december, when: {}, then: {off: 10%}, valid: {from: 2026-12-01, before: 2026-12-24T12:00:00-03:00}}
    set: {sale_price: price * (1 - off)}
  - {id: five, phase: tiers, when: {category: sale}, tiers: [{from: 5, price: 600.00}]}
""",
    "rules/stock.yaml": """\
kind: inventory
name: stock
pool:
  on_hand: stock
  safety_stock:
    hit: first
    rules: [{id: fragile, when: {fragile: true}, then: {units: 3}}]
    otherwise: {units: 1}
allocate:
  method: partition
  marketplaces: [{marketplace: alpha, share: 60%}, {marketplace: beta, share: 40%}]
""",
    "rules/names.yaml": """\
kind: mapping
name: names
for: {marketplace: alpha}
category:
  rules: [{id: phones, when: {category: {under: phones}}, then: {category: P1}}]
  otherwise: {block: NO_PLACE}
attributes: {NAME: {from: name, required: true}, PIECES: {from: pieces}}
""",
    "rules/guards.yaml": """\
kind: guards
name: money
guards:
  - {id: floor, check: price_at_least, bound: cost * 1.05, else: block}
  - {id: step, check: step_from_live, down: 30%, up: 50%, else: needs_approval}
  - {id: moved, check: share_moved, at_most: 20%, else: needs_approval}
""",
}
HEAD = """\
kind: test
name: sample
as_of: 2026-12-05T10:00:00-03:00
account: a
fixtures:
  phone: {name: Fone, category: phones/android, cost: 480.00, tier: gold, stock: {sp: 10}}
"""


@dataclass(frozen=True)
class Bed:
    """A shop with its tests."""

    loadout: Loadout
    plans: tuple[CasePlan, ...]
    found: list[Diagnostic]

    @cached_property
    def bench(self) -> Bench:
        return bench_of(self.loadout)

    @cached_property
    def report(self) -> Report:
        return run_tests(self.plans, self.bench)

    @cached_property
    def coverage(self) -> Coverage:
        return coverage_of(self.report, self.bench)


def bed(tests: str, files: Mapping[str, str] | None = None) -> Bed:
    """The shop with one test file, `rules/sample.test.yaml`; other files replace its own."""
    every = {**FILES, "rules/sample.test.yaml": tests}
    loadout = sound({**every, **(files or {})})
    plans, found = linked_tests(loadout)
    return Bed(loadout, plans, found)


def cases(*lines: str, head: str = HEAD) -> str:
    """A test file of these cases, one line each."""
    return head + "cases:\n" + "".join(f"  - {line}\n" for line in lines)


def differences(tests: str, files: Mapping[str, str] | None = None) -> list[tuple[str, str, str]]:
    """What differs: what, expected, got; the tests must be in order."""
    here = bed(tests, files)
    assert here.found == []
    return [(d.what, d.expected, d.got) for r in here.report.results for d in r.differences]
