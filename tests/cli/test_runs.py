"""Runs on record: what they stood on, what they said, and saying it again byte for byte."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from cli.market import Market
from cli.shop import AS_OF, Done, Shop, small_shop
from cli.test_output_schemas import faults
from git_commands import git

from offerwright import __version__

CEILING = """\
kind: guards
name: more
guards: [{id: ceiling, check: price_at_most, bound: cost * 9, else: block}]
"""
RUNS = Path(".offerwright/runs/sandbox")


def commit(shop: Shop, subject: str = "a day's work") -> str:
    git(shop.root, "add", "-A", "--", "offerwright.yaml", "rules", "marketplaces", "data")
    git(shop.root, "commit", "-q", "-m", subject)
    return git(shop.root, "rev-parse", "HEAD")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A small shop in Git, as `main` has it."""
    found = small_shop(tmp_path / "shop")
    git(found.root, "init", "-q")
    commit(found)
    return found


def sync(shop: Shop, market: Market, *more: str) -> Done:
    done = shop("sync", "--sandbox", market.url, "--as-of", AS_OF, *more)
    assert done.code == 0, done
    return done


def runs(shop: Shop, market: Market) -> list[dict[str, Any]]:
    done = shop("runs", "--sandbox", market.url, "-o", "json")
    assert (done.code, faults("runs", done.json)) == (0, [])
    found: list[dict[str, Any]] = done.json["runs"]
    return found


def replay(shop: Shop, market: Market, *more: str) -> Done:
    return shop("replay", *more, "--sandbox", market.url)


def replayed(shop: Shop, market: Market, *more: str) -> Any:
    done = replay(shop, market, *more, "-o", "json")
    assert faults("replay", done.json) == [], done
    return done.json


def test_a_sync_is_on_record_with_what_it_stood_on(shop: Shop, market: Market) -> None:
    head = git(shop.root, "rev-parse", "HEAD")
    sync(shop, market)
    (run,) = runs(shop, market)

    assert (run["kind"], run["commit"], run["dirty"]) == ("sync", head, False)
    assert (run["operations"], run["exit_code"], run["accounts"]) == (5, 0, ["market"])
    assert (run["as_of"], run["engine"], run["target"]) == (AS_OF, __version__, "sandbox")
    assert (shop.root / ".offerwright/snapshots" / run["snapshot"]).is_dir()
    assert run["ended"] >= run["started"]


def test_plan_and_apply_are_two_runs_of_one_plan(shop: Shop, market: Market) -> None:
    shop("plan", "--sandbox", market.url, "--as-of", AS_OF, "--out", "p.jsonl")
    shop("apply", "p.jsonl", "--sandbox", market.url)
    found = runs(shop, market)

    assert [one["kind"] for one in found] == ["apply", "plan"]
    assert len({one["plan"] for one in found}) == 1
    assert [one["operations"] for one in found] == [5, 5]


def test_a_refused_apply_is_on_record_with_its_exit_code(shop: Shop, market: Market) -> None:
    for name, moment in (("old", AS_OF), ("new", "2026-11-27T09:31:00-03:00")):
        shop("plan", "--sandbox", market.url, "--as-of", moment, "--out", f"{name}.jsonl")
    shop("apply", "new.jsonl", "--sandbox", market.url)
    refused = shop("apply", "old.jsonl", "--sandbox", market.url)

    assert refused.code == 5
    assert [(one["kind"], one["exit_code"]) for one in runs(shop, market)] == [
        ("apply", 5), ("apply", 0), ("plan", 0), ("plan", 0),
    ]  # fmt: skip


def test_a_run_is_said_again_byte_for_byte(shop: Shop, market: Market) -> None:
    sync(shop, market)
    done = replay(shop, market, "last")

    assert (done.code, "5 operations: the same, byte for byte" in done.out) == (0, True), done


