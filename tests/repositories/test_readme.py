"""The first screen of the README: its rule is computed, and its figures are what comes out."""

from __future__ import annotations

import re
import shutil
import textwrap
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from repositories.documents import ROOT
from typed_rows import frame_from_rows

from offerwright.cli import offerwright
from offerwright.evaluate.columns import decimal_at
from offerwright.evaluate.match import Walks
from offerwright.evaluate.run import Executor, Offers
from offerwright.guards.judge import judge
from offerwright.pipeline import Loadout, compile_repository
from offerwright.source.repository import Repository
from offerwright.sync.known import NOTHING_KNOWN, live_frame
from offerwright.sync.told import told

README = (ROOT / "README.md").read_text("utf-8")
AS_OF = datetime.fromisoformat("2026-11-27T09:30:00-03:00")
# Everything around the rule that its eight lines leave out.
SHOP = """\
kind: shop
name: readme
time_zone: America/Sao_Paulo
currency: BRL
accounts:
  meli: {marketplace: mercadolibre, site: MLB, credentials: meli, settings: {seller_id: "1"}}
sources:
  catalogue: {file: catalogue.csv, sku: sku}
"""
FACTS = """\
kind: facts
name: readme
facts:
  category: {type: path, from: catalogue.category}
  cost: {type: money, from: catalogue.cost}
"""


def steps() -> str:
    found = re.search(r"^A rule:\n\n```yaml\n(.*?)```", README, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def loadout() -> Loadout:
    pricing = "kind: pricing\nname: readme\nsteps:\n" + textwrap.indent(steps(), "  ")
    files = {
        "offerwright.yaml": SHOP.encode(),
        "rules/facts.yaml": FACTS.encode(),
        "rules/pricing.yaml": pricing.encode(),
        "rules/guards.yaml": (
            b"kind: guards\nname: readme\nguards:\n"
            b"  - {id: floor, check: price_at_least, bound: cost * 1.05, else: block}\n"
            b"  - {id: margin, check: margin_at_least, margin: 3%, else: block}\n"
            b"  - {id: step, check: step_from_live, down: 25%, up: 40%, else: needs_approval}\n"
        ),
    }
    for file in sorted((ROOT / "marketplaces" / "mercadolibre").rglob("*")):
        if file.is_file():
            files[file.relative_to(ROOT).as_posix()] = file.read_bytes()
    linked, found = compile_repository(Repository(Path("/readme"), files))
    assert linked is not None and found == [], found
    return linked


@pytest.fixture(scope="module")
def phone(loadout: Loadout) -> Offers:
    rows: list[dict[str, Any]] = [
        {"sku": "PHONE", "category": "phones/android", "cost": Decimal("480.00")}
    ]
    (offers,) = Executor(loadout.rules).run(frame_from_rows(loadout.schema, rows), AS_OF, {})
    return offers


def test_the_price_after_each_step_is_what_the_sentence_says(phone: Offers) -> None:
    after = [decimal_at(ran.after[0], 0) for ran in phone.ran]

    # 480.00 x 1.18 + 4.00; 570.40 / 0.88 rounded up; the next .99.
    assert after == [Decimal("570.40"), Decimal("648.19"), Decimal("648.99")]
    assert phone.frame["price"].to_list() == [Decimal("648.99")]
    assert "570.40 by the first row, 648.19 so that 570.40 is left" in README


def test_the_bytes_are_those_of_the_readme(loadout: Loadout, phone: Offers) -> None:
    said = told(phone, loadout.marketplaces["mercadolibre"], NOTHING_KNOWN)
    (body,) = said.updates["price"].frame["part.body"]

    assert body == '{"price":648.99}'
    assert f"on the wire `{body}`" in README


def test_the_guards_that_it_names_look_at_this_price(loadout: Loadout, phone: Offers) -> None:
    guards = loadout.guards.by_account["meli"]
    verdicts = judge(phone, guards, live_frame(NOTHING_KNOWN), 0, Walks())

    assert {v.guard.id: (bool(v.applies[0]), bool(v.withholds[0])) for v in verdicts} == {
        "floor": (True, False),
        "margin": (True, False),
        "step": (True, False),
    }


def test_the_first_screen_shows_two_commands() -> None:
    screen = README.split("\n## ", 1)[0]
    commands = re.findall(r"^(make \w+|offerwright .*)", screen, re.MULTILINE)

    assert commands == ["make demo", "make test"]


def test_the_table_of_offers_is_what_the_command_prints(tmp_path: Path) -> None:
    for folder in ("rules", "data", "marketplaces"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "offerwright.yaml", tmp_path)
    said = CliRunner().invoke(
        offerwright, ["offers", "--root", str(tmp_path), "--as-of", AS_OF.isoformat()]
    )
    shown = re.search(r"^\$ offerwright offers\n(.*?)\n…", README, re.DOTALL | re.MULTILINE)

    assert shown is not None
    assert said.stdout.startswith(shown[1] + "\n")
