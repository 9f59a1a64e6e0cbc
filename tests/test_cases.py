"""
Every case of `tests/cases/{analysis,expressions,cells,tables,pricing,inventory,mapping,approvals}`.

A case file holds `files` (by path) and `rows` that its cases share. A case adds `files` of its own,
`rows`, `as_of` and `live`, and expects `offers` (by account, then SKU; only what is written is
compared) or `found` (`code`, `at: file:line:column`, `on:` the text the finding points to, `says:`
a phrase of the message or hint; warnings count where they are named, also in `silent`). A case with one of the short forms — `expression`, `cell`,
`template` — asks for one value per row, in `gives`.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from engine_under_test import PROVED, compiled, offers_of, shop_files, sound, told, yaml_of

from offerwright.errors import Diagnostic, has_errors
from offerwright.source.yaml import read_yaml

# Facts of the cases that are whole numbers.
WHOLE = ("stock", "sold", "pack", "promised", "orders", "parts", "big")
CASES = Path(__file__).parent / "cases"
FOLDERS = ("analysis", "expressions", "cells", "tables", "pricing", "inventory", "mapping",
           "approvals")  # fmt: skip
AS_OF = "2026-12-01T01:30:00+00:00"
SHOP = shop_files("catalogue", "stock", "specs", "offers")


def cases() -> list[Any]:
    found = []
    for folder in FOLDERS:
        for path in sorted((CASES / folder).glob("*.yaml")):
            located, wrong = read_yaml(path.read_bytes(), path.name)
            assert located is not None, wrong
            shared = {k: v for k, v in located.data.items() if k != "cases"}
            found += [
                pytest.param(shared, case, id=f"{folder}/{path.stem}: {case['name']}")
                for case in located.data["cases"]
            ]
    return found


def files_of(shared: dict[str, Any], case: dict[str, Any]) -> dict[str, str]:
    files = {
        **SHOP,
        **shared.get("files", {}),
        **case.get("files", {}),
    }
    document = _short_form(case)
    return files if document is None else {**files, "rules/case.yaml": document}


def _short_form(case: dict[str, Any]) -> str | None:
    """The document behind `expression`, `cell` or `template`."""
    if "expression" in case:
        return (
            "kind: pricing\nname: case\nsteps:\n"
            f"  - {{id: it, phase: base, set: {{price: 1, answer: {yaml_of(case['expression'])}}}}}\n"
        )
    if "cell" in case:
        return (
            "kind: pricing\nname: case\nsteps:\n"
            "  - {id: never, phase: base, set: {price: 1, answer: 0}}\n"
            f"  - {{id: it, phase: base, when: {yaml_of(case['cell'])}, set: {{answer: 1}}}}\n"
        )
    if "template" in case:
        return (
            f"kind: mapping\nname: case\nattributes:\n  IT: {{text: {yaml_of(case['template'])}}}\n"
        )
    return None


@pytest.mark.parametrize(("shared", "case"), cases())
def test_case(shared: dict[str, Any], case: dict[str, Any]) -> None:
    files = files_of(shared, case)
    if "found" in case:
        _, found = compiled(files)
        expected = [e if isinstance(e, dict) else {"code": e} for e in case["found"]]
        codes = {e["code"] for e in expected} | set(case.get("silent", ()))
        errors = [d for d in found if d.code in codes or _is_error(d)]
        assert [_told(d, e, files) for d, e in zip(errors, expected, strict=True)] == [
            {**e, "says": e.get("says", "")} for e in expected
        ]
        return
    rows = [_row(row) for row in case.get("rows", shared.get("rows", []))]
    as_of = datetime.fromisoformat(case.get("as_of", shared.get("as_of", AS_OF)))
    offers = offers_of(sound(files), rows, as_of, _live(case))
    said = {a: {o["sku"]: o for o in told(found)} for a, found in offers.items()}
    if "gives" in case:
        assert _answers(said["a"], case) == case["gives"]
    for account, expected_offers in case.get("offers", {}).items():
        for sku, wanted in expected_offers.items():
            assert _shown(said[account][sku], wanted) == wanted, (account, sku)


def _is_error(found: Diagnostic) -> bool:
    """What no case may leave unsaid; warnings, and what is proved of rows, count where named."""
    return has_errors([found]) and found.code not in PROVED


def _told(found: Diagnostic, expected: dict[str, Any], files: dict[str, str]) -> dict[str, Any]:
    """The finding in the words of the expectation."""
    told: dict[str, Any] = {"code": found.code}
    if "at" in expected:
        told["at"] = str(found.span)
    if "on" in expected:
        span = found.span
        assert span is not None and span.line == span.end_line, span
        line = files[span.file].splitlines()[span.line - 1]
        told["on"] = line[span.column - 1 : span.end_column - 1]
    phrase = expected.get("says", "")
    told["says"] = phrase if phrase in f"{found.message}; {found.hint}" else found.message
    return told


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _value(name, value) for name, value in row.items()}


def _value(name: str, value: Any) -> Any:
    if isinstance(value, Decimal) and name in WHOLE:
        return int(value)
    if isinstance(value, dict):
        return {key: _value(name, inner) for key, inner in value.items()}
    if name == "seen_at":
        return datetime.fromisoformat(value)
    if name == "listed_on":
        return datetime.fromisoformat(value).date()
    if name == "lead":
        return int(value)
    return value


def _live(case: dict[str, Any]) -> dict[str, Any]:
    return {
        account: {
            sku: {"price": o.get("price"), "quantity": None if (q := o.get("quantity")) is None else int(q)}
            for sku, o in offers.items()
        }
        for account, offers in case.get("live", {}).items()
    }  # fmt: skip


def _answers(said: dict[str, Any], case: dict[str, Any]) -> list[Any]:
    if "template" in case:
        return [offer["attributes"].get("IT") for offer in said.values()]
    if "cell" in case:
        return [bool(offer["names"].get("answer")) for offer in said.values()]
    answers = []
    for offer in said.values():
        codes = sorted(code for aspect, code in offer["blocks"] if aspect == "price")
        answers.append(codes[0] if codes else offer["names"].get("answer"))
    return answers


def _shown(offer: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """What the case asks for, as YAML data."""
    shown: dict[str, Any] = {}
    for key in wanted:
        value = offer.get(key)
        if key == "blocks":
            value = sorted(f"{aspect}: {code}" for aspect, code in value)
        elif key == "notes":
            value = sorted(value)
        elif key == "tiers":
            value = {str(quantity): price for quantity, price in value.items()}
        elif isinstance(value, datetime):
            value = value.isoformat()
        elif key in ("names", "fired"):
            value = {name: value.get(name) for name in wanted[key]}
        shown[key] = Decimal(value) if isinstance(value, int) else value
    return shown
