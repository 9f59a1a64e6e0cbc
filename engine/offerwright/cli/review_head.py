"""What guards say of the head as a whole: its sources, what its rows match, when overrides end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import polars as pl

from offerwright.cli.report import tell
from offerwright.cli.snapshot import sources_seen
from offerwright.errors import Diagnostic
from offerwright.evaluate.matched import expected_matches
from offerwright.evaluate.partitions import partitions
from offerwright.expressions.parse import microseconds
from offerwright.guards.expiry import expiry_findings
from offerwright.guards.sources import judge_sources, source_findings
from offerwright.review.side import Side
from offerwright.rules.findings.expected import judge_matches


def head_findings(head: Side, as_of: datetime, root: Path) -> list[Diagnostic]:
    """
    What keeps the head from being merged whatever it changes; warnings are told on stderr.

    The snapshot that it is evaluated over may be too old, or have lost rows.
    """
    found = [
        *_of_sources(head, as_of, root),
        *_of_matches(head, as_of),
        *expiry_findings(head.loadout.rules, head.loadout.guards, as_of),
    ]
    for one in found:
        if one.severity != "error":
            tell(f"warning: {one.span}: {one.message}")
    return [one for one in found if one.severity == "error"]


def _of_matches(head: Side, as_of: datetime) -> list[Diagnostic]:
    """Rows and steps that match other numbers of SKUs than they expect, on any account."""
    counted = expected_matches(head.loadout.rules, _blocks(head), as_of)
    return [one for one in judge_matches(counted) if one.code == "EXPECT_MATCHES"]


def _blocks(side: Side) -> Iterator[pl.DataFrame]:
    """The rows of its snapshot, read when they are asked for."""
    for block in partitions(side.loadout.rules, side.snapshot):
        yield block.own


def _of_sources(head: Side, as_of: datetime, root: Path) -> Iterator[Diagnostic]:
    sources = sources_seen(root, head.snapshot_id, as_of)
    guards = head.loadout.guards.by_account
    moment = microseconds(as_of)
    verdicts = [v for name in sorted(guards) for v in judge_sources(guards[name], sources, moment)]
    return source_findings(verdicts)
