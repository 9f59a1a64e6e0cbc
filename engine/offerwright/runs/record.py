"""A run as it is recorded: what it stood on, what it said, how it ended; to and from the store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, cast

from offerwright.errors import OfferwrightError
from offerwright.store.protocol import Run

Kind = Literal["plan", "apply", "sync", "rollback"]
SENDING = ("apply", "sync")
"""The kinds that send; the others only plan."""
DIRTY = "+"
"""Behind a commit: files that count were not as it has them."""


class RunRefused(OfferwrightError):
    """No such run, or what it stood on is gone."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """
    One run. Times are Unix seconds; `ended` and `exit_code` are None while it runs, and for ever
    where it was killed.
    """

    id: str
    kind: Kind
    commit: str
    """Empty outside Git."""
    is_dirty: bool
    rules: str
    snapshot: str
    as_of: str
    engine: str
    plan: str
    target: str
    accounts: tuple[str, ...]
    first_publication: bool
    operations: int
    digest: str
    """Of what is kept of the operations; empty where nothing was recorded of them."""
    files: str
    """The list of the files that are not as the commit has them."""
    started: float
    ended: float | None = None
    exit_code: int | None = None
    returns_to: str = ""
    """The run or commit that a rollback goes back to."""

    @property
    def sends(self) -> bool:
        """Whether it told marketplaces something, or could have."""
        return self.kind in SENDING


def stored(record: RunRecord) -> Run:
    """As the store keeps it."""
    details = {
        "kind": record.kind, "dirty": _word(record.is_dirty), "rules": record.rules,
        "target": record.target, "accounts": " ".join(record.accounts),
        "first_publication": _word(record.first_publication),
        "operations": str(record.operations), "digest": record.digest, "files": record.files,
        "returns_to": record.returns_to,
    }  # fmt: skip
    if record.ended is not None:
        details |= {"ended": repr(record.ended), "exit_code": str(record.exit_code)}
    return Run(
        id=record.id, commit=record.commit, snapshot_id=record.snapshot, as_of=record.as_of,
        engine_version=record.engine, plan_hash=record.plan, started_at=record.started,
        details=details,
    )  # fmt: skip


def recorded(run: Run) -> RunRecord:
    """What the store kept; of a run before there were details, what it knows."""
    held = run.details
    ended = held.get("ended")
    return RunRecord(
        id=run.id,
        kind=cast("Kind", held.get("kind", "apply")),
        commit=run.commit.removesuffix(DIRTY),
        is_dirty=held.get("dirty") == "yes" or run.commit.endswith(DIRTY),
        rules=held.get("rules", ""),
        snapshot=run.snapshot_id,
        as_of=run.as_of,
        engine=run.engine_version,
        plan=run.plan_hash,
        target=held.get("target", ""),
        accounts=tuple(held.get("accounts", "").split()),
        first_publication=held.get("first_publication") == "yes",
        operations=int(held.get("operations", "0")),
        digest=held.get("digest", ""),
        files=held.get("files", ""),
        started=run.started_at,
        ended=None if ended is None else float(ended),
        exit_code=None if ended is None else int(held["exit_code"]),
        returns_to=held.get("returns_to", ""),
    )


def _word(claim: bool) -> str:
    return "yes" if claim else "no"


def chosen(known: Iterable[RunRecord], wanted: str) -> RunRecord:
    """
    The run that a word names: the start of its id or of its plan's, or `last`.

    Of several runs of one plan the newest. Raises `RunRefused` for none, or for several plans.
    """
    runs = sorted(known, key=lambda one: (one.started, one.id), reverse=True)
    if not runs:
        raise RunRefused("no run is recorded here yet; `plan`, `apply` and `sync` record one each")
    if wanted == "last":
        return runs[0]
    exact = [one for one in runs if wanted in (one.id, one.plan)]
    found = exact or [one for one in runs if one.id.startswith(wanted)]
    found = found or [one for one in runs if one.plan.startswith(wanted)]
    if not found:
        raise RunRefused(f"no run is called {wanted!r}; `offerwright runs` lists them")
    if not exact and len({one.id for one in found}) > 1:
        raise RunRefused(
            f"{wanted!r} may be {', '.join(one.id[:12] for one in found[:4])}; write more of it"
        )
    return found[0]
