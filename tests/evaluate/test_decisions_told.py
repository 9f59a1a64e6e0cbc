"""What `explain` says of decisions: the results, the rows that gave them, where they stand."""

from __future__ import annotations

from datetime import UTC, datetime

from engine_under_test import marketplace_files, offers_of, sound

from offerwright.evaluate.trace import Decided, trace

FILES = {
    "offerwright.yaml": "kind: shop\nname: s\ntime_zone: UTC\ncurrency: BRL\naccounts: {a: {marketplace: alpha}}\nsources: {catalogue: {file: c.csv}}\n",
    "rules/f.yaml": "kind: facts\nname: f\nfacts: {cost: {type: money, from: catalogue.cost}, weight: {type: weight, from: catalogue.weight}}\n",
    "rules/d.yaml": """\
kind: decision
name: parcel
results: {size: {type: text}, handling: {type: money}}
hit: first
rules:
  - {id: light, when: {weight: "< 10"}, then: {size: letter, handling: 0.5}}
  - {id: cheap, when: {cost: "< 5"}, then: {size: box, handling: cost}}
otherwise: {size: bulky}
""",
    "rules/t.yaml": """\
kind: decision
name: tags
results: {tags: {type: text}}
hit: collect
take: list
rules:
  - {id: dear, when: {handling: ">= 0.5"}, then: {tags: dear}}
  - {id: small, when: {size: [letter, box]}, then: {tags: {expr: size}}}
""",
    **marketplace_files("alpha"),
}
ROWS = [{"sku": "A", "cost": 2, "weight": 3}, {"sku": "B", "cost": 20, "weight": 30}]


def told(row: int) -> list[tuple[str, dict[str, str], tuple[str, ...], str]]:
    offers = offers_of(sound(FILES), ROWS, datetime(2026, 1, 1, tzinfo=UTC))["a"]
    found: tuple[Decided, ...] = trace(offers, row).decisions
    return [(d.decision, d.results, d.rules, str(d.span)) for d in found]


def test_a_decision_is_told_with_the_row_that_made_it() -> None:
    assert told(0) == [
        ("parcel", {"size": "letter", "handling": "0.50"}, ("light",), "rules/d.yaml:6:10"),
        ("tags", {"tags": "dear, letter"}, ("dear", "small"), "rules/t.yaml:7:10"),
    ]


def test_one_that_fell_to_otherwise_or_matched_nothing_names_no_row() -> None:
    assert told(1) == [
        ("parcel", {"size": "bulky", "handling": "missing"}, (), "rules/d.yaml:2:7"),
        ("tags", {"tags": "missing"}, (), "rules/t.yaml:2:7"),
    ]
