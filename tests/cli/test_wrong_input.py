"""What goes wrong before anything is sent: a sentence on stderr, the documented exit code, no trace."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli.market import Market
from cli.shop import AS_OF, Done, Shop, environment

from offerwright.store import Owner, open_store

NOWHERE = "http://127.0.0.1:9"
COMMANDS = (
    ("check",),
    ("offers",),
    ("plan",),
    ("sync",),
    ("explain", "AU-1", "--account", "market"),
)


def told(done: Done) -> str:
    """The message; results and tracebacks are not where it stands."""
    assert done.out == ""
    assert "Traceback" not in done.err
    return done.err


@pytest.mark.parametrize("command", COMMANDS, ids=[c[0] for c in COMMANDS])
def test_outside_a_repository_a_command_says_where_it_looked(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    done = Shop(tmp_path)(*command)

    assert done.code == 2
    assert "no offerwright.yaml here or in a folder above" in told(done)


def test_a_root_without_a_shop_is_named(shop: Shop) -> None:
    done = shop("check", "--root", str(shop.root / "data"))

    assert done.code == 2
    assert "data has no offerwright.yaml" in told(done)


def test_findings_are_results_with_place_and_exit_code_1(shop: Shop) -> None:
    shop.change("rules/pricing.yaml", "cost * (1 + markup)", "csot * (1 + markup)")
    done = shop("check")

    assert done.code == 1
    assert "rules/pricing.yaml:" in done.out
    assert "did you mean" in done.out


@pytest.mark.parametrize("command", COMMANDS[1:], ids=[c[0] for c in COMMANDS[1:]])
def test_broken_yaml_stops_every_command_with_its_place(
    shop: Shop, command: tuple[str, ...]
) -> None:
    shop.write("rules/pricing.yaml", "kind: pricing\nname: [shop\n")
    done = shop(*command)

    assert done.code == 1
    assert "rules/pricing.yaml:" in told(done)
    assert not (shop.root / ".offerwright").exists()


def test_an_unknown_account_is_told_the_known_ones(shop: Shop) -> None:
    for command in (("plan",), ("offers",), ("explain", "AU-1"), ("sync",)):
        done = shop(*command, "--account", "meli")

        assert done.code == 2, command
        assert "no account is called 'meli'; accounts: market" in told(done)


@pytest.mark.parametrize(
    "text",
    ["tomorrow", "2026-13-01", "2026-11-27T25:00", "", "0001-01-01", "9999-12-31T23:59:59-03:00"],
)
def test_a_moment_that_is_none_is_refused(shop: Shop, text: str) -> None:
    done = shop("offers", "--as-of", text)

    assert done.code == 2
    assert "--as-of" in told(done)


def test_an_unknown_sku_gets_the_nearest_one(shop: Shop) -> None:
    done = shop("explain", "AU-11", "--account", "market")

    assert done.code == 2
    assert "the snapshot has no SKU 'AU-11'" in told(done)
    assert "AU-1" in done.err


def test_offers_of_an_unknown_sku_are_refused_and_no_empty_table(shop: Shop) -> None:
    done = shop("offers", "--sku", "AU-1", "--sku", "AU-11")

    assert done.code == 2
    assert "the snapshot has no SKU 'AU-11'; did you mean 'AU-1'" in told(done)


def test_a_source_whose_loss_is_accepted_must_be_one_of_the_shop(shop: Shop) -> None:
    done = shop("snapshot", "--accept-shrink", "stok")

    assert done.code == 2
    assert "no source is called 'stok'; sources: catalogue" in told(done)


def test_a_missing_data_file_is_named_and_nothing_is_kept(shop: Shop) -> None:
    (shop.root / "data/stock.csv").unlink()
    done = shop("plan")

    assert done.code == 2
    assert "data/stock.csv" in told(done)
    assert not (shop.root / ".offerwright" / "snapshots" / "newest").exists()


def test_a_source_that_shrank_stops_the_run_and_the_last_snapshot_stays(shop: Shop) -> None:
    shop.change("offerwright.yaml", "shrink_at_most: 90%", "shrink_at_most: 10%")
    shop("snapshot")
    before = shop("offers", "-o", "jsonl", "--as-of", AS_OF)
    shop.change("data/stock.csv", "CA-1,sp,40\nCA-2,sp,7\nNP-1,sp,1\n", "")
    done = shop("snapshot")
    after = shop("offers", "-o", "jsonl", "--as-of", AS_OF)

    assert done.code == 2
    assert "stock" in told(done)
    assert after.out == before.out
    assert shop("snapshot", "--accept-shrink", "stock").code == 0


def test_bad_rows_are_counted_and_kept_aside(shop: Shop) -> None:
    shop.change("data/catalogue.csv", "audio/fones,100.00,", "audio/fones,1oo.00,")
    found = shop("snapshot", "-o", "json").json
    catalogue = next(s for s in found["sources"] if s["name"] == "catalogue")

    assert (catalogue["rows"], catalogue["kept"], catalogue["rejected"]) == (6, 5, 1)
    rejects = (Path(found["folder"]) / "rejects.csv").read_text(encoding="utf-8")
    assert "1oo.00" in rejects


def test_an_edited_plan_is_refused(shop: Shop, market: Market) -> None:
    shop("plan", "--as-of", AS_OF, "--sandbox", market.url, "--out", "p.jsonl")
    shop.change("p.jsonl", "11800", "1180")
    done = shop("apply", "p.jsonl", "--sandbox", market.url)

    assert (done.code, market.calls()) == (2, [])
    assert "was changed after it was written; plan again" in told(done)


def test_what_is_no_plan_is_refused(shop: Shop) -> None:
    for file in ("offerwright.yaml", "data/stock.csv"):
        done = shop("apply", file)

        assert done.code == 2
        assert f"{file} cannot be read as a plan" in told(done)
    assert shop("apply", "nothing.jsonl").code == 2


def test_a_missing_secret_is_named_by_its_variable_and_nothing_is_sent(shop: Shop) -> None:
    done = shop("sync", "--as-of", AS_OF)

    assert done.code == 8
    assert "OFFERWRIGHT_MARKET_API_KEY" in done.out
    assert "Traceback" not in done.err


def test_credentials_can_be_tried_before_anything_depends_on_them(
    shop: Shop, market: Market
) -> None:
    missing = shop("connect", "market")
    fine = shop("connect", "market", "--sandbox", market.url)

    assert (missing.code, fine.code) == (8, 0)
    assert "OFFERWRIGHT_MARKET_API_KEY" in missing.err
    assert fine.out == "market: the credentials work\n"


def test_a_secret_never_shows(shop: Shop) -> None:
    done = shop(
        "-vv", "sync", "--as-of", AS_OF, "--sandbox", NOWHERE,
        env={"OFFERWRIGHT_MARKET_API_KEY": "hush-hush-1"},
    )  # fmt: skip

    assert "hush-hush-1" not in done.out + done.err


def test_refused_credentials_stop_the_account(shop: Shop, market: Market) -> None:
    market.fault(do="status", status=401)
    done = shop("sync", "--as-of", AS_OF, "--sandbox", market.url)

    assert done.code == 8
    assert "refused" in done.out
    assert len(market.writes()) == 1


def test_a_marketplace_that_is_away_is_told_after_a_few_tries_and_loses_nothing(
    shop: Shop, market: Market
) -> None:
    away = shop("sync", "--as-of", AS_OF, "--sandbox", NOWHERE)
    assert away.code == 7
    assert "no answer" in away.out
    back = shop("sync", "--as-of", AS_OF, "--sandbox", market.url)

    assert back.code == 0
    assert len(market.live()) == 5


def test_a_store_that_another_run_holds_is_not_touched(shop: Shop, market: Market) -> None:
    (shop.root / ".offerwright").mkdir()
    store = open_store("sqlite:///.offerwright/sandbox.db", shop.root)
    store.lead(Owner("other", "host", 4711), now=0, lease_s=1e12)
    done = shop("sync", "--as-of", AS_OF, "--sandbox", market.url, "-o", "json")
    store.close()

    assert (done.code, market.calls()) == (6, [])
    assert "4711" in told(done)


def test_a_store_that_is_no_database_is_refused_and_left_alone(shop: Shop, market: Market) -> None:
    shop.write(".offerwright/sandbox.db", "not a database, and long enough to look like none " * 9)
    before = (shop.root / ".offerwright/sandbox.db").read_bytes()
    done = shop("sync", "--as-of", AS_OF, "--sandbox", market.url)

    assert done.code == 2
    assert "sandbox.db" in told(done)
    assert (shop.root / ".offerwright/sandbox.db").read_bytes() == before


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_read_only_store_is_told(shop: Shop, market: Market) -> None:
    shop("plan", "--as-of", AS_OF, "--sandbox", market.url)
    (shop.root / ".offerwright").chmod(0o500)
    (shop.root / ".offerwright/sandbox.db").chmod(0o400)
    done = shop("sync", "--as-of", AS_OF, "--sandbox", market.url)
    (shop.root / ".offerwright").chmod(0o700)

    assert (done.code, market.calls()) == (2, [])
    assert "read-only" in told(done)


@pytest.mark.parametrize("command", COMMANDS[1:], ids=[c[0] for c in COMMANDS[1:]])
def test_a_place_that_cannot_be_written_is_told(shop: Shop, command: tuple[str, ...]) -> None:
    """A file stands where the state belongs: nobody can write there, root neither."""
    shop.write(".offerwright", "")
    done = shop(*command)

    assert done.code == 2
    assert ".offerwright" in told(done)


def test_a_result_that_cannot_be_written_is_told(shop: Shop) -> None:
    for command in (
        ("offers", "-o", "jsonl", "--out", "rules/pricing.yaml/x"),
        ("offers", "-o", "parquet", "--out", "no/such/folder/x"),
        ("plan", "--out", "rules/pricing.yaml/x"),
    ):
        done = shop(*command, "--as-of", AS_OF)

        assert done.code == 2, command
        assert "Traceback" not in done.err


def test_a_wrong_option_is_usage(shop: Shop) -> None:
    for command in (("plan", "--acount", "market"), ("paln",), ("offers", "-o", "xml")):
        done = shop(*command)

        assert done.code == 2
        assert "Usage:" in told(done)


def test_a_closed_pipe_is_no_failure_and_no_noise(shop: Shop) -> None:
    rows = "".join(
        f"X-{n},Nome {n},audio/fones,10.00,5.00,https://images.example/{n}.jpg\n"
        for n in range(4000)
    )
    shop.write("data/catalogue.csv", "sku,name,category,cost,lowest,images\n" + rows)
    code = (
        "import subprocess, sys; p = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE);"
        "p.stdout.read(1); p.stdout.close(); sys.exit(p.wait())"
    )
    for output in ("jsonl", "csv"):
        command = [sys.executable, "-m", "offerwright", "offers", "-o", output, "--as-of", AS_OF]
        done = subprocess.run(
            [sys.executable, "-c", code, *command], cwd=shop.root, env=environment({}),
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

        assert done.returncode == 0, done.stderr
        assert all(line.startswith("Snapshot") for line in done.stderr.splitlines()), done.stderr


@pytest.mark.parametrize(
    ("file", "before", "after", "finding"),
    [
        ("connector.yaml", "hosts:", "hostz:", "UNKNOWN_KEY"),
        ("sandbox.yaml", "routes:", "rootes:", "UNKNOWN_KEY"),
        ("contract/price.schema.json", '"type": "object"', '"type": "objekt"', "BAD_CONTRACT"),
    ],
)
def test_every_file_of_a_marketplace_is_checked(
    shop: Shop, file: str, before: str, after: str, finding: str
) -> None:
    shop.change(f"marketplaces/quick-market/{file}", before, after)
    done = shop("check")

    assert done.code == 1
    assert finding in done.out
    assert f"marketplaces/quick-market/{file}:" in done.out


def test_nothing_is_planned_by_a_contract_that_is_no_schema(shop: Shop, market: Market) -> None:
    shop.change(
        "marketplaces/quick-market/contract/price.schema.json", '"type": "object"', '"type": "x"'
    )
    done = shop("sync", "--as-of", AS_OF, "--sandbox", market.url)

    assert (done.code, market.live()) == (1, {})
    assert "BAD_CONTRACT" in done.err
    assert "Traceback" not in done.err
