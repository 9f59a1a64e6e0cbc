"""`check --fix`: what is certain is written, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.shop import Shop

from offerwright.cli.check_fix import fixed_text
from offerwright.errors import Fix, Span


def test_a_name_in_other_letters_is_written_as_it_is_declared(shop: Shop) -> None:
    shop.change("rules/guards.yaml", "bound: lowest", "bound: Lowest")
    shop.change("rules/mapping.yaml", "images: {from: images", "images: {from: 'Images'")
    done = shop("check", "--fix")

    assert "-  - {id: floor, check: price_at_least, bound: Lowest, else: block}\n" in done.out
    assert "+  - {id: floor, check: price_at_least, bound: lowest, else: block}\n" in done.out
    assert "bound: lowest" in (shop.root / "rules/guards.yaml").read_text("utf-8")
    assert "UNKNOWN_NAME" not in done.out


def test_a_likely_word_is_only_a_question(shop: Shop) -> None:
    shop.change("rules/pricing.yaml", "cost *", "csot *")
    before = (shop.root / "rules/pricing.yaml").read_bytes()
    done = shop("check", "--fix", "-o", "json")

    assert (shop.root / "rules/pricing.yaml").read_bytes() == before
    [found] = [d for d in done.json["diagnostics"] if d["code"] == "UNKNOWN_NAME"]
    assert (found["hint"], found["fix"]) == ("did you mean 'cost'?", None)


def test_only_what_is_asked_for_is_fixed(shop: Shop) -> None:
    shop.change("rules/guards.yaml", "bound: lowest", "bound: Lowest")
    shop("check", "rules/pricing.yaml", "--fix")

    assert "bound: Lowest" in (shop.root / "rules/guards.yaml").read_text("utf-8")


def test_a_fix_is_in_the_json_before_it_is_written(shop: Shop) -> None:
    shop.change("rules/guards.yaml", "bound: lowest", "bound: Lowest")
    found = shop("check", "-o", "json").json["diagnostics"]

    assert [d["fix"]["text"] for d in found if d["fix"]] == ["lowest"]


def at(line: int, column: int, width: int, text: str) -> Fix:
    return Fix(Span("a.yaml", line, column, line, column + width), text)


@pytest.mark.parametrize(("text", "fixes", "wanted"), [
    ("a: B\n", [at(1, 4, 1, "b")], "a: b\n"),
    ("\ufeffa: B\r\nc: D", [at(2, 4, 1, "d"), at(1, 4, 1, "bb")], "\ufeffa: bb\r\nc: d"),
    ("ação: B, C", [at(1, 10, 1, "c"), at(1, 7, 1, "b")], "ação: b, c"),
    ("a: Bcd", [at(1, 4, 3, "x"), at(1, 5, 1, "y")], "a: x"),
])  # fmt: skip
def test_edits_are_made_at_their_places(text: str, fixes: list[Fix], wanted: str) -> None:
    assert fixed_text(text, fixes) == wanted


def test_a_shipped_marketplace_is_never_written(shop: Shop) -> None:
    here = sorted(p.relative_to(shop.root) for p in Path(shop.root).rglob("*") if p.is_file())
    shop("check", "--fix")

    assert here == sorted(p.relative_to(shop.root) for p in shop.root.rglob("*") if p.is_file())
