"""Which changed files can say anything of the values of an account."""

from __future__ import annotations

import pytest

from offerwright.source.reach import can_reach

FILES = {
    "offerwright.yaml": b"kind: shop\n",
    "marketplaces/north/marketplace.yaml": b"kind: marketplace\n",
    "marketplaces/south/marketplace.yaml": b"kind: marketplace\n",
    "rules/all.yaml": b"kind: pricing\nsteps: [{file: all.csv}]\n",
    "rules/all.csv": b"id\n",
    "rules/south.yaml": b"kind: pricing\nfor: {marketplace: [south, west]}\nfile: south.csv\n",
    "rules/south.csv": b"id\n",
    "rules/both.csv": b"id\n",
    "rules/one.yaml": b"kind: mapping\nfor: {account: second}\nfile: both.csv\n",
    "rules/mine.yaml": b"kind: mapping\nfor: {account: first}\nfile: both.csv\n",
    "rules/money.yaml": b"kind: guards\n",
    "rules/broken.yaml": b"kind: [guards\n",
    "rules/nobody.csv": b"id\n",
}
FIRST = ("first", "north")


@pytest.mark.parametrize(
    ("file", "reaches"),
    [
        ("offerwright.yaml", True),
        ("marketplaces/north/marketplace.yaml", True),
        ("marketplaces/south/marketplace.yaml", False),
        ("rules/all.yaml", True),
        ("rules/all.csv", True),
        ("rules/south.yaml", False),
        ("rules/south.csv", False),
        ("rules/both.csv", True),
        ("rules/one.yaml", False),
        ("rules/mine.yaml", True),
        ("rules/money.yaml", False),
        ("rules/broken.yaml", True),
        ("rules/nobody.csv", True),
    ],
)
def test_a_file_reaches_an_account_unless_it_certainly_does_not(file: str, reaches: bool) -> None:
    assert can_reach([file], [FILES], FIRST) is reaches


def test_a_document_that_reached_the_account_before_counts() -> None:
    before = {**FILES, "rules/south.yaml": b"kind: pricing\n"}

    assert can_reach(["rules/south.yaml"], [FILES, before], FIRST)
    assert not can_reach(["rules/south.yaml"], [FILES, FILES], FIRST)


def test_a_document_that_is_new_or_gone_is_looked_at_where_it_is() -> None:
    assert not can_reach(["rules/money.yaml"], [FILES, {}], FIRST)
    assert can_reach(["rules/all.yaml"], [{}, FILES], FIRST)
