"""
A plan as a file: JSON lines, one operation a line, sealed with a hash over everything before.

The first line is the head (what the plan stands on), the last the seal. A plan that was edited
does not open; a plan that was applied before is recognised by its id.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from offerwright.errors import OfferwrightError
from offerwright.frames import Aspect
from offerwright.marketplaces.operation import Action
from offerwright.sync.plan import AccountPart, Planned, SyncPlan, Withheld

VERSION = 1
ID_LENGTH = 16


class PlanRefused(OfferwrightError):
    """The file is no plan, or not the plan that was written."""


@dataclass(frozen=True, slots=True)
class PlannedOperation:
    """One operation as a plan file holds it."""

    account: str
    marketplace: str
    sku: str
    aspect: Aspect
    action: Action
    payload: str
    parts: tuple[tuple[str, bytes], ...]
    covers: Mapping[Aspect, str]
    base: Mapping[Aspect, int]
    guard_inputs: str


@dataclass(frozen=True)
class PlanFile:
    """An opened plan: its id, its head, the accounts it speaks for, its operations."""

    id: str
    head: Mapping[str, Any]
    accounts: tuple[str, ...]
    operations: tuple[PlannedOperation, ...]


def sealed(plan: SyncPlan) -> SyncPlan:
    """The plan with its lines and its id: the hash of these lines."""
    lines = tuple(_lines(plan))
    return replace(plan, id=_hash(lines)[:ID_LENGTH], lines=lines)


def write_plan(plan: SyncPlan, path: Path) -> None:
    """Write a sealed plan, whole or not at all."""
    temporary = path.with_name(f"{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with temporary.open("wb") as file:
        for line in plan.lines:
            written = f"{line}\n".encode()
            digest.update(written)
            file.write(written)
        seal = {"type": "seal", "id": plan.id, "sha256": digest.hexdigest()}
        file.write(f"{_dump(seal)}\n".encode())
    temporary.replace(path)


def _hash(lines: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(f"{line}\n".encode())
    return digest.hexdigest()


# One encoder for all lines: `json.dumps` with settings makes a new one for every call.
_dump = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def _lines(plan: SyncPlan) -> Iterator[str]:
    yield _dump({"type": "plan", "version": VERSION, **asdict(plan.basis)})
    for part in plan.parts:
        yield _dump({"type": "account", **account_summary(part)})
        for planned in part.changes:
            yield _dump({"type": "operation", **_operation(planned)})
        for withheld in part.withheld:
            yield _dump({"type": "withheld", **_words(withheld)})
        for warning in part.warnings:
            yield _dump({"type": "warning", **_words(warning)})


def account_summary(part: AccountPart) -> dict[str, Any]:
    """The counts of one account."""
    return {
        "account": part.account,
        "offers": part.offers,
        "operations": len(part.changes),
        "unchanged": part.unchanged,
        "waiting": part.waiting,
        "withheld": len({w.sku for w in part.withheld}),
        "warnings": len(part.warnings),
        "guards": [
            {"id": v.guard.id, "failed": v.failed, "reason": v.reason, "approved_by": v.approved_by}
            for v in part.run_verdicts
        ],
    }


def _words(withheld: Withheld) -> dict[str, Any]:
    return {name: getattr(withheld, name) for name in Withheld.__slots__}


def _operation(planned: Planned) -> dict[str, Any]:
    change = planned.change
    return {
        "account": planned.account,
        "marketplace": planned.marketplace,
        "sku": change.sku,
        "aspect": change.aspect,
        "action": change.action,
        "payload": change.payload,
        "why": change.why,
        "parts": [[name, body.decode()] for name, body in change.parts],
        "covers": dict(change.covers),
        "base": dict(change.base),
        "guard_inputs": planned.guard_inputs,
        "price": _pair(planned.price_before, planned.price_after),
        "quantity": _pair(planned.quantity_before, planned.quantity_after),
    }


def _pair(before: Decimal | int | None, after: Decimal | int | None) -> list[str | int | None]:
    return [f"{x:f}" if isinstance(x, Decimal) else x for x in (before, after)]


def read_plan(path: Path) -> PlanFile:
    """
    Open a plan.

    Raises:
        PlanRefused: unreadable, edited after it was written, or of another version.
    """
    try:
        lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
        records = [json.loads(line) for line in lines]
    except OSError as problem:
        raise PlanRefused(f"{path} cannot be read as a plan: {problem}") from problem
    except ValueError as problem:
        raise PlanRefused(
            f"{path} cannot be read as a plan; give the file that `offerwright plan --out` wrote"
        ) from problem
    if not _is_whole(records):
        raise PlanRefused(f"{path} is not a whole plan; make it again with `offerwright plan`")
    if records[0].get("version") != VERSION:
        raise PlanRefused(f"{path} was written by another version; plan again")
    sha256 = _hash(lines[:-1])
    if records[-1].get("sha256") != sha256 or records[-1].get("id") != sha256[:ID_LENGTH]:
        raise PlanRefused(f"{path} was changed after it was written; plan again")
    operations = tuple(_read_operation(r) for r in records if r["type"] == "operation")
    accounts = tuple(r["account"] for r in records if r["type"] == "account")
    return PlanFile(records[-1]["id"], records[0], accounts, operations)


def _is_whole(records: list[Any]) -> bool:
    """Whether a head stands first, a seal last, and a record on every line."""
    whole = len(records) > 1 and all(isinstance(r, dict) and "type" in r for r in records)
    return whole and records[0]["type"] == "plan" and records[-1]["type"] == "seal"


def _read_operation(record: Mapping[str, Any]) -> PlannedOperation:
    return PlannedOperation(
        account=record["account"],
        marketplace=record["marketplace"],
        sku=record["sku"],
        aspect=record["aspect"],
        action=record["action"],
        payload=record["payload"],
        parts=tuple((name, body.encode()) for name, body in record["parts"]),
        covers=record["covers"],
        base=record["base"],
        guard_inputs=record["guard_inputs"],
    )
