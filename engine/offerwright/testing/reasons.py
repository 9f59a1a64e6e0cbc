"""Why a case came out as it did, in one sentence with the file and line of each rule."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from offerwright.errors import Span
from offerwright.evaluate.run import Offers
from offerwright.evaluate.trace import TraceStep, trace, why_not
from offerwright.testing.run import Outcome
from offerwright.testing.seen import Seen

PRICES = ("price", "sale_price")


def why_value(outcome: Outcome, name: str, group: str) -> str:
    """The rules that made a value: the steps of a price, the row of a category, a document."""
    if name in PRICES and group in PRICES:
        return _why_price(outcome, name)
    plan = outcome.offers.plan
    if group == "quantity":
        return _why_quantity(outcome)
    if group == "tiers":
        return why_blocked(outcome, "price") or _why_price(outcome, "price")
    if group == "list_price":
        return "it is the fact `list_price` as given, where the price is not blocked"
    if group == "currency":
        return f"account `{plan.account.name}` has it from offerwright.yaml"
    blocked = why_blocked(outcome, "content")
    if blocked:
        return blocked
    row = _why_row(outcome, "category") if group == "category" else ""
    if row:
        return row
    for mapping in plan.mappings[::-1]:
        places = {a.id: a.span for a in mapping.attributes}
        if mapping.title is not None:
            places["title"] = mapping.title.span
        if mapping.description is not None:
            places["description"] = mapping.description[2]
        if name in places:
            return f"`{name}` is made at {_at(places[name])}"
    return f"no mapping for {plan.account.name} makes `{name}`"


def _why_price(outcome: Outcome, name: str) -> str:
    blocked = why_blocked(outcome, "price")
    if blocked:
        return blocked
    moves = (_moved(step, name) for step in trace(outcome.offers, outcome.row).steps)
    return ", then ".join(move for move in moves if move) or f"no rule set the {name}"


def _moved(step: TraceStep, name: str) -> str:
    """What one step did to a price, where it did anything."""
    before, after = (
        (step.before, step.after) if name == "price" else (step.sale_before, step.sale_after)
    )
    if before == after and not step.notes:
        return ""
    who = " + ".join(step.rules) or step.step
    place = f" ({_at(step.span)})" if step.span else ""
    notes = f" [{', '.join(step.notes)}]" if step.notes else ""
    return f"`{who}`{place} gave {_amount(after)}{notes}"


def _amount(value: Decimal | None) -> str:
    if value is None:
        return "nothing"
    text = f"{value:f}"
    if "." not in text:
        return text
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def _at(span: Span) -> str:
    return f"{span.file}:{span.line}"


def why_blocked(outcome: Outcome, aspect: str) -> str:
    """The rules that withhold an aspect; empty where nothing does."""
    found = []
    for block in trace(outcome.offers, outcome.row).blocked:
        if block.aspect == aspect:
            place = f" ({_at(block.span)})" if block.span else ""
            who = f"`{block.rule}`{place} " if block.rule else ""
            found.append(f"{who}blocked the {aspect} with {block.code}")
    return ", and ".join(dict.fromkeys(found))


def _why_quantity(outcome: Outcome) -> str:
    blocked = why_blocked(outcome, "stock")
    if blocked:
        return blocked
    inventory, allocation = outcome.offers.plan.inventory, outcome.offers.allocation
    if inventory is None or allocation is None:
        return f"no inventory document is for {outcome.offers.account.name}"
    name = outcome.offers.plan.documents[inventory.document].name
    pool = int(allocation.pool[outcome.row])
    safety = _why_row(outcome, "safety_stock")
    held = f", after {safety}" if safety else ""
    return f"inventory `{name}` ({_at(inventory.span)}) shares a pool of {pool}{held}"


def _why_row(outcome: Outcome, step: str) -> str:
    """The row of a table that counted, with its place."""
    for seen in outcome.seen:
        if seen.table.step == step and seen.table.source is None:
            for number in seen.fired(outcome.row):
                return f"`{seen.table.row_id(number)}` ({_at(seen.table.place(number))})"
    return ""


def why_not_fired(outcome: Outcome, name: str) -> str:
    """Why a row or a step did not fire: the nearest miss."""
    for seen in outcome.seen:
        rows = [n for n in range(len(seen.table.row_ids)) if name in seen.table.row_names(n)]
        if rows:
            return _why_not(outcome, seen, rows[0])
        if name in seen.table.step_names():
            return _why_step_not(outcome, seen)
    return f"the document of `{name}` is not in force at this moment, or an override removes it"


def _why_step_not(outcome: Outcome, seen: Seen) -> str:
    when = seen.table.when
    if when is not None and not seen.holds[outcome.row]:
        reasons = why_not(when, when.rows[0], _as_seen(outcome, seen), outcome.row)
        return f"`{seen.table.step}` ({_at(seen.table.span)}) did not run: {'; '.join(reasons)}"
    if not seen.active[outcome.row]:
        return f"`{seen.table.step}` ({_at(seen.table.span)}) did not run for this offer"
    return f"no row of `{seen.table.step}` ({_at(seen.table.span)}) matched"


def _why_not(outcome: Outcome, seen: Seen, number: int) -> str:
    table = seen.table.table
    place = _at(seen.table.place(number))
    if table is None or not seen.active[outcome.row]:
        return _why_step_not(outcome, seen)
    if number == len(table.rows):
        return f"a row of `{seen.table.step}` ({place}) matched, so `otherwise` did not count"
    reasons = why_not(table, table.rows[number], _as_seen(outcome, seen), outcome.row)
    return f"`{seen.table.row_id(number)}` ({place}) did not match: {'; '.join(reasons)}"


def _as_seen(outcome: Outcome, seen: Seen) -> Offers:
    """The offers with the columns as the table saw them: a price is that from before its step."""
    return replace(outcome.offers, rows=seen.rows)
