"""Every command on a small shop, as a person sees it: results on stdout, the rest on stderr."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from cli.market import Market
from cli.shop import AS_OF, PRICES, UNITS, Shop


def test_check_of_a_sound_shop_has_no_result_and_a_closing_line(shop: Shop) -> None:
    done = shop("check")

    assert (done.code, done.out) == (0, "")
    assert done.err.endswith(" files: everything is in order\n")


def test_check_needs_no_data_and_no_columns(shop: Shop) -> None:
    """A merchandiser's laptop checks rules without the catalogue and without the column library."""
    (shop.root / "data/catalogue.csv").unlink()
    (shop.root / "broken/polars").mkdir(parents=True)
    shop.write("broken/polars/__init__.py", "raise ImportError('not here')")
    shop.write("broken/numpy/__init__.py", "raise ImportError('not here')")
    path = f"{shop.root}/broken:{Path(__file__).parents[2]}/engine"

    assert shop.process("check", env={"PYTHONPATH": path}).code == 0
    assert shop.process("offers", env={"PYTHONPATH": path}).code != 0


def test_warnings_fail_a_check_only_when_asked(shop: Shop) -> None:
    shop.change("rules/guards.yaml", "check: price_at_least, bound: lowest", "check: positive")
    plain, strict = shop("check"), shop("check", "--fail-on", "warning")

    assert (plain.code, strict.code) == (0, 1)
    assert "NO_FLOOR" in plain.out


def test_findings_for_github_name_file_and_line(shop: Shop) -> None:
    shop.change("rules/pricing.yaml", "cost *", "csot *")
    done = shop("check", "-o", "github")

    assert done.code == 1
    assert done.out.startswith("::error file=rules/pricing.yaml,line=")


def test_offers_as_json_lines(shop: Shop) -> None:
    records = shop("offers", "-o", "jsonl", "--as-of", AS_OF).records()
    blocked = next(r for r in records if r["sku"] == "NP-1")

    assert {r["sku"]: r["price"] for r in records} == {**PRICES, "NP-1": None}
    assert {r["sku"]: r["quantity"] for r in records} == {**UNITS, "NP-1": 1}
    assert (blocked["status"], [b["code"] for b in blocked["blocked"]]) == ("blocked", ["NO_PRICE"])
    assert blocked["blocked"][0]["file"] == "rules/pricing.yaml"


def test_offers_of_one_sku(shop: Shop) -> None:
    records = shop("offers", "-o", "jsonl", "--as-of", AS_OF, "--sku", "CA-1").records()

    assert [r["sku"] for r in records] == ["CA-1"]


def test_offers_as_parquet_hold_exact_money(shop: Shop) -> None:
    done = shop("offers", "-o", "parquet", "--as-of", AS_OF, "--out", "offers.parquet")
    frame = pl.read_parquet(shop.root / "offers.parquet")

    assert (done.code, done.out) == (0, "")
    assert isinstance(frame.schema["price"], pl.Decimal)
    assert {s: f"{p:f}" for s, p in frame.select("sku", "price").iter_rows() if p} == PRICES


def test_the_text_of_offers_counts_and_gives_reasons(shop: Shop) -> None:
    done = shop("offers", "--as-of", AS_OF)

    assert done.out.splitlines() == [
        "account  offers  whole  partial  blocked",
        "market        6      5        0        1",
        "",
        "account  aspect  blocked by  SKUs",
        "market   price   NO_PRICE       1",
    ]


def test_explain_shows_the_way_and_the_nearest_other_rule(shop: Shop) -> None:
    done = shop("explain", "AU-1", "--account", "market", "--as-of", AS_OF)

    assert done.code == 0
    assert "AU-1 on market (quick-market): 118.00 BRL, stock 5" in done.out
    assert "– -> 118.00" in done.out
    assert "rules/pricing.yaml:" in done.out
    assert "category is audio/fones, not under cables" in done.out


