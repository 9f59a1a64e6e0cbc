"""A review for the terminal: guards first, then accounts, movers, rules and documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from wcwidth import wcswidth

from offerwright.review.approval_words import reach, standing
from offerwright.review.words import (
    NONE,
    change,
    changed_file,
    clock,
    count,
    headline,
    later,
    left_out,
    level,
    margin,
    missing,
    moved,
    objected,
    percent,
    rule,
    rule_name,
    versions,
)

MOVERS = 10
Record = Mapping[str, Any]


def text(record: Record) -> str:
    """The text of a master document (`review.master.master`)."""
    blocks = [
        [headline(record), versions(record)],
        *([list(_findings(record))] if record["findings"] else []),
        [f"note: {one}" for one in missing(record)],
        list(_guards(record["guards"])),
        list(_approvals(record.get("approvals", ()))),
        _accounts(record),
        list(_periods(record)),
        *(_movers(name, record["movers"][name]) for name in ("down", "up")),
        _rules(record["rules"]),
        list(_documents(record)),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _findings(record: Record) -> Iterator[str]:
    for one in record["findings"]:
        place = f"{one['file']}:{one['line']}: " if one["file"] else ""
        hint = f"; {one['hint']}" if one["hint"] else ""
        yield f"{place}{one['severity']}[{one['code']}]: {one['message']}{hint}"


def _guards(guards: Sequence[Record]) -> Iterator[str]:
    shown = [one for one in guards if one["result"] != "passes"]
    for one in shown:
        yield f"{one['result']:8} {one['guard']} ({one['owner'] or 'no owner'}): " + (
            "; ".join(_objections(one)) or NONE
        )
        for offer in one["offers"][:3]:
            yield f"         {offer['account']} {offer['sku']} {moved(offer)} ({change(offer)})"
    passed = len(guards) - len(shown)
    if guards:
        yield f"{count(passed, 'guard passes', 'guards pass')}"


def _approvals(approvals: Sequence[Record]) -> Iterator[str]:
    if approvals:
        yield "Approvals"
    for one in approvals:
        yield f"{one['result']:8} {reach(one)} ({one['file']}:{one['line']}): {standing(one)}"


def _objections(one: Record) -> Iterator[str]:
    yield from objected(one)
    for run in one["runs"]:
        if run["failed"] or run["approved_by"]:
            yield f"{run['account']}: {run['reason']}"


def _accounts(record: Record) -> list[str]:
    headings = ("account", "offers", "changed", "up", "down", "new", "gone", "blocked", "unblocked",
                "stock", "price", "margin")  # fmt: skip
    rows = [
        (
            one["account"], f"{one['after']['offers']:,}", f"{one['changed_offers']:,}",
            *(f"{one[name]:,}" for name in headings[3:10]), percent(one["mean_share"]),
            f"{level(one['margin_before'])} → {level(one['margin_after'])}",
        )
        for one in record["accounts"] if one["changed_offers"]
    ]  # fmt: skip
    same = [one["account"] for one in record["accounts"] if not one["changed_offers"]]
    same += [one["account"] for one in record["untouched"]]
    found = list(_table(headings, rows)) if rows else []
    return [*found, *([f"nothing changes on {', '.join(sorted(same))}"] if same else [])]


def _periods(record: Record) -> Iterator[str]:
    """What is live when, of a change that was looked at over a stretch of time."""
    for one in later(record):
        yield f"blocks   {one}"
    periods = record.get("periods", ())
    if periods:
        yield "When"
        headings = ("from", "before", "offers", "up", "down", "price", "what happens then", "where")
        yield from _table(headings, [
            (clock(one["as_of"]), clock(one["before"]), f"{one['totals']['changed_offers']:,}",
             f"{one['totals']['up']:,}", f"{one['totals']['down']:,}",
             percent(one["totals"]["mean_share"]), *_happens(one))
            for one in periods
        ])  # fmt: skip
    if left := left_out(record):
        yield left


def _happens(period: Record) -> tuple[str, str]:
    """The first of what begins or ends, and its place."""
    if not period["because"]:
        return "", ""
    first, *more = period["because"]
    others = f" and {len(more)} more" if more else ""
    return f"{first['what']} {first['happens']}{others}", f"{first['file']}:{first['line']}"


def _movers(name: str, offers: Sequence[Record]) -> list[str]:
    if not offers:
        return []
    rows = [
        (o["account"], o["sku"], moved(o), change(o), margin(o), rule(o)) for o in offers[:MOVERS]
    ]
    return [
        f"Largest moves {name}",
        *_table(("account", "SKU", "paid", "by", "margin", "rule"), rows),
    ]


def _rules(rules: Sequence[Record]) -> list[str]:
    if not rules:
        return []
    rows = [
        (rule_name(one), f"{one['offers']:,}", ", ".join(one["accounts"]),
         f"{one['file']}:{one['line']}")
        for one in rules[:MOVERS]
    ]  # fmt: skip
    return ["By rule", *_table(("rule", "offers", "accounts", "place"), rows)]


def _documents(record: Record) -> Iterator[str]:
    if record["documents"]:
        yield "Documents"
    for one in record["documents"]:
        reach = (
            "with others, not told apart"
            if one["offers"] is None
            else count(one["offers"], "offer")
            if one["offers"]
            else "changes no offer"
        )
        file = changed_file(one, record)
        yield f"{one['change']:8} {one['kind']} {one['name']} ({file}): {reach}"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(_width(row[n]) for row in (headings, *rows)) for n in range(len(headings))]
    for row in (headings, *rows):
        cells = (c + " " * (w - _width(c)) for c, w in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _width(text: str) -> int:
    """Columns of a terminal."""
    return max(wcswidth(text), 0)
