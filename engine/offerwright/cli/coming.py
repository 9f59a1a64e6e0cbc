"""What a plan says of the next change that nobody makes: a sale ends, a rate grows old."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from offerwright.cli.report import echo
from offerwright.expressions.parse import EPOCH
from offerwright.loadout import Loadout, next_changes

SHOWN = 3


def coming_changes(loadout: Loadout, as_of: str, accounts: Collection[str]) -> list[dict[str, Any]]:
    """The changes of the next moment at which something changes for one of these accounts,
    `next_changes` of the schema."""
    zone = ZoneInfo(loadout.rules.time_zone)
    return [
        {
            "at": (EPOCH + timedelta(microseconds=one.at)).astimezone(zone).isoformat(),
            "what": one.what,
            "happens": one.happens,
            "accounts": list(one.accounts),
            "file": one.span.file,
            "line": one.span.line,
        }
        for one in next_changes(loadout, datetime.fromisoformat(as_of), accounts)
    ]


def show_coming(coming: Sequence[dict[str, Any]]) -> None:
    """The moment and what happens then; the plan of now is not that of then."""
    if not coming:
        return
    when = datetime.fromisoformat(coming[0]["at"])
    precision = "microseconds" if when.microsecond else "seconds" if when.second else "minutes"
    head = f"Next change by itself: {when.isoformat(timespec=precision)}"
    for one in coming[:SHOWN]:
        echo(f"{head}  {one['what']} {one['happens']}  {one['file']}:{one['line']}")
        head = " " * len(head)
    if len(coming) > SHOWN:
        echo(f"{head}  and {len(coming) - SHOWN} more")