def test_an_old_run_is_said_again_after_rules_data_and_ledger_moved_on(
    shop: Shop, market: Market
) -> None:
    sync(shop, market)
    shop.change("rules/pricing.yaml", "markup: 18%", "markup: 19%")
    shop.change("data/catalogue.csv", "10.00,11.00", "12.00,13.00")
    commit(shop)
    sync(shop, market)
    newest, oldest = runs(shop, market)

    assert (newest["operations"], oldest["operations"]) == (4, 5)
    for run in (newest, oldest):
        again = replayed(shop, market, run["id"][:12])
        assert (again["same"], again["differs"]) == (run["operations"], False)


def test_a_plan_that_was_never_sent_is_said_again(shop: Shop, market: Market) -> None:
    sync(shop, market)
    shop.change("rules/pricing.yaml", "markup: 18%", "markup: 19%")
    shop("plan", "--sandbox", market.url, "--as-of", AS_OF)

    assert runs(shop, market)[0]["kind"] == "plan"
    assert replayed(shop, market, "last")["same"] == 3


def test_a_plan_that_is_applied_again_after_a_release_is_said_again(
    shop: Shop, market: Market
) -> None:
    shop("plan", "--sandbox", market.url, "--as-of", AS_OF, "--out", "p.jsonl")
    shop("hold", "--sandbox", market.url, "--account", "market", "--sku", "AU-1",
         "--by", "maria", "--reason", "wrong")  # fmt: skip
    under = shop("apply", "p.jsonl", "--sandbox", market.url)
    shop("release", "1", "--sandbox", market.url, "--by", "joao")
    after = shop("apply", "p.jsonl", "--sandbox", market.url)

    assert (under.code, after.code) == (4, 0)
    assert [one["kind"] for one in runs(shop, market)] == ["apply", "apply", "plan"]
    for run in runs(shop, market):
        assert replayed(shop, market, run["id"])["differs"] is False


def test_a_dirty_tree_is_said_so_and_its_files_are_kept(shop: Shop, market: Market) -> None:
    shop.change("rules/pricing.yaml", "markup: 18%", "markup: 21%")
    shop.write("rules/more.yaml", CEILING)
    sync(shop, market)
    git(shop.root, "checkout", "-q", "--", "rules/pricing.yaml")
    (shop.root / "rules/more.yaml").unlink()

    assert runs(shop, market)[0]["dirty"] is True
    assert replayed(shop, market, "last")["same"] == 5


def test_a_file_that_was_deleted_in_a_dirty_tree_stays_deleted(shop: Shop, market: Market) -> None:
    (shop.root / "rules/guards.yaml").unlink()
    sync(shop, market)
    git(shop.root, "checkout", "-q", "--", "rules/guards.yaml")

    assert replayed(shop, market, "last")["same"] == 5


def test_outside_git_all_files_are_kept(tmp_path: Path, market: Market) -> None:
    shop = small_shop(tmp_path)
    sync(shop, market)
    shop.change("rules/pricing.yaml", "markup: 18%", "markup: 21%")

    assert runs(shop, market)[0]["commit"] is None
    assert replayed(shop, market, "last")["same"] == 5


def test_one_sku_alone_is_said_again(shop: Shop, market: Market) -> None:
    sync(shop, market)

    assert replayed(shop, market, "last", "--sku", "AU-1")["same"] == 1
    assert replayed(shop, market, "last", "--account", "market", "--sku", "CA-1")["same"] == 1
    refused = replay(shop, market, "last", "--sku", "NP-1")
    assert (refused.code, "said nothing of NP-1" in refused.err) == (2, True)


