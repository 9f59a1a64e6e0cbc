"""
A plan as a file: JSON lines, one operation a line, sealed with a hash over everything before.

The first line is the head (what the plan stands on), the last the seal. A plan that was edited
does not open; a plan that was applied before is recognised by its id. Files are written and read
line by line: that of a first publication is larger than memory.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from offerwright.errors import OfferwrightError
from offerwright.profile import staged
from offerwright.sync.lines import octets, reason_lines
from offerwright.sync.plan import AccountPart, SyncPlan
from offerwright.sync.planned import PlannedOperation, operation_of

VERSION = 1
ID_LENGTH = 16


class PlanRefused(OfferwrightError):
    """The file is no plan, or not the plan that was written."""


@dataclass(frozen=True)
class PlanFile:
    """An opened plan: its id, its head, how many operations its accounts have, and these."""

    id: str
    head: Mapping[str, Any]
    counts: Mapping[str, int]
    operations: Collection[PlannedOperation]
    """Read from the file again whenever they are gone through."""

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts that the plan speaks for."""
        return tuple(self.counts)


@staged("digest")
def sealed(plan: SyncPlan) -> SyncPlan:
    """The plan with its id: the hash of its lines."""
    digest = hashlib.sha256()
    for text in _texts(plan):
        digest.update(text)
    return replace(plan, id=digest.hexdigest()[:ID_LENGTH])


