"""Every JSON output keeps its schema: over the reference repository, and where things go wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cli.market import Market
from cli.shop import AS_OF, ROOT, Shop
from jsonschema import Draft202012Validator, FormatChecker

FOLDER = ROOT / "schemas" / "output"
NAMES = (
    "apply",
    "blame",
    "bundle",
    "check",
    "diff",
    "difference",
    "explain",
    "holds",
    "impact",
    "offers",
    "orders",
    "plan",
    "profile",
    "replay",
    "review",
    "rollback",
    "runs",
    "shadow",
    "snapshot",
    "test",
    "timeline",
)


def schema(name: str) -> dict[str, Any]:
    held: dict[str, Any] = json.loads((FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))
    return held


def faults(name: str, record: Any) -> list[str]:
    """Where a record breaks the schema."""
    validator = Draft202012Validator(schema(name), format_checker=FormatChecker())
    return [f"{list(e.absolute_path)}: {e.message}" for e in validator.iter_errors(record)]


def test_every_output_has_a_schema_of_the_2020_draft() -> None:
    assert sorted(p.name for p in FOLDER.iterdir()) == [f"{n}.schema.json" for n in NAMES]
    for name in NAMES:
        Draft202012Validator.check_schema(schema(name))
        assert schema(name)["properties"]["version"] == {"const": 1}


def test_check_of_the_reference_shop(reference: Shop) -> None:
    done = reference("check", "-o", "json")

    assert (done.code, faults("check", done.json)) == (0, [])


def test_check_with_findings(shop: Shop) -> None:
    shop.change("rules/pricing.yaml", "cost *", "csot *")
    shop.change("rules/guards.yaml", "kind: guards", "kind: guard")
    shop.write("rules/broken.yaml", "a: [\n")
    done = shop("check", "-o", "json")

    assert (done.code, faults("check", done.json)) == (1, [])
    assert sum(done.json["summary"].values()) == len(done.json["diagnostics"])
    assert done.json["summary"]["errors"] == 3
    files = {d["file"] for d in done.json["diagnostics"]}
    assert {"rules/broken.yaml", "rules/guards.yaml", "rules/pricing.yaml"} <= files


def test_offers_of_the_reference_shop(reference: Shop) -> None:
    done = reference("offers", "-o", "jsonl", "--as-of", AS_OF)
    records = done.records()
    wrong = [f for record in records for f in faults("offers", record)]
    by_sku = {(r["account"], r["sku"]) for r in records}

    assert (done.code, wrong) == (0, [])
    assert len(by_sku) == len(records) == 4 * 498
    assert {r["status"] for r in records} == {"offer", "partial", "blocked"}


def test_a_blocked_offer_names_the_rule_and_its_line(reference: Shop) -> None:
    done = reference("offers", "-o", "jsonl", "--as-of", AS_OF, "--account", "meli")
    blocks = [b for r in done.records() for b in r["blocked"]]
    lines = {
        file: (reference.root / file).read_text(encoding="utf-8").splitlines()
        for file in {b["file"] for b in blocks}
    }

    assert blocks
    assert all(1 <= b["line"] <= len(lines[b["file"]]) for b in blocks)


def skus(reference: Shop) -> dict[str, str]:
    """One SKU of every status on an account."""
    done = reference("offers", "-o", "jsonl", "--as-of", AS_OF, "--account", "meli")
    return {r["status"]: r["sku"] for r in done.records()}


def test_explanations_of_whole_partial_and_blocked_offers(reference: Shop) -> None:
    chosen = skus(reference)
    done = {
        status: reference("explain", sku, "--account", "meli", "--as-of", AS_OF, "-o", "json")
        for status, sku in chosen.items()
    }

    assert {s: (d.code, faults("explain", d.json)) for s, d in done.items()} == dict.fromkeys(
        ("offer", "partial", "blocked"), (0, [])
    )
    assert done["blocked"].json["price"] is None
    assert done["blocked"].json["blocked"]


def test_an_explanation_is_a_chain_that_ends_at_the_price(reference: Shop) -> None:
    for account in ("meli", "amazon", "vtex", "example"):
        found = reference(
            "explain", "PAN-0001", "--account", account, "--as-of", AS_OF, "-o", "json"
        ).json
        steps = found["steps"]

        assert faults("explain", found) == []
        assert [s["before"] for s in steps[1:]] == [s["after"] for s in steps[:-1]]
        assert steps[-1]["after"] == found["price"]
        assert steps[0]["before"] is None


def test_an_explanation_says_what_the_offers_say(reference: Shop) -> None:
    offers = {
        r["account"]: r
        for r in reference("offers", "-o", "jsonl", "--as-of", AS_OF, "--sku", "PAN-0001").records()
    }
    for account, offer in offers.items():
        found = reference(
            "explain", "PAN-0001", "--account", account, "--as-of", AS_OF, "-o", "json"
        ).json

        assert {k: found[k] for k in ("price", "sale_price", "quantity", "category")} == {
            k: offer[k] for k in ("price", "sale_price", "quantity", "category")
        }


def test_bundle_of_the_reference_shop(reference: Shop) -> None:
    assert faults("bundle", reference("bundle", "-o", "json").json) == []


def test_snapshot_of_the_reference_shop(reference: Shop) -> None:
    found = reference("snapshot", "-o", "json").json

    assert faults("snapshot", found) == []
    assert all(s["rows"] == s["kept"] + s["rejected"] for s in found["sources"])


@pytest.mark.parametrize("first", [(), ("--first-publication",)], ids=["withheld", "first"])
def test_plans_of_the_reference_shop(reference: Shop, first: tuple[str, ...]) -> None:
    found = reference("plan", "--as-of", AS_OF, "-o", "json", *first).json
    operations = sum(a["operations"] for a in found["accounts"])

    assert faults("plan", found) == []
    assert operations == len(found["changes"])
    offers = {(w["account"], w["sku"]) for w in found["withheld"]}
    assert sum(a["withheld"] for a in found["accounts"]) == len(offers)
    prices = [c for c in found["changes"] if c["price"][1] is not None]
    assert bool(prices) is bool(first)


def test_reports_of_runs_that_end_well_and_of_others(shop: Shop, market: Market) -> None:
    market.fault(marketplace="quick-market", route="create_offer", sku="AU-1", do="reject")
    arguments = ("--as-of", AS_OF, "--sandbox", market.url, "-o", "json")
    partly = shop("sync", *arguments)
    done = shop("sync", *arguments)
    market.fault(do="status", status=401)
    shop.change("rules/pricing.yaml", "18%", "19%")
    refused = shop("sync", *arguments)

    assert [d.code for d in (partly, done, refused)] == [4, 0, 8]
    for one in (partly, done, refused):
        assert faults("apply", one.json) == []
        assert one.json["exit_code"] == one.code


def test_a_schema_refuses_what_is_not_there(reference: Shop) -> None:
    """The schemas are strict: each required key, and no other one."""
    record = reference("check", "-o", "json").json

    for key in schema("check")["required"]:
        assert faults("check", {k: v for k, v in record.items() if k != key})
    assert faults("check", {**record, "extra": 1})
