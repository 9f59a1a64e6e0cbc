"""
`python -m offerwright.cli.shadow_run`: evaluate a candidate beside the live rules, in a process of
its own, so that nothing it does reaches the job that sends.

What is asked comes as a line of JSON on stdin, which stays open as long as the job lives; the
review goes to the file that it names.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from offerwright.errors import OfferwrightError

OFFERS = 1000
NICENESS = 10


@dataclass(frozen=True)
class Candidate:
    """What is asked: where everything lies, the live rules' hash, and how long it may take."""

    home: Path
    bundle: Path | None
    data: Path | None
    candidate: str
    rules: str
    snapshot: str
    as_of: datetime
    seconds: int
    out: Path

    def json(self) -> str:
        """For `candidate_of`."""
        return json.dumps({
            name: value if isinstance(value, int | None) else str(value)
            for name, value in vars(self).items()
        })  # fmt: skip


def candidate_of(text: str) -> Candidate:
    """What `Candidate.json` wrote."""
    said: Mapping[str, Any] = json.loads(text)
    return Candidate(
        home=Path(said["home"]),
        bundle=None if said["bundle"] is None else Path(said["bundle"]),
        data=None if said["data"] is None else Path(said["data"]),
        candidate=said["candidate"],
        rules=said["rules"],
        snapshot=said["snapshot"],
        as_of=datetime.fromisoformat(said["as_of"]),
        seconds=said["seconds"],
        out=Path(said["out"]),
    )


def evaluated(asked: Candidate) -> dict[str, Any]:
    """
    The review from the live rules to the candidate: what `diff` says of the two. Of a candidate
    with errors its findings, without totals.

    Raises `OfferwrightError` where the candidate cannot be read, or the live rules have changed.
    """
    from offerwright.cli.loadouts import ready
    from offerwright.cli.report import diagnostic_json
    from offerwright.cli.review_sides import compiled, linked, state_at
    from offerwright.cli.snapshot import snapshots_folder
    from offerwright.facts.archive import open_snapshot
    from offerwright.review.master import master
    from offerwright.review.review import Asked, review
    from offerwright.review.side import Side

    live = ready(asked.home, asked.bundle)[1]
    if live.digest != asked.rules:
        raise OfferwrightError("the live rules have changed since the plan was made")
    state = state_at(asked.home, asked.candidate)
    rules, errors = linked(state)
    if rules is None:
        findings = diagnostic_json(errors)
        return {"head": {"commit": state.commit or None}, "totals": None, "findings": findings}
    stored = open_snapshot(snapshots_folder(asked.home) / asked.snapshot)
    base = Side("live", "", live, stored.facts, stored.id)
    head = _with_rows(
        Side(asked.candidate, state.commit, rules, stored.facts, stored.id), base, asked
    )
    return master(review(base, head, Asked(asked.as_of, compiled)), OFFERS)


def _with_rows(head: Any, base: Any, asked: Candidate) -> Any:
    """The candidate over the same rows; with other facts over the sources, read for it."""
    from dataclasses import replace

    from offerwright.facts.manifest import schema_hash
    from offerwright.facts.snapshot import build_snapshot

    schema = head.loadout.schema
    if schema_hash(schema) == schema_hash(base.loadout.schema):
        return head
    shop = head.loadout.shop.document
    own = build_snapshot(schema, shop, asked.home, data_root=asked.data)
    return replace(head, snapshot=own.frame, snapshot_id=own.id)


def main() -> None:
    """Run to the end, or to the end of its time or of its job: nobody has to stop it."""
    asked = candidate_of(sys.stdin.buffer.readline().decode("utf-8"))
    threading.Thread(target=_end_with_the_job, daemon=True).start()
    if hasattr(signal, "SIGALRM"):
        signal.alarm(asked.seconds + 1)
    _stand_back()
    try:
        record = evaluated(asked)
    except OfferwrightError as problem:
        sys.stderr.write(f"{problem}\n")
        sys.exit(1)
    fresh = asked.out.with_suffix(".part")
    fresh.write_text(json.dumps(record, ensure_ascii=False, sort_keys=True), encoding="utf-8")
    fresh.replace(asked.out)


def _end_with_the_job() -> None:
    """
    Wait until nobody holds the other end of stdin, which the end of a process closes, however it
    comes; then end this one, and what it has started.
    """
    os.read(0, 1)
    if hasattr(os, "killpg"):
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _stand_back() -> None:
    """Less claim to the processor; where memory runs out, this process goes and not the job."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


if __name__ == "__main__":
    main()
