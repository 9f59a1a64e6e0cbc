"""Which holds of operators meet one offer that is explained."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from offerwright.cli.options import STATE

if TYPE_CHECKING:
    from offerwright.store.holds import Wish


def holds_on(record: Mapping[str, Any], home: Path, url: str) -> list[dict[str, Any]]:
    """Those that stand now, of the account, the SKU and the rules of an explanation."""
    from offerwright.store.open import open_store

    (home / STATE).mkdir(exist_ok=True)
    store = open_store(url, home)
    try:
        standing = [one for one in store.holds() if one.counts(time.time())]
    finally:
        store.close()
    rules = set(_rules(record))
    return [
        {
            "hold": one.id, "by": one.wish.by, "reason": one.wish.reason,
            "aspects": list(one.wish.aspects), "until": _time(one.wish.until),
        }
        for one in standing
        if _meets(one.wish, record, rules)
    ]  # fmt: skip


def _meets(wish: Wish, record: Mapping[str, Any], rules: set[str]) -> bool:
    is_here = wish.account == record["account"] and wish.sku in ("", record["sku"])
    return is_here and (not wish.rule or wish.rule in rules)


def _rules(record: Mapping[str, Any]) -> Iterator[str]:
    """`document/id` of every step that ran, and of the rows that counted in it."""
    for step in record["steps"]:
        document = step["step"].partition("/")[0]
        yield step["step"]
        yield from (f"{document}/{row}" for row in step["rules"])


def _time(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
