"""What guards say of the head as a whole: its sources, what its rows match, when overrides end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from offerwright.cli.report import tell
from offerwright.cli.snapshot import sources_seen
from offerwright.errors import Diagnostic
from offerwright.expressions.parse import microseconds
from offerwright.guards.sources import judge_sources, source_findings
from offerwright.review.side import Side


def head_findings(head: Side, as_of: datetime, root: Path) -> list[Diagnostic]:
    """
    What keeps the head from being merged whatever it changes; warnings are told on stderr.

    The snapshot that it is evaluated over may be too old, or have lost rows.
    """
    found = list(_of_sources(head, as_of, root))
    for one in found:
        if one.severity != "error":
            tell(f"warning: {one.span}: {one.message}")
    return [one for one in found if one.severity == "error"]


def _of_sources(head: Side, as_of: datetime, root: Path) -> Iterator[Diagnostic]:
    sources = sources_seen(root, head.snapshot_id, as_of)
    guards = head.loadout.guards.by_account
    moment = microseconds(as_of)
    verdicts = [v for name in sorted(guards) for v in judge_sources(guards[name], sources, moment)]
    return source_findings(verdicts)