def with_other_hashes(shop: Shop, run: str) -> None:
    """Give one operation on record another body, as another engine would, with a whole digest."""
    from offerwright.runs.folder import read_kept, write_kept
    from offerwright.runs.record import recorded, stored
    from offerwright.store.open import open_store

    folder = shop.root / RUNS
    store = open_store("sqlite:///.offerwright/sandbox.db", shop.root)
    try:
        (held,) = [recorded(one) for one in store.runs() if one.id == run]
        kept = read_kept(folder, held)
        shutil.rmtree(folder / run)
        marked = kept.said.with_columns(
            pl.when(pl.col("sku") == "AU-1").then(pl.lit("0" * 32)).otherwise(name).alias(name)
            for name in ("body", "line", "covers.price")
        )
        digest = write_kept(folder, run, type(kept)(marked, kept.ledger, kept.listings))
        store.record_run(
            stored(type(held)(**{**_fields(held), "digest": digest, "engine": "0.0.9"}))
        )
    finally:
        store.close()


def _fields(held: Any) -> dict[str, Any]:
    return {name: getattr(held, name) for name in held.__slots__}


def test_a_hash_that_differs_is_named_with_its_offer_and_the_other_engine(
    shop: Shop, market: Market
) -> None:
    sync(shop, market)
    with_other_hashes(shop, runs(shop, market)[0]["id"])
    done = replay(shop, market, "last")
    found = replayed(shop, market, "last")

    assert (done.code, found["same"]) == (1, 4)
    assert [(o["sku"], o["what"], o["aspects"]) for o in found["operations"]] == [
        ("AU-1", "body", ["price"])
    ]
    assert found["reasons"] == [
        f"run {found['run']['id'][:12]} was computed by Offerwright 0.0.9, this is {__version__}"
    ]
    assert "! market AU-1 content (create): other bytes" in done.out


def test_a_record_that_was_edited_is_refused(shop: Shop, market: Market) -> None:
    sync(shop, market)
    run = runs(shop, market)[0]["id"]
    path = shop.root / RUNS / run / "operations.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    done = replay(shop, market, "last")

    assert (done.code, "is not what was written" in done.err) == (2, True), done


def test_a_kept_file_that_was_edited_is_refused(shop: Shop, market: Market) -> None:
    shop.change("rules/pricing.yaml", "markup: 18%", "markup: 21%")
    sync(shop, market)
    for path in (shop.root / RUNS / "files").iterdir():
        path.write_bytes(path.read_bytes() + b"\n")
    done = replay(shop, market, "last")

    assert (done.code, "its hash is another" in done.err) == (2, True), done


def test_a_snapshot_that_is_gone_is_said(shop: Shop, market: Market) -> None:
    sync(shop, market)
    shutil.rmtree(shop.root / ".offerwright/snapshots")
    done = replay(shop, market, "last")

    assert done.code == 2
    assert "the snapshot" in done.err and "is not there any more" in done.err


def test_a_shallow_clone_lacks_the_commit_and_says_how_to_fetch_it(
    shop: Shop, market: Market, tmp_path: Path
) -> None:
    sync(shop, market)
    first = git(shop.root, "rev-parse", "HEAD")
    shop.change("rules/pricing.yaml", "markup: 18%", "markup: 19%")
    commit(shop)
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{shop.root}", "shallow")
    shallow = Shop(tmp_path / "shallow")
    shutil.copytree(shop.root / ".offerwright", shallow.root / ".offerwright")
    done = replay(shallow, market, "last")

    assert done.code == 2
    assert first[:12] in done.err and "--unshallow" in done.err


def test_history_that_was_rewritten_is_said(shop: Shop, market: Market) -> None:
    sync(shop, market)
    git(shop.root, "commit", "-q", "--amend", "-m", "another word")
    git(shop.root, "reflog", "expire", "--expire=now", "--all")
    git(shop.root, "gc", "-q", "--prune=now")
    done = replay(shop, market, "last")

    assert (done.code, "history that was rewritten" in done.err) == (2, True), done


def test_a_run_that_nobody_knows_is_refused_and_the_first_is_missed(
    shop: Shop, market: Market
) -> None:
    none = replay(shop, market, "last")
    sync(shop, market)
    unknown = replay(shop, market, "ffff")

    assert (none.code, unknown.code) == (2, 2)
    assert "no run is recorded here yet" in none.err
    assert "`offerwright runs` lists them" in unknown.err


