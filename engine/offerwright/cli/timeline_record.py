"""What a timeline found → the JSON of `schemas/output/timeline.schema.json`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from offerwright.errors import Span

if TYPE_CHECKING:
    from offerwright.rules.changes import Change
    from offerwright.store.holds import Hold
    from offerwright.timeline.moments import TimeSpan
    from offerwright.timeline.periods import Period
    from offerwright.timeline.stretch import Stretch
    from offerwright.timeline.turns import Turn


def hold_json(one: Hold, time: TimeSpan) -> dict[str, Any]:
    """What an operator holds back, and when that ends by itself."""
    wish = one.wish
    until = None if wish.until is None else datetime.fromtimestamp(wish.until, UTC)
    return {
        "id": one.id,
        "account": wish.account,
        "sku": wish.sku,
        "rule": wish.rule,
        "aspects": list(wish.aspects),
        "by": wish.by,
        "reason": wish.reason,
        "until": until and until.astimezone(time.start.tzinfo).isoformat(),
    }


def turn_json(one: Turn, time: TimeSpan) -> dict[str, Any]:
    """A moment of the catalogue."""
    return {
        "at": _clock(one.moment.at, time),
        "changes": _changes(one.moment.changes),
        "offers": one.changed if one.changed is None else {
            account: dict(counts) for account, counts in one.changed.items()
        },
    }  # fmt: skip


def period_json(one: Period, time: TimeSpan) -> dict[str, Any]:
    """A period of an offer."""
    return {
        "account": one.account,
        "sku": one.sku,
        "from": _clock(one.start, time),
        "before": _clock(one.end, time),
        "told": {name: _json(value) for name, value in one.told.items()},
        "blocked": [
            {name: block[name] for name in ("aspect", "code", "rule", "file", "line")}
            for block in one.blocked
        ],
        "rules": list(one.rules),
        "changes": _changes(one.changes),
    }


def _json(value: Any) -> Any:
    if isinstance(value, list):
        return [{name: _json(part) for name, part in tier.items()} for tier in value]
    return value if value is None or isinstance(value, str | int) else f"{value:f}"


def _changes(found: Iterable[Change]) -> list[dict[str, Any]]:
    return [
        {"what": c.what, "happens": c.happens, "accounts": list(c.accounts), **_place(c.span)}
        for c in found
    ]


def stretch_json(one: Stretch, time: TimeSpan) -> dict[str, Any]:
    """A gap or an overlap."""
    from offerwright.timeline.stretch import FOREVER

    return {
        "kind": one.kind,
        "what": one.what,
        "from": _clock(one.start, time),
        "before": None if one.end == FOREVER else _clock(one.end, time),
        "accounts": list(one.accounts),
        "places": [_place(span) for span in one.places],
    }


def _place(span: Span) -> dict[str, Any]:
    return {"file": span.file, "line": span.line}


def _clock(at: int, time: TimeSpan) -> str:
    from offerwright.timeline.moments import moment_of

    zone = time.start.tzinfo
    assert isinstance(zone, ZoneInfo)
    return moment_of(at, zone).isoformat()
