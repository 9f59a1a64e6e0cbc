"""A plan as people and programs read it: counts, the first changes, what is withheld and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from offerwright.cli.report import echo, table
from offerwright.sync.plan import Basis, Planned, SyncPlan, Withheld
from offerwright.sync.plan_file import account_summary

SHOWN = 12


def plan_record(made: SyncPlan, coming: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """`schemas/output/plan.schema.json`: the counts and reasons, without the bodies."""
    return {
        "version": 1,
        "id": made.id,
        "basis": {name: getattr(made.basis, name) for name in Basis.__slots__},
        "accounts": [account_summary(part) for part in made.parts],
        "changes": [_change_record(c) for c in made.changes()],
        "withheld": [
            {name: getattr(w, name) for name in Withheld.__slots__}
            for part in made.parts
            for w in part.withheld
        ],
        "next_changes": list(coming),
    }


def _change_record(planned: Planned) -> dict[str, Any]:
    change = planned.change
    return {
        "account": planned.account,
        "sku": change.sku,
        "aspect": change.aspect,
        "action": change.action,
        "why": change.why,
        "price": [_text(planned.price_before), _text(planned.price_after)],
        "quantity": [planned.quantity_before, planned.quantity_after],
    }


def _text(amount: object) -> str | None:
    return None if amount is None else f"{amount:f}"


def show_plan(made: SyncPlan) -> None:
    """The plan for people: counts by account, the first changes, what is withheld by reason."""
    rows = []
    for part in made.parts:
        counts = Counter((p.change.action, p.change.aspect) for p in part.changes)
        rows.append((
            part.account, str(counts["create", "content"]), str(counts["update", "price"]),
            str(counts["update", "stock"]), str(counts["update", "content"]),
            str(sum(n for (action, _), n in counts.items() if action == "end")),
            str(part.unchanged), str(part.waiting), str(len({w.sku for w in part.withheld})),
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
    _show_changes(list(made.changes()))
    _show_reasons("withheld by", [w for part in made.parts for w in part.withheld])
    _show_reasons("warned by", [w for part in made.parts for w in part.warnings])
    for part in made.parts:
        for verdict in part.run_verdicts:
            if verdict.failed:
                echo(f"! {part.account}: guard {verdict.guard.id}: {verdict.reason}")
                if verdict.guard.else_ == "needs_approval":
                    echo("  if that is right, an approvals document can let it pass, with a bound")
    total = sum(len(part.changes) for part in made.parts)
    echo(f"\nPlan {made.id}: {total} operation{'s' if total != 1 else ''} to send")


def _show_changes(changes: Sequence[Planned]) -> None:
    if not changes:
        return
    echo()
    marks = {"create": "+", "update": "~", "end": "-"}
    for planned in changes[:SHOWN]:
        change = planned.change
        words = []
        if planned.price_after is not None:
            words.append(_price_words(planned))
        if planned.quantity_after is not None:
            before = "new" if planned.quantity_before is None else planned.quantity_before
            words.append(f"stock {before} -> {planned.quantity_after}")
        detail = ", ".join(words) or change.aspect
        echo(f"{marks[change.action]} {planned.account} {change.sku}  {detail}")
    if len(changes) > SHOWN:
        echo(f"  and {len(changes) - SHOWN} more")


def _price_words(planned: Planned) -> str:
    before, after = _text(planned.price_before), _text(planned.price_after)
    if planned.change.aspect == "price" and planned.price_before == planned.price_after:
        return f"price {after} as before; what goes with it changes (tiers, list price, sale dates)"
    return f"price {before or 'new'} -> {after}"


def _show_reasons(heading: str, found: Sequence[Withheld]) -> None:
    if not found:
        return
    echo()
    reasons = Counter((w.account, w.aspect, w.code, w.reason.split(": ")[0]) for w in found)
    rows = [(*key, str(count)) for key, count in sorted(reasons.items())]
    for line in table(
        ("account", "aspect", heading, "rule or guard", "SKUs"), rows, frozenset({4})
    ):
        echo(line)
