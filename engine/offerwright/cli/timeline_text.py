"""A timeline as lines for people: what an offer is from when to when, or how many turn when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from offerwright.cli.report import echo, table

SHOWN = 3
"""So many of the changes of one moment are named."""


def show(record: Mapping[str, Any]) -> None:
    """The record of `schemas/output/timeline.schema.json`, without what fits no line."""
    echo(f"from {record['as_of']} to {record['as_of_end']}, {', '.join(record['accounts'])}")
    if record["offers"]:
        _show_offers(record["offers"])
    elif record["moments"]:
        _show_moments(record["moments"])
    else:
        echo("\nnothing changes by itself")
    if record["drifting"] and not record["offers"]:
        names = ", ".join(record["drifting"])
        echo(f"\n{names}: offers are computed from the clock and change in between; ask for a SKU")
    _show_holds(record["holds"])
    _show_stretches(record["stretches"])


def _show_offers(periods: Sequence[Mapping[str, Any]]) -> None:
    def offer(one: Mapping[str, Any]) -> tuple[str, str]:
        return one["sku"], one["account"]

    for (sku, account), group in groupby(periods, key=offer):
        own = list(group)
        echo(f"\n{sku} on {account} ({own[0]['told']['currency']})")
        rows = [row for n, one in enumerate(own) for row in _period(one, n == 0)]
        headings = ("from", "before", "price", "sale", "stock", "what happens then", "where")
        for line in table(headings, rows, frozenset({2, 3, 4})):
            echo("  " + line)


def _period(one: Mapping[str, Any], is_first: bool) -> list[tuple[str, ...]]:
    """The line of a period, and one more for every further thing that happens at its start."""
    told = one["told"]
    price = told["price"] or "withheld"
    said = [(_change(c), _where(c)) for c in one["changes"]]
    if not said and not is_first:
        said = [("computed from the clock", "")]
    said = _few(said) + [
        (f"{b['aspect']} withheld: {b['code']}", _where(b) if b["file"] else "")
        for b in one["blocked"]
    ]
    (what, where), *more = said or [("", "")]
    sale, stock = (_shown(told.get(name)) for name in ("sale_price", "quantity"))
    first = (_short(one["from"]), _short(one["before"]), price, sale, stock, what, where)
    return [first, *(("", "", "", "", "", *rest) for rest in more)]


def _show_moments(found: Sequence[Mapping[str, Any]]) -> None:
    rows = []
    for one in found:
        said = _few([(_change(c), _where(c)) for c in one["changes"]])
        (what, where), *more = said
        rows.append((_short(one["at"]), _offers(one["offers"]), what, where))
        rows += [("", "", *rest) for rest in more]
    echo()
    for line in table(("at", "offers", "what happens then", "where"), rows):
        echo(line)


def _few(said: list[tuple[str, str]]) -> list[tuple[str, str]]:
    if len(said) <= SHOWN:
        return said
    return [*said[:SHOWN], (f"and {len(said) - SHOWN} more", "")]


def _offers(counts: Mapping[str, Mapping[str, int]] | None) -> str:
    if counts is None:
        return "not evaluated"
    return ", ".join(f"{name} {own['offers']}" for name, own in counts.items()) or "none"


def _show_holds(found: Sequence[Mapping[str, Any]]) -> None:
    if not found:
        return
    rows = [
        (
            f"hold {one['id']}", one["account"], one["sku"] or "all", one["rule"] or "-",
            ", ".join(one["aspects"]), _short(one["until"]), f"{one['by']}: {one['reason']}",
        )
        for one in found
    ]  # fmt: skip
    echo()
    headings = ("held", "account", "sku", "rule", "aspects", "until", "by whom and why")
    for line in table(headings, rows):
        echo(line)


def _show_stretches(found: Sequence[Mapping[str, Any]]) -> None:
    if not found:
        return
    rows = [
        (
            one["kind"], _short(one["from"]), _short(one["before"]), one["what"],
            ", ".join(one["accounts"]), _where(one["places"][0]),
        )
        for one in found
    ]  # fmt: skip
    echo()
    for line in table(("", "from", "before", "what", "accounts", "where"), rows):
        echo(line)


def _change(one: Mapping[str, Any]) -> str:
    return f"{one['what']} {one['happens']}"


def _where(one: Mapping[str, Any]) -> str:
    return f"{one['file']}:{one['line']}"


def _short(when: str | None) -> str:
    """A moment without what only zeros write; its zone stands in the first line."""
    if when is None:
        return "-"
    found = datetime.fromisoformat(when)
    precision = "microseconds" if found.microsecond else "seconds" if found.second else "minutes"
    return found.replace(tzinfo=None).isoformat(" ", timespec=precision)


def _shown(value: object) -> str:
    return "-" if value is None else str(value)
