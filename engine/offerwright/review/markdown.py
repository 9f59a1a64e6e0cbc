"""
A review as the comment of a pull request: what decides stands outside every fold.

GitHub takes 65,536 characters and GitLab 1,000,000 (their documentation, November 2026); so that
one comment fits both, less important parts get shorter and then go until it fits, never cut in the
middle. Names and titles are data from outside: they stand in code spans that they cannot end, so
that none of them formats, links, mentions anybody or breaks a table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from offerwright.review.approval_words import reach, standing, tally
from offerwright.review.markup import SENTENCE, code, fold, inert, table
from offerwright.review.words import (
    NONE,
    OBJECTED,
    between,
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
    rule_name,
    versions,
)

BUDGET = 60_000
TAG = "<!-- offerwright review -->"
"""The first line of every comment: by it the one of before is found."""
BAR = 8
NAMED = 3
"""So many rules stand in the title of their fold."""
_IN_SIGHT = (("down", 10), ("up", 5))
"""So many moves stand outside of a fold: too low a price is sold out before anybody looks."""
Record = Mapping[str, Any]
_MARKS = {
    "blocks": "❌ blocks",
    "warns": "⚠️ warns",
    "approved": "☑️ approved",
    "passes": "✅ passes",
}


@dataclass(frozen=True)
class Sizes:
    """How many rows every part may have."""

    movers: int = 25
    rules: int = 25
    documents: int = 100
    offenders: int = 3
    guards: int = 100
    accounts: int = 200
    spread: bool = True
    findings: int = 50


_SHORTER = (
    Sizes(),
    Sizes(movers=10, rules=15, documents=50),
    Sizes(movers=10, rules=10, documents=20, spread=False),
    Sizes(movers=5, rules=5, documents=0, offenders=1, spread=False, findings=20),
    Sizes(movers=0, rules=0, documents=0, offenders=0, spread=False, accounts=50, findings=10),
    Sizes(0, 0, 0, 0, 20, 10, False, 5),
)
"""From all to the least: whole parts go by rank."""


def comment(record: Record, budget: int = BUDGET) -> str:
    """The Markdown of a master document, of at most so many characters."""
    found = ""
    for sizes in _SHORTER:
        found = _written(record, sizes)
        if len(found) <= budget:
            return found
    return _written(record, replace(_SHORTER[-1], guards=0, accounts=0, findings=1))


def _written(record: Record, sizes: Sizes) -> str:
    parts = [
        [TAG, f"### {headline(record)}", _line(record)],
        list(_findings(record, sizes)),
        [f"- ⚠️ {one}" for one in islice(missing(record, code), sizes.findings)],
        list(_guards(record["guards"], sizes)),
        [f"- ❌ {code(one, SENTENCE)}" for one in islice(later(record), sizes.findings)],
        list(_approvals(record.get("approvals", ()), sizes)),
        list(_accounts(record, sizes)),
        list(fold("When", list(_periods(record, sizes.rules)))),
        list(_movers(record["movers"], sizes.movers)),
        list(_spread(record["spread"])) if sizes.spread else [],
        list(fold(_by_rule(record["rules"]), list(_rules(record["rules"], sizes.rules)))),
        list(fold(_files(record), list(_documents(record, sizes.documents)))),
        [f"<sub>{_footer(record)}</sub>"],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _line(record: Record) -> str:
    return code(versions(record))


def _footer(record: Record) -> str:
    rules = " → ".join(code(record[side]["rules"] or NONE) for side in ("base", "head"))
    snapshot = record["snapshot"]
    return f"Rules {rules}" + (f", snapshot {code(snapshot['head'][:12])}" if snapshot else "")


def _findings(record: Record, sizes: Sizes) -> Iterator[str]:
    findings = record["findings"]
    if findings and record["totals"] is None:
        number = count(len(findings), "error keeps", "errors keep")
        yield f"❌ **{number} the head from being computed**"
        yield ""
    elif findings:
        yield f"❌ **The head has {count(len(findings), 'error')}**"
        yield ""
    for one in findings[: sizes.findings]:
        place = f"{_spot(one)} " if one["file"] else ""
        hint = f"; {code(one['hint'])}" if one["hint"] else ""
        yield f"- {place}{code(one['code'])} {code(one['message'])}{hint}"


def _guards(guards: Sequence[Record], sizes: Sizes) -> Iterator[str]:
    if not guards:
        return
    by_result = {name: [g for g in guards if g["result"] == name] for name in _MARKS}
    yield " · ".join(_tally(name, len(found)) for name, found in by_result.items() if found)
    shown = [one for name in ("blocks", "warns", "approved") for one in by_result[name]]
    if shown and sizes.guards:
        yield ""
        yield from table(("guard", "owner", "result", "what"), [
            (_linked(one["guard"], one), code(one["owner"] or NONE), _MARKS[one["result"]],
             "<br>".join(_said(one, sizes)) or NONE)
            for one in shown[: sizes.guards]
        ])  # fmt: skip
    more = len(shown) - sizes.guards
    if more > 0:
        yield f"\nand {count(more, 'more guard that objects', 'more guards that object')}"


def _tally(name: str, number: int) -> str:
    words = {
        "blocks": ("❌ **{} blocks**", "❌ **{} block**"), "warns": ("⚠️ {} warns", "⚠️ {} warn"),
        "approved": ("☑️ {} approved", "☑️ {} approved"), "passes": ("✅ {} passes", "✅ {} pass"),
    }[name]  # fmt: skip
    return words[number != 1].format(count(number, "guard"))


def _said(one: Record, sizes: Sizes) -> Iterator[str]:
    yield from objected(one)
    for run in one["runs"]:
        if run["failed"] or run["approved_by"]:
            yield f"{code(run['account'])} {code(run['reason'])}"
    told = None
    for offer in one["offers"][: sizes.offenders]:
        # A rule stands at the first of the offers that it moved.
        by = f" {_place(offer['rule'])}" if offer["rule"] not in (None, told) else ""
        told = offer["rule"]
        name, account = code(offer["sku"]), code(offer["account"])
        yield f"{name} on {account} {moved(offer)} ({change(offer)}){by}"
    more = sum(one[name] for name in OBJECTED) - sizes.offenders
    if sizes.offenders and one["offers"] and more > 0:
        yield f"and {more:,} more"


def _approvals(approvals: Sequence[Record], sizes: Sizes) -> Iterator[str]:
    """What does not count stands first, and outside of every fold."""
    if not approvals:
        return
    refused = any(one["result"] == "refused" for one in approvals)
    yield f"❌ **{tally(approvals)}**" if refused else f"☑️ {tally(approvals)}"
    if sizes.guards:
        yield ""
        yield from table(("approval", "place", "result", "who"), [
            (code(reach(one), SENTENCE), _spot(one),
             "❌ refused" if one["result"] == "refused" else "☑️ counts",
             code(standing(one), SENTENCE))
            for one in approvals[: sizes.guards]
        ])  # fmt: skip
    if len(approvals) > sizes.guards:
        yield f"\nand {count(len(approvals) - sizes.guards, 'more approval')}"


def _accounts(record: Record, sizes: Sizes) -> Iterator[str]:
    changed = [one for one in record["accounts"] if one["changed_offers"]]
    headings = ("account", "offers", "changed", "up", "down", "new", "gone", "blocked", "unblocked",
                "stock", "prices", "margin")  # fmt: skip
    rows = [
        (code(one["account"]), f"{one['after']['offers']:,}", f"{one['changed_offers']:,}",
         *(f"{one[name]:,}" for name in headings[3:10]), percent(one["mean_share"]),
         f"{level(one['margin_before'])} → {level(one['margin_after'])}")
        for one in changed[: sizes.accounts]
    ]  # fmt: skip
    if rows:
        yield from table(headings, rows, right=range(1, len(headings)))
    same = len(record["accounts"]) - len(changed) + len(record["untouched"])
    if same:
        yield f"\nNothing changes on {count(same, 'account')}."


def _periods(record: Record, most: int) -> Iterator[str]:
    """What is live when, of a change that was looked at over a stretch of time."""
    periods = record.get("periods", ())
    if periods and most:
        headings = ("from", "before", "offers", "up", "down", "prices", "what happens then")
        yield from table(headings, [
            (clock(one["as_of"]), clock(one["before"]),
             *(f"{one['totals'][name]:,}" for name in ("changed_offers", "up", "down")),
             percent(one["totals"]["mean_share"]), _happens(one["because"]))
            for one in periods[:most]
        ], right=range(2, 6))  # fmt: skip
        if len(periods) > most:
            yield f"\nand {count(len(periods) - most, 'more period')}"
        if left := left_out(record):
            yield f"\n{left}"


def _happens(because: Sequence[Record]) -> str:
    """The first of what begins or ends, with its place."""
    if not because:
        return NONE
    first, *more = because
    others = f" and {len(more)} more" if more else ""
    return f"{code(first['what'])} {first['happens']}{others} {_spot(first)}"


def _movers(movers: Mapping[str, Sequence[Record]], most: int) -> Iterator[str]:
    """The largest in sight, and more of them folded away."""
    first = [one for name, seen in _IN_SIGHT for one in movers[name][: min(seen, most)]]
    more = [one for name, seen in _IN_SIGHT for one in movers[name][seen:most]]
    if first:
        yield "**Largest moves**"
        yield ""
        yield from _moves(first)
    if more:
        yield ""
        yield from fold(count(len(more), "more large move"), list(_moves(more)))


def _moves(offers: Sequence[Record]) -> Iterator[str]:
    return table(
        ("SKU", "title", "account", "paid", "by", "margin", "rule"),
        [(code(o["sku"]), code(o["title"] or NONE), code(o["account"]), moved(o), change(o),
          margin(o), _place(o["rule"])) for o in offers],
        right=(3, 4, 5),
    )  # fmt: skip


def _place(rule: Record | None) -> str:
    if rule is None:
        return NONE
    return f"{code(rule_name(rule))} {_spot(rule)}"


def _spot(place: Record) -> str:
    """A file and line; as a link where the document has its address (`links.addressed`)."""
    return _linked(f"{place['file']}:{place['line']}", place)


def _linked(text: str, place: Record) -> str:
    said = code(text)
    return f"[{said}]({place['address']})" if "address" in place else said


def _spread(spread: Sequence[Record]) -> Iterator[str]:
    most = max((one["offers"] for one in spread), default=0)
    if most:
        yield "**Spread** " + " · ".join(
            f"{between(one)}: {one['offers']:,} {'█' * -(-one['offers'] * BAR // most)}"
            for one in spread
            if one["offers"]
        )


def _by_rule(rules: Sequence[Record]) -> str:
    first = ", ".join(f"{inert(rule_name(one))} {one['offers']:,}" for one in rules[:NAMED])
    more = len(rules) - NAMED
    return f"By rule: {first}" + (f" and {more:,} more" if more > 0 else "")


def _rules(rules: Sequence[Record], most: int) -> Iterator[str]:
    if rules and most:
        yield from table(("rule", "offers", "accounts"), [
            (_place(one), f"{one['offers']:,}", ", ".join(code(a) for a in one["accounts"]))
            for one in rules[:most]
        ], right=(1,))  # fmt: skip
        if len(rules) > most:
            yield f"\nand {count(len(rules) - most, 'more rule')}"


def _files(record: Record) -> str:
    idle = sum(1 for one in record["documents"] if one["offers"] == 0)
    documents = count(len(record["documents"]), "document")
    changes = f"; {count(idle, 'document changes', 'documents change')} no offer" if idle else ""
    return f"{count(len(record['files']), 'file')} and {documents} changed{changes}"


def _documents(record: Record, most: int) -> Iterator[str]:
    documents = record["documents"]
    if documents and most:
        yield from table(("document", "change", "offers", "file"), [
            (code(f"{one['kind']} {one['name']}"), one["change"],
             NONE if one["offers"] is None else f"{one['offers']:,}",
             code(changed_file(one, record)))
            for one in documents[:most]
        ], right=(2,))  # fmt: skip
