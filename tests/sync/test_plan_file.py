"""Plans: the same inputs give the same bytes, an edited file does not open."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path

import pytest
from guards.catalogue import ledger, planned, shop
from guards.one_offer import AS_OF
from sync.book import Book, product
from typed_rows import frame_from_rows

from offerwright.errors import OfferwrightError
from offerwright.evaluate.partitions import partitions
from offerwright.loadout import PlanRequest, plan_parts
from offerwright.store import open_store
from offerwright.sync.catalogue import HeldLedger
from offerwright.sync.delta import NO_DOUBT
from offerwright.sync.plan import Basis, SyncPlan
from offerwright.sync.plan_file import PlanRefused, keep_plan, read_plan, write_plan

BASIS = Basis("", "r", "s", AS_OF, "0", "sandbox")
PRODUCTS = (product("A", "10.00", 3), product("Bé", "20.00", 2))


@pytest.fixture
def plan() -> SyncPlan:
    return planned(shop([], content=True), PRODUCTS, ledger({}))


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    store = open_store("sqlite:///state.db", tmp_path)
    yield Book(shop([], content=True), store, tmp_path)
    store.close()


def test_a_file_says_what_the_plan_says(plan: SyncPlan, tmp_path: Path) -> None:
    write_plan(plan, tmp_path / "p.jsonl")
    opened = read_plan(tmp_path / "p.jsonl")

    assert opened.id == plan.id
    assert opened.head["as_of"] == plan.basis.as_of
    assert [(o.sku, o.parts, dict(o.covers), dict(o.base)) for o in opened.operations] == [
        (c.change.sku, c.change.parts, dict(c.change.covers), dict(c.change.base))
        for c in plan.changes()
    ]


def test_the_same_inputs_give_the_same_bytes(plan: SyncPlan, tmp_path: Path) -> None:
    again = planned(shop([], content=True), PRODUCTS, ledger({}))
    for name, one in (("a", plan), ("b", again)):
        write_plan(one, tmp_path / name)

    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_another_price_is_another_plan(plan: SyncPlan) -> None:
    other = planned(shop([], content=True), (product("A", "10.01", 3),), ledger({}))

    assert other.id != plan.id


def reseal(lines: list[str]) -> list[str]:
    seal = json.loads(lines[-1])
    return [*lines[:-1], json.dumps({**seal, "id": "0123456789abcdef"})]


EDITS: dict[str, Callable[[list[str]], list[str]]] = {
    "a price": lambda lines: [x.replace("1000", "1") for x in lines],
    "a line taken out": lambda lines: [*lines[:2], *lines[3:]],
    "two lines swapped": lambda lines: [lines[0], lines[1], lines[3], lines[2], *lines[4:]],
    "no seal": lambda lines: lines[:-1],
    "a seal without a hash": lambda lines: [*lines[:-1], '{"type":"seal","id":"x"}'],
    "another id, to apply it twice": reseal,
    "nothing": lambda lines: [],
    "no JSON": lambda lines: ["plan"],
    "lists": lambda lines: ["[]", "[]"],
    "numbers": lambda lines: ["1", "2"],
    "a later version": lambda lines: [lines[0].replace('"version":1', '"version":9'), *lines[1:]],
}


@pytest.mark.parametrize("edit", list(EDITS.values()), ids=list(EDITS))
def test_an_edited_plan_does_not_open(
    plan: SyncPlan, tmp_path: Path, edit: Callable[[list[str]], list[str]]
) -> None:
    path = tmp_path / "p.jsonl"
    write_plan(plan, path)
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(edit(lines)) + "\n", encoding="utf-8")

    with pytest.raises(PlanRefused) as refused:
        read_plan(path)

    assert str(path) in str(refused.value)


def test_a_plan_whose_line_ends_were_changed_by_git_opens(plan: SyncPlan, tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    write_plan(plan, path)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    assert read_plan(path).id == plan.id


def test_a_file_that_changes_after_it_was_opened_queues_nothing(book: Book) -> None:
    plan = book.opened(book.plan(*PRODUCTS))
    path = book.folder / f"{plan.id}.jsonl"
    path.write_bytes(path.read_bytes().replace(b"1000", b"1001"))

    with pytest.raises(PlanRefused, match="was changed while it was read"):
        book.submitted(plan)
    assert book.store.open_counts("market") == {}


LATER: dict[str, Callable[[list[str]], list[str]]] = {
    "an operation twice": lambda lines: [*lines[:3], *lines[2:]],
    "an operation less": lambda lines: [*lines[:2], *lines[3:]],
    "no JSON": lambda lines: [*lines[:2], "{", *lines[3:]],
    "an operation without a SKU": lambda lines: [x.replace('"sku"', '"ski"') for x in lines],
    "a line that is no object": lambda lines: [*lines[:2], "[1]", *lines[2:]],
    "nothing": lambda lines: [],
}


@pytest.mark.parametrize("edit", list(LATER.values()), ids=list(LATER))
def test_no_change_of_an_opened_plan_goes_through(
    plan: SyncPlan, tmp_path: Path, edit: Callable[[list[str]], list[str]]
) -> None:
    path = tmp_path / "p.jsonl"
    write_plan(plan, path)
    opened = read_plan(path)
    path.write_text("".join(f"{x}\n" for x in edit(path.read_text().splitlines())))

    # More operations than there were are never given, not even before the end.
    with pytest.raises(PlanRefused, match="was changed while it was read"):
        list(islice(opened.operations, len(opened.operations) + 1))


def test_another_plan_in_its_place_is_not_looked_at(plan: SyncPlan, tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    write_plan(plan, path)
    opened = read_plan(path)
    write_plan(replace(plan, basis=replace(BASIS, snapshot="later")), path)

    with pytest.raises(PlanRefused, match="was changed while it was read"):
        next(iter(opened.operations))


def test_a_plan_that_is_gone_while_it_is_read_is_refused(plan: SyncPlan, tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    write_plan(plan, path)
    opened = read_plan(path)
    path.unlink()

    with pytest.raises(PlanRefused, match="cannot be read"):
        next(iter(opened.operations))


def test_a_plan_that_cannot_be_written_leaves_no_piece(plan: SyncPlan, tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").mkdir()

    with pytest.raises(OSError):
        write_plan(plan, tmp_path / "p.jsonl")
    assert [file.name for file in tmp_path.iterdir()] == ["p.jsonl"]


def test_a_plan_is_kept_under_its_id(plan: SyncPlan, tmp_path: Path) -> None:
    made, path = keep_plan(replace(plan, id=""), tmp_path)

    assert (made.id, path) == (plan.id, tmp_path / f"{plan.id}.jsonl")
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_plan_that_lies_on_disk_while_it_is_made_has_the_same_bytes(tmp_path: Path) -> None:
    loadout = shop([{"id": "zero", "check": "share_zeroed", "at_most": "10%", "else": "block"}])
    products = (product("A", "10.00", 3), product("B", None, 2), product("C", "3.00", None))
    known = ledger({"A": {"quantity": 5}, "C": {"price": "3.10", "quantity": 1}, "D": {}})
    asked = PlanRequest(("market",), datetime.fromisoformat(AS_OF), BASIS, NO_DOUBT)
    parts = partitions(loadout.rules, frame_from_rows(loadout.schema, products), rows=1)
    held = HeldLedger({"market": known})
    (tmp_path / "parts").mkdir()
    write_plan(plan_parts(loadout, parts, held, asked), tmp_path / "memory")
    spilled = plan_parts(loadout, parts, held, asked, folder=tmp_path / "parts", workers=2)
    write_plan(spilled, tmp_path / "disk")

    assert len(parts) == 3
    assert (tmp_path / "disk").read_bytes() == (tmp_path / "memory").read_bytes()
    assert any((tmp_path / "parts" / "market").iterdir())


def test_a_folder_is_no_plan(tmp_path: Path) -> None:
    with pytest.raises(PlanRefused):
        read_plan(tmp_path)


def test_a_plan_holds_no_secret_and_no_clock(plan: SyncPlan, tmp_path: Path) -> None:
    write_plan(plan, tmp_path / "p.jsonl")
    head = json.loads((tmp_path / "p.jsonl").read_text(encoding="utf-8").splitlines()[0])

    assert sorted(head) == [
        "as_of", "commit", "engine", "first_publication", "rules", "snapshot", "target", "type",
        "version",
    ]  # fmt: skip


def test_a_disk_that_is_full_while_a_plan_is_made_is_said_with_its_folder(tmp_path: Path) -> None:
    loadout = shop([], content=True)
    asked = PlanRequest(("market",), datetime.fromisoformat(AS_OF), BASIS, NO_DOUBT)
    parts = partitions(loadout.rules, frame_from_rows(loadout.schema, PRODUCTS), rows=1)
    held = HeldLedger({"market": ledger({})})
    (tmp_path / "market").mkdir()
    (tmp_path / "market" / "000001.operations").symlink_to("/dev/full")

    with pytest.raises(OfferwrightError, match=f"{tmp_path}/market cannot be written: No space"):
        plan_parts(loadout, parts, held, asked, folder=tmp_path, workers=2)


def test_what_is_gone_is_planned_block_by_block_as_at_once() -> None:
    loadout = shop(
        [{"id": "zero", "check": "share_zeroed", "at_most": "80%", "else": "block"}], content=True
    )
    known = ledger({sku: {"price": "3.00", "quantity": 1} for sku in ("A", "D", "E", "F")})
    asked = PlanRequest(("market",), datetime.fromisoformat(AS_OF), BASIS, NO_DOUBT)
    parts = partitions(loadout.rules, frame_from_rows(loadout.schema, PRODUCTS))
    (whole,) = plan_parts(loadout, parts, HeldLedger({"market": known}), asked).parts
    (blocks,) = plan_parts(loadout, parts, HeldLedger({"market": known}, block=2), asked).parts

    assert [c.change.sku for c in whole.changes if c.change.action == "end"] == ["D", "E", "F"]
    assert blocks.changes == whole.changes
    assert blocks.run_verdicts == whole.run_verdicts
