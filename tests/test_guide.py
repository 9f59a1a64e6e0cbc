"""docs/marketplaces.md walked step by step: a folder copied and named, sold on, broken and mended."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from offerwright.errors import Diagnostic
from offerwright.pipeline import check
from offerwright.source.snippet import render_text

ROOT = Path(__file__).resolve().parents[1]
GUIDE = (ROOT / "docs" / "marketplaces.md").read_text("utf-8")


def block(step: int, language: str) -> str:
    """The first block of a language in a step."""
    section = GUIDE.split(f"\n## {step}. ")[1].split("\n## ")[0]
    found = re.search(rf"```{language}\n(.*?)```", section, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The reference shop after step 1."""
    for folder in ("rules", "marketplaces"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "offerwright.yaml", tmp_path)
    copied = tmp_path / "marketplaces" / "feira"
    shutil.copytree(tmp_path / "marketplaces" / "example-market", copied)
    renamed = re.search(r"sed -i '(s/.*/)' marketplaces/feira/{(.*)}\.yaml", block(1, "sh"))
    assert renamed is not None
    before, after = renamed[1].removeprefix("s/").removesuffix("/").split("/")
    for name in renamed[2].split(","):
        file = copied / f"{name}.yaml"
        lines = file.read_text("utf-8").splitlines(keepends=True)
        file.write_text("".join(line.replace(before, after, 1) for line in lines), "utf-8")
    return tmp_path


def findings(shop: Path) -> list[Diagnostic]:
    """What `check` shows unless it is asked for notes too."""
    return [found for found in check(shop)[1] if found.severity != "note"]


def test_the_copied_folder_is_in_order(shop: Path) -> None:
    assert findings(shop) == []


def test_the_payload_of_the_guide_is_in_order(shop: Path) -> None:
    (shop / "marketplaces/feira/payloads/price.yaml").write_text(block(3, "yaml"), "utf-8")

    assert findings(shop) == []


def test_a_pointer_that_leads_nowhere_is_found_as_the_guide_shows(shop: Path) -> None:
    file = shop / "marketplaces/feira/payloads/price.yaml"
    text = file.read_text("utf-8").replace("price: body#/price_cents", "price: body#/price")
    file.write_text(text, "utf-8")
    _, _, repository = check(shop)

    assert render_text(findings(shop), repository.files).strip() == block(3, "text").strip()


def test_the_account_of_the_guide_belongs_to_the_shop(shop: Path) -> None:
    line = block(8, "yaml").split("\n")[1]
    home = shop / "offerwright.yaml"
    home.write_text(home.read_text("utf-8").replace("accounts:\n", f"accounts:\n{line}\n"), "utf-8")
    loadout, _, _ = check(shop)

    # Its entry in the inventory document is the next thing that the guide asks for.
    assert [d.code for d in findings(shop)] == ["UNALLOCATED_ACCOUNT"]
    assert loadout is not None and "feira" in {p.account.name for p in loadout.rules.plans}


def test_the_case_of_the_guide_is_one_of_the_folder() -> None:
    cases = (ROOT / "marketplaces/example-market/cases/offers.yaml").read_text("utf-8")

    assert block(7, "yaml") in cases
