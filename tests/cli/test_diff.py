"""`offerwright diff` over what `offerwright offers` has written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from cli.shop import AS_OF, Done, Shop, small_shop
from cli.test_output_schemas import faults

from offerwright.cli import main
from offerwright.compare.listing_file import ListingFile
from offerwright.compare.state_file import write_state


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop with its offers of yesterday and of today: audio dearer, a cable gone."""
    shop = small_shop(tmp_path_factory.mktemp("diff"))
    arguments = ("offers", "--as-of", AS_OF, "-o", "parquet", "--out")
    assert shop(*arguments, "old.parquet").code == 0
    shop.change("rules/pricing.yaml", "markup: 18%", "markup: 36%")
    lines = (shop.root / "data/catalogue.csv").read_text(encoding="utf-8").splitlines()
    (gone,) = [one for one in lines if "cables" in one][:1]
    shop.new_data("data/catalogue.csv", gone + "\n", "")
    assert shop(*arguments, "new.parquet").code == 0
    for side in ("old", "new"):
        state = ListingFile(shop.root / f"{side}.parquet").state()
        write_state(state, shop.root / f"{side}.state")
    return shop


@pytest.fixture
def diff(
    compared: Shop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Done]:
    """The command in this process, in the shop's folder."""
    monkeypatch.chdir(compared.root)

    def run(*arguments: str) -> Done:
        with pytest.raises(SystemExit) as ended:
            main(["diff", *arguments])
        told = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Done(ended.value.code, told.out, told.err)

    return run


def by_sku(shop: Shop, side: str) -> dict[str, dict[str, Any]]:
    rows = pl.read_parquet(shop.root / f"{side}.parquet").rows(named=True)
    return {row["sku"]: row for row in rows}


def test_the_text_counts_and_shows_what_moved(compared: Shop, diff: Callable[..., Done]) -> None:
    done = diff("old.parquet", "new.parquet")
    old, new = by_sku(compared, "old"), by_sku(compared, "new")
    moved = [s for s in new if old[s]["price"] != new[s]["price"]]
    (gone,) = old.keys() - new.keys()
    before, after = (side[moved[0]]["price"] for side in (old, new))

    assert done.code == 0
    counts = done.out.splitlines()[4].split()
    assert counts[:6] == ["market", str(len(new)), "0", "1", str(len(moved)), str(len(moved))]
    assert f"market {moved[0]} changed: price {before} → {after} (+" in done.out
    assert f"market {gone} gone: price {old[gone]['price']}" in done.out


def test_the_json_keeps_its_schema_and_holds_the_counts(
    compared: Shop, diff: Callable[..., Done]
) -> None:
    done = diff("old.parquet", "new.parquet", "-o", "json", "--samples", "1")
    record = done.json

    assert faults("diff", record) == []
    assert record["totals"]["raised"] == record["totals"]["price"] > 0
    assert [(s["change"], len(s["values"]) > 0) for s in record["samples"]] == [
        ("changed", True), ("removed", True),
    ]  # fmt: skip


def test_every_line_keeps_its_schema_and_has_both_values(
    compared: Shop, diff: Callable[..., Done]
) -> None:
    done = diff("old.parquet", "new.parquet", "-o", "jsonl")
    old, new = by_sku(compared, "old"), by_sku(compared, "new")
    records = {r["sku"]: r for r in done.records()}

    assert [f for r in records.values() for f in faults("difference", r)] == []
    assert records.keys() == {s for s in old if s not in new or old[s]["price"] != new[s]["price"]}
    for sku, record in records.items():
        after = f"{new[sku]['price']}" if sku in new else None
        assert record["values"]["price"] == {"before": f"{old[sku]['price']}", "after": after}


def test_the_table_is_what_the_lines_are(compared: Shop, diff: Callable[..., Done]) -> None:
    done = diff("old.parquet", "new.parquet", "-o", "parquet", "--out", "d.parquet")
    table = pl.read_parquet(compared.root / "d.parquet")
    lines = diff("old.parquet", "new.parquet", "-o", "jsonl").records()

    assert (done.code, done.err) == (0, f"Wrote {len(table)} offers that differ to d.parquet\n")
    assert table.select("account", "sku", "change", "aspects").rows(named=True) == [
        {k: one[k] for k in ("account", "sku", "change", "aspects")} for one in lines
    ]


def test_the_table_is_written_where_nothing_differs_too(
    compared: Shop, diff: Callable[..., Done]
) -> None:
    done = diff("old.parquet", "old.parquet", "-o", "parquet", "--out", "none.of.it")
    diff("old.parquet", "new.parquet", "-o", "parquet", "--out", "some.of.it")
    table, some = (pl.read_parquet(compared.root / f"{n}.of.it") for n in ("none", "some"))

    assert (done.code, done.err) == (0, "Wrote 0 offers that differ to none.of.it\n")
    assert (len(table), table.schema) == (0, some.schema)


@pytest.mark.parametrize("output", ["parquet", "jsonl"])
def test_an_output_may_have_the_name_of_a_side(
    compared: Shop, diff: Callable[..., Done], output: str
) -> None:
    for name in ("plain", "side"):
        (compared.root / name).write_bytes((compared.root / "old.parquet").read_bytes())
    plain = diff("old.parquet", "new.parquet", "-o", output, "--out", "plain")
    done = diff("side", "new.parquet", "-o", output, "--out", "side")

    assert (plain.code, done.code) == (0, 0)
    assert (compared.root / "side").read_bytes() == (compared.root / "plain").read_bytes()
    assert list(compared.root.glob("*.part")) == []


def test_states_say_how_much_and_not_what(compared: Shop, diff: Callable[..., Done]) -> None:
    listings = diff("old.parquet", "new.parquet", "-o", "json").json
    states = diff("old.state", "new.state", "-o", "json")
    lines = diff("old.state", "new.parquet", "-o", "jsonl")

    assert faults("diff", states.json) == []
    assert states.json["totals"].items() <= listings["totals"].items()
    assert states.json["before"]["digest"] == listings["before"]["digest"]
    assert states.json["samples"] == []
    assert (lines.code, lines.out) == (2, "")
    assert "a state has no values" in lines.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("old.parquet", "old.state", "--fail-on", "difference"), 0, "nothing differs"),
        (("old.parquet", "new.parquet", "--fail-on", "difference"), 1, "gone"),
        (("old.parquet", "new.parquet", "--aspect", "content", "--account", "market"), 0, " gone"),
        (("old.parquet",), 2, "give two saved outputs: offerwright diff BEFORE AFTER"),
        (("old.parquet", "none.parquet"), 2, "no file or folder is called 'none.parquet'"),
        (("old.parquet", "offerwright.yaml"), 2,
         "offerwright.yaml is neither a Parquet file of `offers` nor a state"),
        (("old.parquet", "new.parquet", "--account", "meli"), 2, "no account is called 'meli'"),
        (("old.parquet", "new.parquet", "-o", "parquet"), 2, "give --out FILE"),
    ],
)  # fmt: skip
def test_it_ends_with_the_code_of_its_table(
    diff: Callable[..., Done], arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = diff(*arguments)

    assert (done.code, said in done.out + done.err) == (code, True), done.out + done.err
