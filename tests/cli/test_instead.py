"""`explain --without`, `--vs`, `--set`: what an offer would be, beside what it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cli.shop import AS_OF, Done, Shop, small_shop
from cli.test_output_schemas import faults
from git_commands import git


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A small shop in Git, as `main` has it."""
    return in_git(tmp_path / "shop")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The same for tests that only read it."""
    return in_git(tmp_path_factory.mktemp("kept"))


def in_git(folder: Path) -> Shop:
    found = small_shop(folder)
    git(found.root, "init", "-q")
    git(found.root, "add", "-A")
    git(found.root, "commit", "-q", "-m", "a day's work")
    return found


def explain(shop: Shop, sku: str, *arguments: str) -> Done:
    return shop("explain", sku, "--account", "market", "--as-of", AS_OF, *arguments)


def record(shop: Shop, sku: str, *arguments: str) -> Any:
    done = explain(shop, sku, *arguments, "-o", "json")
    assert done.code == 0, done.err
    assert faults("explain", done.json) == []
    return done.json


def differs(found: Any) -> dict[str, tuple[Any, Any]]:
    return {one["field"]: (one["before"], one["after"]) for one in found["instead"]["differs"]}


def test_without_a_row_the_others_count(kept: Shop) -> None:
    """100.00 x 1.18 = 118.00; without the row `otherwise` gives 100.00 x 1.90 = 190.00."""
    found = record(kept, "AU-1", "--without", "shop/markups/audio")

    assert differs(found)["price"] == ("118.00", "190.00")
    assert found["instead"]["offer"]["price"] == "190.00"
    assert found["instead"]["without"] == [
        {"kind": "pricing", "rule": "shop/markups/audio", "file": "rules/pricing.yaml", "line": 7}
    ]
    assert [s["instead"]["rules"] for s in found["instead"]["steps"]] == [["markups/otherwise"]]


@pytest.mark.parametrize("name", ["shop/audio", "shop/markups/1", "pricing:shop/markups/audio"])
def test_a_row_is_named_in_several_ways(kept: Shop, name: str) -> None:
    assert differs(record(kept, "AU-1", "--without", name))["price"] == ("118.00", "190.00")


@pytest.mark.parametrize("name", ["pricing:shop/markups", "shop"])
def test_without_the_only_step_there_is_no_price(kept: Shop, name: str) -> None:
    assert differs(record(kept, "AU-1", "--without", name))["price"] == ("118.00", None)


def test_a_table_with_a_gap_without_its_otherwise_says_so(kept: Shop) -> None:
    done = explain(kept, "AU-1", "--without", "shop/markups/otherwise")

    assert (done.code, done.out) == (1, "")
    assert "rules without shop/markups/otherwise have errors" in done.err
    assert "rules/pricing.yaml:4:5: error[TABLE_GAP]" in done.err


def test_a_guard_is_left_out_too(kept: Shop) -> None:
    assert differs(record(kept, "AU-1", "--without", "money/floor")) == {
        "guard/floor": ("pass", None)
    }


def test_an_attribute_of_the_content_is_left_out(kept: Shop) -> None:
    found = differs(record(kept, "AU-1", "--without", "content/title"))

    assert found["title"][0] == "Fone"
    assert found["title"][1] is None


def test_the_rules_of_a_commit_are_beside_those_of_now(shop: Shop) -> None:
    """100.00 x 1.19 = 119.00"""
    shop.change("rules/pricing.yaml", "markup: 18%", "markup: 19%")
    done = explain(shop, "AU-1", "--vs", "main")
    found = record(shop, "AU-1", "--vs", "main")

    assert differs(found) == {"price": ("119.00", "118.00")}
    assert found["commit"] == git(shop.root, "rev-parse", "HEAD") + "+"
    assert found["instead"]["vs"]["commit"] == git(shop.root, "rev-parse", "HEAD")
    assert "119.00 BRL" in done.out and "was 118.00, stock 5 on main" in done.out


def test_a_folder_stands_in_for_a_commit(kept: Shop, tmp_path: Path) -> None:
    """100.00 x 1.20 = 120.00"""
    other = small_shop(tmp_path / "other")
    other.change("rules/pricing.yaml", "markup: 18%", "markup: 20%")

    assert differs(record(kept, "AU-1", "--vs", str(other.root)))["price"] == ("118.00", "120.00")


@pytest.mark.parametrize(
    ("sets", "field", "value"),
    [
        (("cost=12.00",), "price", "14.16"),
        (("cost=12.00 BRL",), "price", "14.16"),
        (("cost=missing",), "price", None),
        (("category=cables/usb",), "price", "140.00"),
        (("stock.sp=0",), "quantity", 0),
        (("cost=1000.00", "category=cables"), "price", "1400.00"),
    ],
)
def test_a_fact_is_another_one_for_this_offer(
    kept: Shop, sets: tuple[str, ...], field: str, value: object
) -> None:
    """12.00 x 1.18 = 14.16; 100.00 x 1.40 = 140.00"""
    found = record(kept, "AU-1", *(part for one in sets for part in ("--set", one)))

    assert differs(found)[field][1] == value


def test_missing_is_what_an_empty_cell_is(shop: Shop) -> None:
    """An empty cost is 10.00 here: 10.00 x 1.18 = 11.80"""
    shop.change("rules/facts.yaml", "catalogue.cost}", "catalogue.cost, missing: 10.00}")

    assert differs(record(shop, "AU-1", "--set", "cost=missing"))["price"] == ("118.00", "11.80")


def test_all_of_it_holds_together(shop: Shop) -> None:
    """On main without the row for audio, at a cost of 10.00: 10.00 x 1.90 = 19.00"""
    shop.change("rules/pricing.yaml", "markup: 90%", "markup: 95%")
    found = record(
        shop, "AU-1", "--vs", "main", "--without", "shop/audio", "--set", "cost=10.00"
    )  # fmt: skip

    assert differs(found)["price"] == ("118.00", "19.00")
    assert found["instead"]["name"] == "on main without shop/audio with cost=10.00"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--set", "csot=12"), "no fact is called 'csot'; did you mean 'cost'?"),
        (("--set", "cost=12,50"), "write the number with a point: 12.50"),
        (("--set", "stock.sp=1,000"), "write a whole number with digits only"),
        (("--set", "live_price=-1"), "`live_price` is at least 0"),
        (("--set", "cost=1.00", "--set", "cost=2.00"), "`cost` is set twice"),
        (("--set", "cost=dear"), "this is money in BRL; write a number"),
        (("--set", "cost"), "write fact=value"),
        (("--set", "stock=4"), "name one of its keys: stock.sp"),
        (("--set", "stock.ps=4"), "no row has the key 'ps'"),
        (("--set", "stock.sp=4.5"), "write a whole number"),
        (("--set", "price=4"), "`price` is no fact; it is what the rules give"),
        (("--without", "shpo"), "no document is called 'shpo'; did you mean 'shop'?"),
        (("--without", "shop/markup"), "has no rule 'markup'; did you mean 'markups'?"),
        (("--without", "audio"), "it is a rule of one; write shop/markups/audio"),
        (("--without", "inventory:shop"), "no document of kind inventory is called 'shop'"),
        (("--without", "shop", "--without", "shop/audio"), "without shop there is no shop/audio"),
        (("--without", "facts:shop"), "facts cannot be left out"),
        (("--vs", ""), "an empty name is no commit"),
        (("--vs", "nowhere"), "this clone has no commit nowhere"),
        (("--vs", "main..HEAD"), "is a range; name one commit"),
    ],
)
def test_what_means_nothing_is_refused_in_words(
    kept: Shop, arguments: tuple[str, ...], said: str
) -> None:
    done = explain(kept, "AU-1", *arguments)

    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_rules_that_do_not_stand_without_another_say_so(shop: Shop) -> None:
    shop.write("rules/lists.yaml", "kind: lists\nname: vips\nvalues: [AU-1]\n")
    shop.change("rules/pricing.yaml", "{under: audio}}", "{under: audio}, sku: {in: vips}}")
    done = explain(shop, "AU-1", "--without", "vips")

    assert done.code == 1
    assert "rules without vips have errors" in done.err
    assert "rules/pricing.yaml" in done.err


def test_an_offer_that_stays_as_it_is_says_so(kept: Shop) -> None:
    assert "nothing differs without shop/cables" in explain(
        kept, "AU-1", "--without", "shop/cables"
    ).out  # fmt: skip
