"""A plan as people and programs read it: counts, the first changes, what is withheld and why."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

import polars as pl

from offerwright.cli.report import echo, put, table
from offerwright.source.escapes import escaped
from offerwright.sync.plan import AccountPart, SyncPlan
from offerwright.sync.plan_file import account_summary
from offerwright.sync.planned import Planned

SHOWN = 12


def put_plan(made: SyncPlan, coming: Sequence[dict[str, Any]], estimate: dict[str, Any]) -> None:
    """
    `schemas/output/plan.schema.json`: the counts and reasons, without the bodies.

    Written member by member: the changes of a whole catalogue are more than fits into memory.
    """
    members: dict[str, Iterable[Any] | Any] = {
        "accounts": [account_summary(part) for part in made.parts],
        "basis": made.basis.said,
        "changes": (_change_record(change) for change in made.changes()),
        "estimate": estimate,
        "id": made.id,
        "next_changes": list(coming),
        "version": 1,
        "withheld": chain.from_iterable(_withheld(part) for part in made.parts),
    }
    put("{\n")
    for number, (name, member) in enumerate(members.items()):
        put(f"{',' if number else ''}\n  {json.dumps(name)}: ".removeprefix("\n"))
        if isinstance(member, Iterator):
            _put_list(member)
        else:
            put(_indented(member, "  "))
    put("\n}\n")


def _put_list(records: Iterator[Any]) -> None:
    """The text that `json.dumps` makes of the list, record by record."""
    empty = True
    for record in records:
        put(f"{'[' if empty else ','}\n    {_indented(record, '    ')}")
        empty = False
    put("[]" if empty else "\n  ]")


def _indented(record: Any, by: str) -> str:
    text = json.dumps(record, ensure_ascii=False, sort_keys=True, indent=2)
    return escaped(text).replace("\n", f"\n{by}")


def _withheld(part: AccountPart) -> Iterator[dict[str, Any]]:
    for reasons in part.reasons():
        rows = reasons.select("sku", "aspect", "code", "reason", "place")
        yield from ({"account": part.account, **row} for row in rows.iter_rows(named=True))


def _change_record(planned: Planned) -> dict[str, Any]:
    change = planned.change
    return {
        "account": planned.account,
        "sku": change.sku,
        "aspect": change.aspect,
        "action": change.action,
        "why": planned.why,
        "price": [_text(planned.price_before), _text(planned.price_after)],
        "quantity": [planned.quantity_before, planned.quantity_after],
    }


def _text(amount: object) -> str | None:
    return None if amount is None else f"{amount:f}"


def show_plan(made: SyncPlan) -> None:
    """The plan for people: counts by account, the first changes, what is withheld by reason."""
    rows = []
    for part in made.parts:
        counts = Counter(part.counts)
        rows.append((
            part.account, str(counts["create", "content"]), str(counts["update", "price"]),
            str(counts["update", "stock"]), str(counts["update", "content"]),
            str(sum(n for (action, _), n in counts.items() if action == "end")),
            str(part.unchanged), str(part.waiting), str(part.withheld_skus),
        ))  # fmt: skip
    headings = (
        "account",
        "list",
        "price",
        "stock",
        "content",
        "end",
        "in step",
        "waiting",
        "withheld",
    )
    for line in table(headings, rows, frozenset(range(1, 9))):
        echo(line)
    total = sum(part.size for part in made.parts)
    _show_changes(list(islice(made.changes(), SHOWN)), total)
    _show_reasons("withheld by", [(part.account, part.reasons()) for part in made.parts])
    _show_reasons("warned by", [(part.account, part.warned_of()) for part in made.parts])
    for part in made.parts:
        for verdict in part.run_verdicts:
            if verdict.failed:
                echo(f"! {part.account}: guard {verdict.guard.id}: {verdict.reason}")
                if verdict.guard.else_ == "needs_approval":
                    echo("  if that is right, an approvals document can let it pass, with a bound")
    echo(f"\nPlan {made.id}: {total} operation{'s' if total != 1 else ''} to send")


def _show_changes(changes: Sequence[Planned], total: int) -> None:
    if not changes:
        return
    echo()
    marks = {"create": "+", "update": "~", "end": "-"}
    for planned in changes:
        change = planned.change
        words = []
        if planned.price_after is not None:
            words.append(_price_words(planned))
        if planned.quantity_after is not None:
            before = "new" if planned.quantity_before is None else planned.quantity_before
            words.append(f"stock {before} -> {planned.quantity_after}")
        detail = ", ".join(words) or change.aspect
        echo(f"{marks[change.action]} {planned.account} {change.sku}  {detail}")
    if total > len(changes):
        echo(f"  and {total - len(changes)} more")


def _price_words(planned: Planned) -> str:
    before, after = _text(planned.price_before), _text(planned.price_after)
    if planned.change.aspect == "price" and planned.price_before == planned.price_after:
        return f"price {after} as before; what goes with it changes (tiers, list price, sale dates)"
    return f"price {before or 'new'} -> {after}"


def _show_reasons(heading: str, found: Iterable[tuple[str, Iterator[pl.DataFrame]]]) -> None:
    """How many SKUs there are of every reason."""
    counted: Counter[tuple[str, str, str, str]] = Counter()
    for account, blocks in found:
        for reasons in blocks:
            words = pl.col("reason").str.split(": ").list.first()
            groups = reasons.group_by("aspect", "code", words.alias("reason")).len()
            for aspect, code, reason, count in groups.iter_rows():
                counted[account, aspect, code, reason] += count
    if not counted:
        return
    echo()
    rows = [(*key, str(count)) for key, count in sorted(counted.items())]
    for line in table(
        ("account", "aspect", heading, "rule or guard", "SKUs"), rows, frozenset({4})
    ):
        echo(line)
