"""What is given comes out of the snapshot as it went in, and what is written is read back."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from testing.small import FILES, HEAD, bed

from offerwright.source.yaml import read_yaml
from offerwright.testing.frame import snapshot_of
from offerwright.testing.given import Product, Written, read_product
from offerwright.testing.wording import cells_text, yaml_text

BED = bed(HEAD)
SCHEMA = BED.bench.schema
ZONE = ZoneInfo("America/Sao_Paulo")

# Texts that YAML would like to read as something else are among them.
TEXTS = st.one_of(
    st.sampled_from(["NO", "true", "null", "0012", "1e5", "12:30", "a: b", "- x", "#1", "missing",
                     "present", "~", "x #y", "[a]", "{b}", "'", '"', "a\\b", "é", "5.00", "%"]),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cf", "Cn")),
            min_size=1, max_size=12).filter(lambda t: t.strip() != "" and "\ufeff" not in t),
)  # fmt: skip
MONEY = st.decimals(Decimal("0.01"), 100_000, places=2)
MOMENTS = st.datetimes(timezones=st.just(UTC)).filter(lambda m: 1900 < m.year < 2200)
FACTS: dict[str, st.SearchStrategy[Any]] = {
    "name": TEXTS,
    "category": st.sampled_from(["phones", "phones/android", "casa e jardim/mesas"]),
    "tier": st.sampled_from(["gold", "silver", "none"]),
    "fragile": st.booleans(),
    "cost": MONEY,
    "discount": st.decimals(0, 1, places=4),
    "weight": st.decimals(0, 100, places=3),
    "pieces": st.integers(-10, 10**12),
    "listed_on": st.dates(),
    "seen_at": MOMENTS.map(lambda m: m.replace(microsecond=0)),
    "lasts": st.integers(1, 10_000).map(lambda minutes: 60 * minutes),
    "colours": st.lists(TEXTS.filter(lambda t: t == t.strip()), min_size=1, max_size=3).map(tuple),
    "stock": st.dictionaries(st.sampled_from(["sp", "rj-1", "no"]), st.integers(0, 99), min_size=1),
    "rival": st.one_of(
        MONEY, st.dictionaries(st.sampled_from(["alpha", "beta"]), MONEY, min_size=1)
    ),
}
PRODUCTS = st.fixed_dictionaries({}, optional=FACTS)


@given(PRODUCTS)
def test_a_product_that_is_written_is_read_back(facts: dict[str, Any]) -> None:
    """The text of a suggested case gives the same facts again."""
    lines = [
        f"  {name}: {cells_text(cells, SCHEMA.facts[name].type, ZONE)}\n"
        for name, cells in facts.items()
    ]
    text = "kind: test\ngiven:\n  sku: A1\n" + "".join(lines)
    located, wrong = read_yaml(text.encode(), "x.test.yaml")
    assert located is not None, (wrong, text)
    written = Written(BED.plans[0].loaded if BED.plans else _loaded(), (), located.data["given"])
    product, found = read_product(written, {}, SCHEMA)

    assert found == []
    assert product == Product("A1", facts)


def _loaded() -> Any:
    from offerwright.source.located import Loaded, Located
    from offerwright.testing.document import RuleTestDocument

    document = RuleTestDocument.model_construct(kind="test", name="x", cases=[])
    return Loaded(document, Located("x.test.yaml", {}, {}, {}))


@given(st.lists(PRODUCTS, min_size=1, max_size=4))
def test_a_snapshot_holds_what_was_given(products: list[dict[str, Any]]) -> None:
    frame = snapshot_of(SCHEMA, [Product(f"S{i}", facts) for i, facts in enumerate(products)])
    rows = frame.to_dicts()

    assert frame["sku"].to_list() == [f"S{i}" for i in range(len(products))]
    for facts, row in zip(products, rows, strict=True):
        for name in ("name", "category", "fragile", "cost", "discount", "weight", "pieces",
                     "listed_on", "seen_at", "lasts"):  # fmt: skip
            assert row[name] == facts.get(name)
        assert row["tier"] == facts.get("tier", "none")
        assert row["colours"] == (list(facts["colours"]) if "colours" in facts else None)
        held = {k.removeprefix("stock."): v for k, v in row.items() if k.startswith("stock.")}
        assert {k: v for k, v in held.items() if v is not None} == facts.get("stock", {})
        rival = facts.get("rival")
        for scope in ("alpha", "beta"):
            wanted = rival.get(scope) if isinstance(rival, dict) else rival
            assert row[f"rival@{scope}"] == wanted


VALUES = st.recursive(
    st.one_of(TEXTS, st.booleans(), st.decimals(-(10**6), 10**6, places=2)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)


@given(VALUES)
def test_flow_yaml_is_read_back(value: Any) -> None:
    located, wrong = read_yaml(f"v: {yaml_text(value)}\n".encode(), "x.yaml")
    assert located is not None, wrong

    assert located.data["v"] == value


def test_the_small_shop_has_a_fact_of_every_type() -> None:
    types = {str(fact.type).split(" ")[0] for fact in SCHEMA.facts.values()}

    assert types >= {"text", "path", "enum", "boolean", "money", "percent", "weight", "integer",
                     "date", "datetime", "duration", "list", "map"}  # fmt: skip
    assert set(FACTS) == set(SCHEMA.facts)
    assert "rules/facts.yaml" in FILES
