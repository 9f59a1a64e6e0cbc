"""`check: expires`: what overrides prices of named SKUs must end, and not too late."""

from __future__ import annotations

from typing import Any

import pytest
from cli.shop import Shop
from git_commands import git

NOW = "2026-11-24T12:00:00-03:00"
AUDIO = "{id: audio, when: {category: {under: audio}}, then: {markup: 18%}}"
DOCUMENT = """\
kind: pricing
name: fixed
for: {sku: AU-1}
steps:
  - {id: fix, phase: adjust, set: {price: 150}}
"""
HOLD = """\
kind: guards
name: stops
guards:
  - {id: stop, check: hold, when: {sku: CA-1}, else: block}
"""
APPROVALS = """\
kind: approvals
name: agreed
approves:
  - {guard: step, down: 60%, reason: agreed campaign, approver: maria, expires: 2026-12-20}
"""


@pytest.fixture
def strict(shop: Shop) -> Shop:
    shop.change(
        "rules/guards.yaml", "guards:\n",
        "guards:\n  - {id: end, check: expires, within: 30 days, else: block}\n"
        "  - {id: step, check: step_from_live, down: 30%, else: needs_approval}\n",
    )  # fmt: skip
    return shop


def found(shop: Shop, as_of: str = NOW) -> list[tuple[str, str, str, int]]:
    done = shop("check", "--as-of", as_of, "-o", "json")
    said: list[dict[str, Any]] = done.json["diagnostics"]
    kept = [d for d in said if d["code"].startswith("OVERRIDE")]
    assert done.code == int(any(d["severity"] == "error" for d in said))
    return [(d["code"], d["severity"], d["file"], d["line"]) for d in kept]


def test_rules_for_categories_need_no_end(strict: Shop) -> None:
    assert found(strict) == []


def test_a_document_for_named_skus_must_end(strict: Shop) -> None:
    strict.write("rules/fixed.yaml", DOCUMENT)

    assert found(strict) == [("OVERRIDE_WITHOUT_END", "error", "rules/fixed.yaml", 3)]


@pytest.mark.parametrize(
    ("valid", "said"),
    [
        ("{before: 2026-12-24}", []),
        ("{before: 2026-12-25}", ["OVERRIDE_ENDS_LATE"]),
        ("{from: 2027-03-01, before: 2027-03-31}", []),
        ("{from: 2027-03-01, before: 2027-04-01}", ["OVERRIDE_ENDS_LATE"]),
        ("{before: 2026-11-30}", ["OVERRIDE_ENDS_SOON"]),
        ("{before: 2026-11-20}", []),
    ],
)
def test_its_end_is_measured_from_its_beginning_or_from_now(
    strict: Shop, valid: str, said: list[str]
) -> None:
    strict.write("rules/fixed.yaml", DOCUMENT.replace("steps:", f"valid: {valid}\nsteps:"))

    assert [code for code, *_ in found(strict)] == said


@pytest.mark.parametrize(
    ("when", "valid", "said"),
    [
        ("sku: AU-1", "", ["OVERRIDE_WITHOUT_END"]),
        ("sku: [AU-1, AU-2]", "", ["OVERRIDE_WITHOUT_END"]),
        ("sku: AU-1", ", valid: {before: 2026-12-10}", []),
        ("sku: {not: AU-1}", "", []),
        ("sku: {starts_with: AU}", "", []),
        ("sku: {in: picks}", "", ["OVERRIDE_WITHOUT_END"]),
    ],
)
def test_a_row_for_named_skus_must_end(
    strict: Shop, when: str, valid: str, said: list[str]
) -> None:
    strict.write("rules/picks.yaml", "kind: lists\nname: picks\nvalues: [AU-1, AU-2]\n")
    row = f"{{id: fixed, when: {{{when}}}, then: {{markup: 9%}}{valid}}}"
    strict.change(
        "rules/pricing.yaml", "    rules:\n", f"    hit: first\n    rules:\n      - {row}\n"
    )

    assert [code for code, *_ in found(strict)] == said


def test_a_hold_must_end(strict: Shop) -> None:
    strict.write("rules/stops.yaml", HOLD)

    assert found(strict) == [("OVERRIDE_WITHOUT_END", "error", "rules/stops.yaml", 4)]


def test_an_approval_may_not_last_too_long(strict: Shop) -> None:
    strict.write("rules/approvals.yaml", APPROVALS)
    fits = found(strict)
    strict.change("rules/approvals.yaml", "2026-12-20", "2027-01-20")

    assert fits == []
    assert found(strict) == [("OVERRIDE_ENDS_LATE", "error", "rules/approvals.yaml", 4)]


def test_a_guard_that_warns_lets_check_pass(strict: Shop) -> None:
    strict.write("rules/fixed.yaml", DOCUMENT)
    strict.change(
        "rules/guards.yaml", "within: 30 days, else: block", "within: 30 days, else: warn"
    )

    assert [(code, severity) for code, severity, *_ in found(strict)] == [
        ("OVERRIDE_WITHOUT_END", "warning")
    ]


def test_without_such_a_guard_nothing_is_asked(shop: Shop) -> None:
    shop.write("rules/fixed.yaml", DOCUMENT)

    assert found(shop) == []


def test_a_review_blocks_an_override_without_end(strict: Shop) -> None:
    strict.write(".gitignore", ".offerwright/\n")
    git(strict.root, "init", "-q", "-b", "main")
    git(strict.root, "add", ".")
    git(strict.root, "commit", "-q", "-m", "base")
    strict.write("rules/fixed.yaml", DOCUMENT)
    git(strict.root, "add", ".")
    git(strict.root, "commit", "-q", "-m", "head")
    done = strict("diff", "main~1..main", "--as-of", NOW, "-o", "json")

    assert (done.code, [f["code"] for f in done.json["findings"]]) == (1, ["OVERRIDE_WITHOUT_END"])
