"""Text from outside reaches the terminal as text: no escape, no trick with lines or direction."""

from __future__ import annotations

import unicodedata

import pytest
from cli.market import Market
from cli.shop import AS_OF, Shop, small_shop

# ESC, the one-character CSI, a bell, a backspace, DEL, a turned direction, a line separator.
HOSTILE = "Fone \x1b[31mred\x1b]0;owned\x07 \x9b2J \x08\x7f \u202etxt.exe\u2028end [/red]"
SKU = "AU\u202e-9"


@pytest.fixture
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    shop = small_shop(tmp_path_factory.mktemp("hostile"))
    rows = [
        f'AU-1,"{HOSTILE}",audio/fones,100.00,105.00,https://images.example/1.jpg',
        f"{SKU},Outro,audio/fones,,105.00,https://images.example/1.jpg",
    ]
    shop.write("data/catalogue.csv", "\n".join(["sku,name,category,cost,lowest,images", *rows, ""]))
    shop.write("data/stock.csv", f"sku,node,on_hand\nAU-1,sp,5\n{SKU},sp,1\n")
    return shop


def raw(text: str) -> set[str]:
    """Characters that move a cursor, end a line elsewhere or turn the direction."""
    return {c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")}


COMMANDS = (
    ("snapshot",),
    ("snapshot", "-o", "json"),
    ("offers",),
    ("offers", "-o", "jsonl"),
    ("plan",),
    ("plan", "-o", "json"),
    ("explain", "AU-1", "--account", "market"),
    ("explain", "AU-1", "--account", "market", "-o", "json"),
    ("explain", SKU, "--account", "market"),
    ("explain", HOSTILE.replace("\n", ""), "--account", "market"),
    ("plan", "--account", HOSTILE),
    ("plan", "--as-of", HOSTILE),
    ("explain-code", HOSTILE),
)


@pytest.mark.parametrize("command", COMMANDS, ids=[str(n) for n in range(len(COMMANDS))])
def test_no_command_prints_what_a_terminal_would_obey(
    hostile: Shop, command: tuple[str, ...]
) -> None:
    computing = command[0] in ("offers", "plan", "explain") and "--as-of" not in command
    done = hostile(*command, *(("--as-of", AS_OF) if computing else ()))

    assert "Traceback" not in done.err
    assert (raw(done.out), raw(done.err)) == (set(), set())


def test_findings_show_hostile_text_as_text(hostile: Shop) -> None:
    hostile.write("rules/extra.yaml", f"kind: lists\nname: few\nvalues: [a]\n{SKU}: 1\n")
    for output in ("text", "json", "github"):
        done = hostile("check", "-o", output)

        assert done.code == 1
        assert (raw(done.out), raw(done.err)) == (set(), set())


def test_what_a_marketplace_says_is_shown_as_text(shop: Shop, market: Market) -> None:
    market.fault(route="create_offer", do="reject", code="B\x1b[31mAD", message=HOSTILE)
    for output, stock in (("text", "AU-1,sp,5"), ("json", "AU-1,sp,6")):
        shop.change("data/stock.csv", stock, "AU-1,sp,6")
        done = shop("sync", "--sandbox", market.url, "--as-of", AS_OF, "-o", output)

        assert (raw(done.out), raw(done.err)) == (set(), set())


def test_json_still_says_every_character(hostile: Shop) -> None:
    offers = hostile("offers", "-o", "jsonl", "--as-of", AS_OF).records()
    plan = hostile("plan", "-o", "json", "--as-of", AS_OF).json
    found = hostile("explain", SKU, "--account", "market", "-o", "json", "--as-of", AS_OF).json

    assert SKU in {r["sku"] for r in offers}
    assert SKU in {w["sku"] for w in plan["withheld"]}
    assert found["sku"] == SKU


def test_cells_of_a_csv_file_are_disarmed(shop: Shop) -> None:
    shop.change("data/catalogue.csv", "AU-1,Fone", "AU-1,=HYPERLINK(1)")
    done = shop("offers", "-o", "csv", "--as-of", AS_OF)

    assert "'=HYPERLINK(1)" in done.out
    assert ",=HYPERLINK" not in done.out
