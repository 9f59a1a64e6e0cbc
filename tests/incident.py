"""One incident of other shops, as its file tells it: the review, the plan, and the bytes at send."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from guards.catalogue import MAPPING, market_files
from guards.one_offer import FACTS
from sync.book import Book
from typed_rows import frame_from_rows

from offerwright.errors import has_errors
from offerwright.evaluate.matched import expected_matches
from offerwright.marketplaces.operation import Operation, Values
from offerwright.pipeline import Loadout, compile_repository
from offerwright.review.master import master
from offerwright.review.review import Asked, review
from offerwright.review.side import Side
from offerwright.rules.findings.expected import judge_matches
from offerwright.source.repository import Repository
from offerwright.store import Store
from offerwright.sync.plan_file import PlanFile
from offerwright.sync.planned import PlannedOperation

GUARDS, APPROVALS = "rules/guards.yaml", "rules/approvals.yaml"
MORE_FACTS = """\
  category: {type: path, from: all.category}
  images: {type: list of text, from: all.images}
"""
FILES = {
    "offerwright.yaml": """\
kind: shop
name: incident
time_zone: America/Sao_Paulo
currency: BRL
accounts:
  market: {marketplace: example-market, settings: {shop_id: casa}}
sources:
  all: {file: all.csv}
  stock: {file: stock.csv}
""",
    "rules/facts.yaml": FACTS + MORE_FACTS,
    "rules/stock.yaml": """\
kind: inventory
name: stock
pool: {on_hand: units, safety_stock: 0}
allocate: {method: shared, marketplaces: [{marketplace: example-market}]}
""",
    "rules/mapping.yaml": MAPPING,
}
PICTURE = ["https://images.example/1.jpg"]


@dataclass(frozen=True)
class Incident:
    """The rules and the rows of before and after, and when it is."""

    files: Mapping[str, str]
    changed: Mapping[str, str]
    rows: Sequence[Mapping[str, Any]]
    rows_after: Sequence[Mapping[str, Any]]
    as_of: str

    @property
    def before(self) -> Loadout:
        return linked(self.files)

    @property
    def after(self) -> Loadout:
        return linked(self.changed)

    @property
    def unguarded(self) -> Loadout:
        """The rules of after as if nobody looked: what would have been told."""
        looks = (GUARDS, APPROVALS)
        return linked({name: text for name, text in self._blind.items() if name not in looks})

    @property
    def warned(self) -> Loadout:
        """The rules of after with guards that only warn."""
        weak = re.sub("else: (block|needs_approval)", "else: warn", self.changed[GUARDS])
        return linked({**self._blind, GUARDS: weak})

    @property
    def _blind(self) -> dict[str, str]:
        """The files of after, of which no row says how many goods it expects."""
        return {
            name: re.sub(r", expect_matches: \d+", "", text) for name, text in self.changed.items()
        }


def incidents(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every file of a folder by its name, as it is written."""
    for path in sorted(folder.glob("*.yaml")):
        yield path.stem, yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)


def incident_of(told: Mapping[str, Any]) -> Incident:
    """The rules and rows of a file: `change` edits what `files` has, `rows_after` replaces rows."""
    files = {**FILES, **told.get("files", {})}
    changed = dict(files)
    for file, edit in told.get("change", {}).items():
        old, new = edit["from"], edit["to"]
        assert old in changed[file], f"{old!r} is not in {file}"
        changed[file] = changed[file].replace(old, new)
    rows = [row_of(row) for row in told["rows"]]
    after = [row_of(row) for row in told["rows_after"]] if "rows_after" in told else rows
    return Incident(files, changed, rows, after, told["as_of"])