def test_explain_knows_what_is_live(shop: Shop, market: Market) -> None:
    shop.change(
        "rules/guards.yaml", "guards:\n",
        "guards:\n  - {id: step, check: step_from_live, down: 1%, up: 1%, else: block}\n",
    )  # fmt: skip
    arguments = ("explain", "AU-1", "--account", "market", "--as-of", AS_OF, "-o", "json")
    shop("sync", "--sandbox", market.url, "--as-of", AS_OF)
    shop.change("rules/pricing.yaml", "markup: 18%", "markup: 28%")
    never, live = shop(*arguments).json, shop(*arguments, "--sandbox", market.url).json
    verdicts = [next(g for g in found["guards"] if g["guard"] == "step") for found in (never, live)]

    assert [(v["verdict"], v["notes"]) for v in verdicts] == [
        ("pass", ["FIRST_PUBLICATION"]), ("block", []),
    ]  # fmt: skip


def test_a_plan_shows_changes_and_what_is_withheld(shop: Shop) -> None:
    done = shop("plan", "--as-of", AS_OF)

    assert "+ market AU-1  price new -> 118.00, stock new -> 5" in done.out
    assert "NO_PRICE" in done.out
    assert "5 operations to send" in done.out


def test_a_plan_sends_nothing(shop: Shop, market: Market) -> None:
    shop("plan", "--as-of", AS_OF, "--sandbox", market.url)

    assert market.calls() == []


def test_the_schemas_of_a_shop_are_written_and_checked(shop: Shop) -> None:
    stale = shop("schema", "--check")
    wrote = shop("schema")
    fresh = shop("schema", "--check")

    assert (stale.code, wrote.code, fresh.code, fresh.out) == (1, 0, 0, "")
    assert json.loads((shop.root / "schemas/pricing.schema.json").read_text(encoding="utf-8"))


def test_a_code_is_explained_and_a_misspelt_one_gets_the_nearest(shop: Shop) -> None:
    found, wrong = shop("explain-code", "no_price"), shop("explain-code", "NO_PRCE")

    assert (found.code, wrong.code) == (0, 2)
    assert found.out.startswith("NO_PRICE: ")
    assert "NO_PRICE" in wrong.err


def test_help_and_version_need_no_repository(tmp_path: Path) -> None:
    here = Shop(tmp_path)
    shown = here("--help").out

    assert here("--version").out.startswith("offerwright, version ")
    for command in ("plan", "apply", "sync", "check", "offers", "explain", "sandbox", "connect"):
        assert f"  {command} " in shown
        assert here(command, "--help").out.startswith(f"Usage: offerwright {command} ")


@pytest.fixture
def sandbox(shop: Shop) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = shop.start("sandbox", "--port", "0")
    assert process.stderr is not None
    words = process.stderr.readline().split()
    yield process, words[2].partition("/<")[0]
    process.kill()
    process.communicate(timeout=10)


def test_the_sandbox_command_serves_the_shops_own_marketplaces(
    shop: Shop, sandbox: tuple[subprocess.Popen[str], str]
) -> None:
    process, url = sandbox
    done = shop("sync", "--sandbox", url, "--as-of", AS_OF)
    with urllib.request.urlopen(f"{url}/_sandbox/state", timeout=10) as answer:
        state = json.load(answer)
    process.terminate()

    assert done.code == 0, done
    assert sorted(x["sku"] for x in state["quick-market"]) == sorted(PRICES)
    assert process.wait(10) in (0, -15)


def test_explain_shows_rounding_that_no_step_asks_for(shop: Shop) -> None:
    shop.change("rules/pricing.yaml", "markup: 18%", "markup: 18.005%")
    arguments = ("explain", "AU-1", "--account", "market", "--as-of", AS_OF)
    text, found = shop(*arguments).out, shop(*arguments, "-o", "json").json

    assert "2  round  round  118.005 -> 118.01\n" in text
    assert "None" not in text
    assert (found["steps"][-1]["step"], found["steps"][-1]["file"]) == ("round", None)
    assert found["rounded_off"] == "-0.005"