@staged("writing")
def write_plan(plan: SyncPlan, path: Path) -> SyncPlan:
    """Write a plan, whole or not at all, and seal it."""
    temporary = path.with_name(f"{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        sha256 = _write(plan, temporary)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return replace(plan, id=sha256[:ID_LENGTH])


def _write(plan: SyncPlan, path: Path) -> str:
    """The lines and their seal; gives the hash."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for text in _texts(plan):
            digest.update(text)
            file.write(text)
        sha256 = digest.hexdigest()
        seal = {"type": "seal", "id": sha256[:ID_LENGTH], "sha256": sha256}
        file.write(f"{_dump(seal)}\n".encode())
    return sha256


def keep_plan(plan: SyncPlan, folder: Path) -> tuple[SyncPlan, Path]:
    """Write a plan into a folder under its id, which is known when it is written."""
    fresh = folder / f"new-{os.getpid()}.jsonl"
    made = write_plan(plan, fresh)
    return made, fresh.replace(folder / f"{made.id}.jsonl")


# One encoder for all lines: `json.dumps` with settings makes a new one for every call.
_dump = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def _texts(plan: SyncPlan) -> Iterator[bytes | memoryview]:
    """The lines of the file but for its seal, many at a time."""
    yield f"{_dump({'type': 'plan', 'version': VERSION, **plan.basis.said})}\n".encode()
    for part in plan.parts:
        yield f"{_dump({'type': 'account', **account_summary(part)})}\n".encode()
        for operations in part.operations():
            yield octets(operations["line"]).data
        for reasons in part.reasons():
            yield octets(reason_lines(reasons, part.account, "withheld")).data
        for reasons in part.warned_of():
            yield octets(reason_lines(reasons, part.account, "warning")).data


def account_summary(part: AccountPart) -> dict[str, Any]:
    """The counts of one account."""
    return {
        "account": part.account,
        "offers": part.offers,
        "operations": part.size,
        "unchanged": part.unchanged,
        "waiting": part.waiting,
        "withheld": part.withheld_skus,
        "warnings": part.warned,
        "guards": [
            {"id": v.guard.id, "failed": v.failed, "reason": v.reason, "approved_by": v.approved_by}
            for v in part.run_verdicts
        ],
    }


@dataclass(frozen=True)
class PlanOperations:
    """The operations of a plan file, in order, parsed as they are gone through."""

    path: Path
    head: bytes
    """The first line: whoever puts another plan in its place is noticed before it is looked at."""
    sha256: str
    size: int

    def __len__(self) -> int:
        return self.size

    def __contains__(self, operation: object) -> bool:
        return any(one == operation for one in self)

    def __iter__(self) -> Iterator[PlannedOperation]:
        """Raises `PlanRefused`, at the latest at the end, where the file is not what was opened."""
        digest, given = hashlib.sha256(), 0
        for number, line in enumerate(self._sealed()):
            digest.update(line + b"\n")
            is_operation = _OPERATION in line
            if (number == 0 and line != self.head) or (is_operation and given == self.size):
                raise self._changed()
            if is_operation:
                given += 1
                yield self._operation(line)
        if digest.hexdigest() != self.sha256:
            raise self._changed()

    def _sealed(self) -> Iterator[bytes]:
        """All lines but the last, which is the seal."""
        before = None
        try:
            for line in _lines(self.path):
                if before is not None:
                    yield before
                before = line
        except OSError as problem:
            raise _unreadable(self.path, problem) from problem

    def _operation(self, line: bytes) -> PlannedOperation:
        try:
            return operation_of(json.loads(line.decode()))
        except (ValueError, LookupError, TypeError, AttributeError) as problem:
            raise self._changed() from problem

    def _changed(self) -> PlanRefused:
        return PlanRefused(f"{self.path} was changed while it was read; plan again")


def _unreadable(path: Path, problem: OSError) -> PlanRefused:
    return PlanRefused(f"{path} cannot be read as a plan: {problem}")


@staged("reading the plan")
def read_plan(path: Path) -> PlanFile:
    """
    Open a plan.

    Raises:
        PlanRefused: unreadable, edited after it was written, or of another version.
    """
    try:
        outline = _outline(path)
    except OSError as problem:
        raise _unreadable(path, problem) from problem
    except ValueError as problem:
        raise PlanRefused(
            f"{path} cannot be read as a plan; give the file that `offerwright plan --out` wrote"
        ) from problem
    head, seal = outline.head, outline.seal
    if not (_is(head, "plan") and _is(seal, "seal")):
        raise PlanRefused(f"{path} is not a whole plan; make it again with `offerwright plan`")
    if head.get("version") != VERSION:
        raise PlanRefused(f"{path} was written by another version; plan again")
    sha256 = outline.sha256
    if seal.get("sha256") != sha256 or seal.get("id") != sha256[:ID_LENGTH]:
        raise PlanRefused(f"{path} was changed after it was written; plan again")
    counts = {one["account"]: int(one["operations"]) for one in outline.accounts}
    operations = PlanOperations(path, outline.first, sha256, sum(counts.values()))
    return PlanFile(seal["id"], head, counts, operations)


@dataclass(frozen=True)
class _Outline:
    """What a file is from far: its first and last record, its accounts, the hash between."""

    first: bytes
    head: Any
    accounts: tuple[dict[str, Any], ...]
    seal: Any
    sha256: str


def _outline(path: Path) -> _Outline:
    digest, before = hashlib.sha256(), None
    first, head = b"", None
    accounts = []
    for line in _lines(path):
        if before is None:
            first, head = line, json.loads(line.decode())
        else:
            digest.update(before + b"\n")
        if _ACCOUNT in line:
            accounts.append(json.loads(line.decode()))
        before = line
    seal = json.loads((before or b"").decode())
    return _Outline(first, head, tuple(accounts), seal, digest.hexdigest())


_ACCOUNT = b'"type":"account"'
_OPERATION = b'"type":"operation"'
"""Only lines of this kind have it: inside a text the quotes would have backslashes."""


def lines_of_operations(path: Path) -> Iterator[str]:
    """The lines of a plan file that are operations, as they stand there. The seal is not held."""
    return (line.decode() for line in _lines(path) if _OPERATION in line)


def _lines(path: Path) -> Iterator[bytes]:
    """The lines that say something; whatever Git made of their ends."""
    with path.open("rb") as file:
        for line in file:
            if said := line.rstrip(b"\r\n"):
                yield said


def _is(record: Any, type_: str) -> bool:
    return isinstance(record, dict) and record.get("type") == type_