def row_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row with its stock in one node and a picture; an empty cell is a missing one."""
    facts = {name: value for name, value in row.items() if value not in ("", None)}
    units = int(facts.pop("units", "10"))
    return {**facts, "units": {"sp": units}, "images": PICTURE}


def linked(files: Mapping[str, str]) -> Loadout:
    """The rules of these files; several tests look at the same ones."""
    return _linked(tuple(sorted(files.items())))


@cache
def _linked(files: Sequence[tuple[str, str]]) -> Loadout:
    loadout, found = compile_repository(repository(dict(files)))
    assert loadout is not None and not has_errors(found), found
    return loadout


def repository(files: Mapping[str, str]) -> Repository:
    own = {name: text.encode() for name, text in files.items()}
    return Repository(Path("/shop"), dict(sorted({**own, **market_files()}.items())))


def compiled(repository: Repository) -> Loadout | None:
    loadout, found = compile_repository(repository)
    return None if has_errors(found) else loadout


def reviewed(incident: Incident) -> dict[str, Any]:
    """What `diff` says of the change, over the rows of after: the master document."""
    base, head = incident.before, incident.after
    frame = frame_from_rows(head.schema, incident.rows_after)
    asked = Asked(datetime.fromisoformat(incident.as_of), compiled)
    sides = (Side("base", "", base, frame, "rows"), Side("head", "", head, frame, "rows"))
    return master(review(*sides, asked), 100)


def found_in_head(incident: Incident) -> list[str]:
    """The codes of what keeps the rules of after from being merged whatever they change."""
    rules = incident.after.rules
    frame = frame_from_rows(incident.after.schema, incident.rows_after)
    counted = expected_matches(rules, [frame], datetime.fromisoformat(incident.as_of))
    return [one.code for one in judge_matches(counted) if one.severity == "error"]


@dataclass(frozen=True)
class Told:
    """What became of the rules of after: offers by SKU, and the guards that object to each."""

    sent: Mapping[str, str]
    withheld: Mapping[str, list[str]]
    refused: Mapping[str, list[str]]


def told(incident: Incident, store: Store, folder: Path) -> Told:
    """
    Make all of before live, then plan the rules of after, and try to send them unguarded.

    `sent` are prices of the guarded plan, `withheld` its reasons. `refused` are, of the bytes that
    the same rules give without guards, those that the last look refuses with the guard inputs of
    before, and of a plan whose guards only warn what the guards of before refuse as a batch.
    """
    before = Book(incident.before, store, folder)
    first = before.plan(*incident.rows, first=True, at=incident.as_of)
    held = {one.sku: one.guard_inputs for one in before.opened(first).operations}
    before.submitted(first)
    before.settle()
    (part,) = (
        Book(incident.after, store, folder).plan(*incident.rows_after, at=incident.as_of).parts
    )
    sent = {p.change.sku: f"{p.price_after:f}" for p in part.changes if p.change.aspect == "price"}
    withheld: dict[str, set[str]] = {}
    for one in part.withheld:
        withheld.setdefault(one.sku, set()).update(guards_in(one.reason))
    return Told(sent, _sorted(withheld), _sorted(_refused(incident, before, held)))


def _refused(incident: Incident, before: Book, held: Mapping[str, str]) -> dict[str, set[str]]:
    operations = [
        operation_of(replace(one, guard_inputs=held[one.sku]))
        for one in _plan_file(incident.unguarded, incident, before).operations
    ]
    refused: dict[str, set[str]] = {}
    for one, reason in zip(operations, before.guard(incident.as_of)(operations), strict=True):
        refused.setdefault(one.sku, set()).update(guards_in(reason or ""))
    batch = before.submitted(_plan_file(incident.warned, incident, before))
    for planned, reason in batch.refused:
        refused.setdefault(planned.sku, set()).update(guards_in(reason))
    return refused


def _plan_file(loadout: Loadout, incident: Incident, before: Book) -> PlanFile:
    book = Book(loadout, before.store, before.folder)
    return book.opened(book.plan(*incident.rows_after, at=incident.as_of))


def operation_of(planned: PlannedOperation) -> Operation:
    """An operation as the last look sees it."""
    return Operation(
        planned.account, planned.marketplace, planned.sku, planned.aspect, planned.action, 1,
        planned.payload, planned.parts, planned.covers, Values(), planned.guard_inputs, "unguarded",
    )  # fmt: skip


def guards_in(reason: str) -> list[str]:
    """The guards that a reason names, and the rules that match more than they expect."""
    guards = re.findall(r"guard (?:[A-Za-z0-9_-]+/)?([A-Za-z0-9_-]+)", reason)
    return [*guards, *re.findall(r"rule ([A-Za-z0-9_/-]+): matches", reason)]


def _sorted(found: Mapping[str, set[str]]) -> dict[str, list[str]]:
    return {sku: sorted(guards) for sku, guards in sorted(found.items()) if guards}
