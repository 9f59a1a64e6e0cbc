"""`timeline`: what changes by itself, for the catalogue and for a SKU."""

from __future__ import annotations

import pytest
from cli.market import Market
from cli.shop import Shop
from cli.test_output_schemas import faults

SALE = """\
kind: pricing
name: cable-week
valid: {from: 2026-12-01, before: 2026-12-08}
steps:
  - id: cable-week
    phase: adjust
    when: {category: {under: cables}}
    set: {sale_price: price * (1 - 10%)}
"""
FROM = ("--as-of", "2026-11-27")


@pytest.fixture
def dated(shop: Shop) -> Shop:
    shop.write("rules/cable-week.yaml", SALE)
    return shop


def test_the_catalogue_turns_at_both_ends_of_a_sale(dated: Shop) -> None:
    found = dated("timeline", *FROM, "-o", "json")

    assert (found.code, faults("timeline", found.json)) == (0, [])
    # The two cables with a cost; the third has no price to begin with.
    turned = {"market": {"offers": 2, "price": 2, "stock": 0, "content": 0}}
    assert [(m["at"], m["changes"][0]["happens"], m["offers"]) for m in found.json["moments"]] == [
        ("2026-12-01T00:00:00-03:00", "begins", turned),
        ("2026-12-08T00:00:00-03:00", "ends", turned),
    ]


def test_a_sku_has_its_periods_with_file_and_line(dated: Shop) -> None:
    found = dated("timeline", "CA-1", *FROM, "-o", "json")

    assert (found.code, faults("timeline", found.json)) == (0, [])
    # 10.00 x 1.40, and a tenth off
    assert [
        (p["from"][:10], p["told"]["price"], p["told"]["sale_price"]) for p in found.json["offers"]
    ] == [
        ("2026-11-27", "14.00", None),
        ("2026-12-01", "14.00", "12.60"),
        ("2026-12-08", "14.00", None),
    ]
    assert found.json["offers"][1]["changes"] == [
        {"accounts": ["market"], "file": "rules/cable-week.yaml", "happens": "begins", "line": 3,
         "what": "pricing cable-week"}
    ]  # fmt: skip


def test_the_text_shows_when_what_counts(dated: Shop) -> None:
    found = dated("timeline", "CA-1", *FROM)

    assert "2026-12-01 00:00  2026-12-08 00:00  14.00  12.60     40  pricing cable-week begins" in (
        found.out
    )


def test_a_marketplace_or_an_account_narrows_it(dated: Shop) -> None:
    every = dated("timeline", *FROM).out

    assert dated("timeline", "quick-market", *FROM).out == every
    assert dated("timeline", "--account", "market", *FROM).out == every


def test_nothing_changes_in_a_quiet_time(dated: Shop) -> None:
    found = dated("timeline", *FROM, "--as-of-end", "2026-11-30")

    assert (found.code, found.out.splitlines()[-1]) == (0, "nothing changes by itself")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("CA-9",), "the snapshot has no SKU 'CA-9'; did you mean 'CA-2' or 'CA-1'?"),
        (("--as-of-end", "2026-11-27"), "is not after 2026-11-27T00:00:00-03:00"),
        (("--as-of-end", "soon"), "'soon' is no moment"),
        (("--account", "nobody"), "no account is called 'nobody'; accounts: market"),
    ],
)
def test_wrong_input_is_said(dated: Shop, arguments: tuple[str, ...], said: str) -> None:
    found = dated("timeline", *FROM, *arguments)

    assert found.code == 2
    assert said in found.err


def test_both_ends_of_a_window_become_operations(dated: Shop, market: Market) -> None:
    """What the timeline counts is what a plan of that moment sends."""
    url = ("--sandbox", market.url)
    assert dated("sync", *url, *FROM, "--first-publication").code == 0
    turns = dated("timeline", *url, *FROM, "-o", "json").json["moments"]

    for turn in turns:
        planned = dated("plan", *url, "--as-of", turn["at"], "-o", "json").json["changes"]
        assert len(planned) == turn["offers"]["market"]["offers"]
        assert {one["aspect"] for one in planned} == {"price"}
        assert dated("sync", *url, "--as-of", turn["at"]).code == 0
    assert len(turns) == 2


def test_a_hold_is_listed_with_its_end(dated: Shop, market: Market) -> None:
    url = ("--sandbox", market.url)
    said = (*url, "--account", "market", "--reason", "wrong cost", "--by", "maria")
    now = (*url, "--as-of", "2099-11-27")
    assert dated("sync", *url, *FROM, "--first-publication").code == 0
    assert dated("hold", *said, "--sku", "CA-1", "--until", "2099-12-03 10:00").code == 0
    assert dated("hold", *said, "--sku", "AU-1").code == 0

    every = dated("timeline", *now, "-o", "json")
    assert faults("timeline", every.json) == []
    assert [(h["sku"], h["until"]) for h in every.json["holds"]] == [
        ("CA-1", "2099-12-03T10:00:00-03:00"), ("AU-1", None),
    ]  # fmt: skip
    assert "hold 1  market   CA-1  -     price, content  2099-12-03 10:00  maria: wrong cost" in (
        dated("timeline", "CA-1", *now).out
    )
    later = dated("timeline", "CA-1", *url, "--as-of", "2099-12-03 10:00", "-o", "json")
    assert later.json["holds"] == []
