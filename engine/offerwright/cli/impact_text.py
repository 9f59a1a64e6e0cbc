"""`impact` for people: a headline, a line an account, the largest changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from offerwright.cli.report import echo, number_of, table
from offerwright.review.words import NONE, level, percent

Record = Mapping[str, Any]


def show(record: Record) -> None:
    """One impact on stdout."""
    rule, totals = record["rule"], record["totals"]
    echo(f"{rule['kind']} {rule['name']}  {rule['file']}:{rule['line']}")
    echo(f"as of {record['as_of']}, snapshot {record['snapshot'][:12]}\n")
    echo(_headline(totals))
    echo()
    headings = ("account", "offers", "counts for", "would differ", "price", "stock", "mean change",
                "margin now -> without")  # fmt: skip
    rows = [_account(one) for one in record["accounts"]]
    for line in table(headings, rows, frozenset(range(1, 7))):
        echo(line)
    if record["offers"]:
        echo(f"\nwithout it (the first {len(record['offers'])} of {totals['changed']})")
        offers = [_offer(one) for one in record["offers"]]
        for line in table(("account", "sku", "now", "without", "", "also"), offers):
            echo("  " + line)


def _headline(totals: Record) -> str:
    if totals["fires"] is None:
        counts = "where it counts is not recorded, only what it does"
    else:
        counts = f"it counts for {totals['fires']} of {number_of(totals['offers'], 'offer')}"
    if not totals["changed"]:
        return f"{counts}; without it no offer would be another one"
    mean = totals["mean_share"]
    said = "" if mean is None else f", prices by {percent(mean)} on average"
    return f"{counts}; without it {totals['changed']} would be others{said}"


def _account(one: Record) -> tuple[str, ...]:
    margins = [one["margin_now"], one["margin_without"]]
    return (
        one["account"], str(one["offers"]),
        NONE if one["fires"] is None else str(one["fires"]),
        str(one["changed"]), str(one["price"]), str(one["stock"]),
        percent(one["mean_share"]),
        " -> ".join(level(m) for m in margins) if any(margins) else NONE,
    )  # fmt: skip


def _offer(one: Record) -> tuple[str, ...]:
    """One offer: what is paid now and without, else the first thing that differs."""
    values = one["values"]
    name = next((n for n in ("paid", "price", "quantity", "status") if n in values), None)
    pair = values[name] if name else {"before": "", "after": ""}
    also = ", ".join(f for f in one["fields"] if f not in (name, "price", "sale_price"))
    label = "" if name in ("paid", "price", None) else f"{name} "
    return (
        one["account"], one["sku"], f"{label}{_shown(pair['before'])}",
        f"{label}{_shown(pair['after'])}", percent(one["share"]) if one["move"] else "", also,
    )  # fmt: skip


def _shown(value: object) -> str:
    return NONE if value is None else str(value)