def test_runs_are_listed_for_people(shop: Shop, market: Market) -> None:
    sync(shop, market)
    done = shop("runs", "--sandbox", market.url)
    heading, row = done.out.splitlines()

    assert heading.split() == [
        "run", "what", "began", "commit", "snapshot", "as", "of", "operations", "plan", "ended",
    ]  # fmt: skip
    assert (row.split()[1], row.endswith("with 0")) == ("sync", True)


def test_differences_of_two_bodies_are_named_field_by_field() -> None:
    from offerwright.runs.bodies import Difference, differences

    def line(price: str, units: str) -> str:
        body = f'{{"price":{price},"stock":[{{"units":{units}}}],"a/b":1}}'
        return json.dumps({"parts": [["main", body]]})

    assert differences(line("10.0", "3"), line("10.00", "4")) == (
        Difference("main", "/price", "10.0", "10.00"),
        Difference("main", "/stock/0/units", "3", "4"),
    )
    assert differences(line("1", "1"), json.dumps({"parts": [["main", "no json"]]})) == (
        Difference("main", "", '{"price":1,"stock":[{"units":1}],"a/b":1}', "no json"),
    )


def test_runs_that_said_what_is_live_stay_and_others_go(shop: Shop, market: Market) -> None:
    from offerwright.runs.keeping import Bounds, drop_unnamed_files, prune
    from offerwright.store.open import open_store

    sync(shop, market)
    for old, new in (("18%", "19%"), ("19%", "20%"), ("20%", "21%")):
        shop.change("rules/pricing.yaml", f"markup: {old}", f"markup: {new}")
        sync(shop, market)
    shop("plan", "--sandbox", market.url, "--as-of", AS_OF)
    planned, newest, third, second, first = (one["id"] for one in runs(shop, market))
    folder = shop.root / RUNS
    store = open_store("sqlite:///.offerwright/sandbox.db", shop.root)
    try:
        untouched = prune(store, folder, "sandbox", Bounds(sent=1, planned=0, slack=4))
        gone = prune(store, folder, "sandbox", Bounds(sent=1, planned=0, slack=0))
        drop_unnamed_files(store, folder)
    finally:
        store.close()

    # The first said cables and stock as they are still; what the two between said is overwritten.
    assert (untouched, set(gone)) == ((), {planned, third, second})
    assert sorted(one["id"] for one in runs(shop, market)) == sorted([newest, first])
    assert {p.name for p in folder.iterdir() if p.is_dir()} == {newest, first, "files"}
    assert replayed(shop, market, first)["same"] == 5
    assert replayed(shop, market, newest)["same"] == 3


def test_a_line_of_a_plan_is_read_whatever_its_texts_hold() -> None:
    from offerwright.runs.said import said
    from offerwright.sync.hashes import digests

    body = '{"title":"],\\"payload\\":\\"x\\",\\"sku\\":\\"Y\\""}'
    record = {
        "account": "market", "action": "update", "aspect": "price", "base": {"price": 3},
        "covers": {"price": "1-ab"}, "guard_inputs": '{"parts":[],"covers":{"stock":"1-cd"}}',
        "marketplace": "m", "parts": [["main", body]], "payload": "p", "price": ["1", "2"],
        "quantity": [None, None], "sku": 'A"1\\ü', "type": "operation", "why": "changed",
    }  # fmt: skip
    line = json.dumps(record, separators=(",", ":"), ensure_ascii=False)
    (row,) = said(pl.Series([line + "\n"])).iter_rows(named=True)

    assert (row["account"], row["sku"], row["aspect"], row["action"]) == (
        "market", 'A"1\\ü', "price", "update",
    )  # fmt: skip
    assert (row["covers.price"], row["covers.stock"], row["covers.content"]) == ("1-ab", None, None)
    assert row["line"] == digests(pl.Series([line])).item()
