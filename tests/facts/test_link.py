"""Facts documents and shops with mistakes: `tests/cases/facts/mistakes.yaml`."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest
import yaml
from facts.small_shop import ROOT, cases, facts_text, link

from offerwright.errors import Span
from offerwright.expressions.types import Type, money
from offerwright.facts.schema import DerivedDef, FactDef

SOURCES = {"catalogue": {"file": "c.csv"}, "stock": {"file": "s.csv"}}
SHOP = {"kind": "shop", "name": "small", "time_zone": "America/New_York", "currency": "BRL"}


def written_shop(changes: dict[str, Any]) -> str:
    accounts = {"meli": {"marketplace": "mercadolibre"}, "amazon": {"marketplace": "amazon"}}
    data = {**SHOP, "accounts": accounts, "sources": SOURCES, **changes}
    return yaml.safe_dump(data, sort_keys=False)


def underlined(files: dict[str, str], span: Span) -> str:
    assert span.line == span.end_line
    return files[span.file].splitlines()[span.line - 1][span.column - 1 : span.end_column - 1]


@pytest.mark.parametrize("case", cases("mistakes.yaml"), ids=lambda case: case["name"])
def test_a_mistake_is_found_at_its_place(case: dict[str, Any]) -> None:
    shop = written_shop(case.get("shop", {}))
    documents = [facts_text(case["facts"])]
    if "derive" in case:
        documents[0] += yaml.safe_dump({"derive": case["derive"]})
    if "more_facts" in case:
        documents.append(facts_text(case["more_facts"], name="more"))
    files = {f"rules/facts-{n}.yaml": text for n, text in enumerate(documents, 1)}

    _, _, found = link(documents, shop)

    files["offerwright.yaml"] = shop
    places = [[d.code, underlined(files, d.span)] for d in found if d.span]
    assert places == [one[:2] for one in case["found"]]
    for one, diagnostic in zip(case["found"], found, strict=True):
        texts = [diagnostic.message, diagnostic.hint]
        assert [*one[2:], *texts[len(one[2:]) :]] == texts


def test_a_fact_knows_where_it_comes_from_and_what_it_holds() -> None:
    facts = {
        "stock": {
            "type": "map of integer",
            "from": "stock.on_hand",
            "key": "node",
            "missing": 0,
            "minimum": 0,
        },
        "rival": {"type": "money", "from": "rivals.price", "per": "account"},
        "weight": {"type": "weight", "from": "catalogue.grams", "unit": "g"},
    }
    sources = {**SOURCES, "rivals": {"file": "r.csv"}}

    schema, _, found = link([facts_text(facts)], written_shop({"sources": sources}))

    file = "rules/facts-1.yaml"
    assert found == []
    assert schema.facts["stock"] == FactDef(
        "stock", Type("map", of=Type("integer")), "stock", "on_hand", Span(file, 4, 3, 4, 8),
        key="node", missing=0, minimum=Decimal(0),
    )  # fmt: skip
    assert schema.facts["rival"].type == money("BRL")
    assert schema.facts["weight"].unit == "g"
    assert schema.fixed_columns("rival") == ("rival@amazon", "rival@meli")
    assert schema.fixed_columns("stock") == ()
    assert schema.fixed_columns("weight") == ("weight",)
    assert list(schema.sources) == ["catalogue", "stock", "rivals"]
    assert schema.universe == "catalogue"


def test_derived_facts_are_handed_on_unparsed() -> None:
    text = facts_text({"listed_on": {"type": "date", "from": "catalogue.d"}})
    text += "derive:\n  age_days: days(as_of - listed_on)\n"

    schema, _, found = link([text], written_shop({}))

    place = Span("rules/facts-1.yaml", 6, 13, 6, 36)
    assert found == []
    assert schema.derived == {
        "age_days": DerivedDef("age_days", "days(as_of - listed_on)", place, "shop")
    }


def test_the_order_of_documents_does_not_matter() -> None:
    first = facts_text({"brand": {"type": "text", "from": "catalogue.brand"}})
    second = facts_text({"colour": {"type": "text", "from": "catalogue.colour"}}, name="more")

    one, _, _ = link([first, second], written_shop({}))
    other, _, _ = link([second, first], written_shop({}))

    assert list(one.facts) == ["brand", "colour"]
    assert list(other.facts) == ["brand", "colour"]


def test_linking_does_not_import_what_only_data_need() -> None:
    program = (
        "import sys, offerwright.facts.link; "
        "print(sorted({'polars', 'numpy', 'pyarrow'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True,
        cwd=ROOT / "engine",
    )  # fmt: skip

    assert done.stdout == "[]\n"
