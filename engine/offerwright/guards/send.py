"""
Guards on the bytes about to be sent: the inputs travel with the operation, the values do not.

At plan the bounds of every guard are written beside each operation (`encode`). At send the values
are read back from the final bytes and judged again with those bounds (`refusals`); what is live is
taken from the ledger as it is then.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Decimals
from offerwright.evaluate.facts import decimal_series
from offerwright.guards.checks import CHECKS, Said, run_check
from offerwright.guards.judge import Verdict
from offerwright.guards.plan import OF_MOVES, ApprovalPlan
from offerwright.guards.windows import Day, is_window, within
from offerwright.marketplaces.operation import Values
from offerwright.money import scaled

VERSION = 1
_FRESH = ("live", "was_sent", "lowest", "highest")
"""Inputs that are never what they were at plan: the ledger of the moment has them."""
_EITHER = {"down", "up"}
_AMOUNT = re.compile(r"-?\d{1,60}(\.\d{1,40})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Sending:
    """One operation as the guards see it: its inputs, and what its bytes say."""

    guard_inputs: str
    said: Values
    live_paid: Decimal | None
    was_sent: bool
    days: tuple[Day, ...] = ()
    """What was paid day by day, as far as the longest window reaches."""


@dataclass(frozen=True)
class Batch:
    """
    What guards on the whole batch look at once more, by row, beside what the bytes say.

    `costs` are what offers cost, by guard on identical prices. `shown` are the units that offers
    have, where a guard on what is at stake asks: not every marketplace is told them.
    """

    costs: Mapping[str, pl.Series] = field(default_factory=dict)
    shown: pl.Series | None = None


def encode(
    verdicts: Sequence[Verdict],
    currency: str,
    approved: Mapping[str, pl.Series],
    rules: pl.Series,
    batch: Batch = Batch(),
) -> pl.Series:
    """
    The guard inputs of offers as canonical JSON.

    `approved` maps the id of a guard to its approvals by row (see `approvals_by_row`); `rules` are
    those that made the price of each offer, as `named_rules` gives them: holds look at them.
    """
    texts = [_guard_text(v, approved.get(v.guard.id)) for v in verdicts]
    head = f'"currency":{json.dumps(currency)},"guards":['
    held, shown = _costs_text(batch.costs, len(rules)), _shown_text(batch.shown, len(rules))
    own = {"c": held, "r": rules, "s": shown}
    frame = pl.DataFrame({**own, **{f"g{i}": text for i, text in enumerate(texts)}})
    joined = pl.concat_str(pl.exclude(*own), separator=",", ignore_nulls=True) if texts else ""
    tail = f'"version":{VERSION}}}'
    members = (pl.col("c"), head, joined, '],"rules":[', pl.col("r"), "],", pl.col("s"), tail)
    parts = [pl.lit(one) if isinstance(one, str) else one for one in members]
    return frame.select(pl.concat_str(parts).alias("inputs"))["inputs"]


def _guard_text(verdict: Verdict, approvals: pl.Series | None) -> pl.Series:
    """`{"approvals":[…],"check":…,"else":…,"id":…,"inputs":{…}}`; null where it does not look."""
    guard, size = verdict.guard, len(verdict.applies)
    given = approvals if approvals is not None else _repeat("[]", size)
    columns: dict[str, pl.Series] = {"a": _repeat('{"approvals":', size), "b": given}
    fixed = (
        f',"check":"{guard.check}","else":"{guard.else_}","id":{json.dumps(guard.id)},"inputs":{{'
    )
    columns["c"] = _repeat(fixed, size)
    names = [n for n in sorted(verdict.inputs) if n not in _FRESH]
    for number, name in enumerate(names):
        comma = "," if number else ""
        columns[f"n{number}"] = _repeat(f'{comma}"{name}":', size)
        columns[f"v{number}"] = _amounts(verdict.inputs[name])
    columns["z"] = _repeat("}}", size)
    text = pl.DataFrame(columns).select(pl.concat_str(pl.all()).alias("text"))["text"]
    return text.zip_with(pl.Series(verdict.applies), _repeat(None, size))


def _costs_text(costs: Mapping[str, pl.Series], size: int) -> pl.Series:
    """`{"costs":{"<guard>":"12.00"},`, or what begins an object without costs."""
    if not costs:
        return _repeat("{", size)
    names = {f"k{number}": guard for number, guard in enumerate(sorted(costs))}
    told = pl.DataFrame({name: costs[guard].cast(pl.String) for name, guard in names.items()})
    pairs = [
        pl.concat_str(pl.lit(f'{json.dumps(guard)}:"'), name, pl.lit('"'))
        for name, guard in names.items()
    ]
    text = pl.concat_str(pairs, separator=",", ignore_nulls=True)
    return told.select(pl.concat_str(pl.lit('{"costs":{'), text, pl.lit("},")).alias("c"))["c"]


def _shown_text(shown: pl.Series | None, size: int) -> pl.Series:
    """`"shown":34,`, or nothing where no guard asks or nobody knows."""
    if shown is None:
        return _repeat("", size)
    return ('"shown":' + shown.cast(pl.String) + ",").fill_null("")


def _repeat(text: str | None, size: int) -> pl.Series:
    return pl.Series([text], dtype=pl.String).new_from_index(0, size)


def _amounts(column: Decimals) -> pl.Series:
    text = decimal_series(column, column.scale).cast(pl.String)
    return ('"' + text + '"').fill_null("null")


def approvals_by_row(
    verdicts: Sequence[Verdict], holding: Callable[[ApprovalPlan], Any]
) -> dict[str, pl.Series]:
    """By guard, the approvals that each row may lean on, as a JSON list; `holding` selects rows."""
    found: dict[str, pl.Series] = {}
    for verdict in verdicts:
        size, columns = len(verdict.applies), {}
        for number, approval in enumerate(verdict.guard.approvals):
            mask = pl.Series(np.asarray(holding(approval), dtype=bool))
            columns[f"a{number}"] = _repeat(_written(approval), size).zip_with(
                mask, _repeat(None, size)
            )
        if columns:
            joined = pl.concat_str(pl.all(), separator=",", ignore_nulls=True)
            text = pl.concat_str(pl.lit("["), joined, pl.lit("]")).alias("text")
            found[verdict.guard.id] = pl.DataFrame(columns).select(text)["text"]
    return found


def _written(approval: ApprovalPlan) -> str:
    bounds = {name: f"{bound:f}" for name, bound in sorted(approval.bounds.items())}
    record = {
        "approver": approval.approver, "bounds": bounds,
        "document": approval.document, "until": approval.until,
    }  # fmt: skip
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def costs_within(guard_inputs: str) -> Mapping[str, Decimal]:
    """
    What an offer costs, by guard on identical prices, of what travels with its operation.

    Empty where it is not what `encode` writes: the last look refuses such an operation.
    """
    held = _decoded(guard_inputs) or {}
    costs = held.get("costs", {})
    return {guard: Decimal(text) for guard, text in costs.items()}


def shown_within(guard_inputs: str) -> int | None:
    """The units that an offer has, of what travels with its operation; None where it says none."""
    shown: int | None = (_decoded(guard_inputs) or {}).get("shown")
    return shown


def refusals(sending: Sequence[Sending], now: int) -> list[str | None]:
    """
    Why each operation must not leave; None where it may.

    Args:
        sending: the operations.
        now: the moment, in microseconds, for the expiry of approvals.
    """
    reasons: list[list[str]] = [[] for _ in sending]
    groups: dict[tuple[str, str], list[tuple[int, dict[str, Any]]]] = {}
    currencies: list[str] = []
    for number, one in enumerate(sending):
        held = _decoded(one.guard_inputs)
        currencies.append(str(held.get("currency", "")) if held else "")
        if held is None:
            reasons[number].append("its guard inputs cannot be read; plan again")
            continue
        for guard in held["guards"]:
            groups.setdefault((guard["id"], guard["check"]), []).append((number, guard))
    for (id_, check), members in sorted(groups.items()):
        for number, reason in _judged(id_, check, members, sending, currencies, now):
            reasons[number].append(reason)
    return ["; ".join(r) or None for r in reasons]


def _decoded(text: str) -> dict[str, Any] | None:
    """The guard inputs; None when they are not what `encode` writes."""
    try:
        held = json.loads(text)
    except ValueError:
        return None
    sound = isinstance(held, dict) and held.get("version") == VERSION
    sound = sound and isinstance(held.get("guards"), list) and all(map(_is_sound, held["guards"]))
    sound = sound and _are_costs(held.get("costs", {})) and _is_shown(held.get("shown", 0))
    return held if sound else None


def _is_sound(guard: Any) -> bool:
    """Whether a guard that travelled is whole; an input may be null, but never left out."""
    if not isinstance(guard, dict) or guard.get("check") not in CHECKS:
        return False
    inputs, approvals = guard.get("inputs"), guard.get("approvals")
    needed = set(CHECKS[guard["check"]].inputs) - {*_FRESH, *_EITHER}
    return (
        isinstance(guard.get("id"), str)
        and guard.get("else") in ("block", "needs_approval", "warn")
        and isinstance(inputs, dict)
        and needed <= inputs.keys()
        and (guard["check"] not in OF_MOVES or bool(_EITHER & inputs.keys()))
        and all(map(_is_amount, inputs.values()))
        and (guard["check"] != "move_over_window" or is_window(inputs["days"]))
        and isinstance(approvals, list)
        and all(map(_is_sound_approval, approvals))
    )


def _is_sound_approval(approval: Any) -> bool:
    return (
        isinstance(approval, dict)
        and isinstance(approval.get("until"), int)
        and isinstance(approval.get("bounds"), dict)
        and all(map(_is_amount, approval["bounds"].values()))
    )


def _are_costs(costs: Any) -> bool:
    return isinstance(costs, dict) and all(text and _is_amount(text) for text in costs.values())


def _is_shown(units: object) -> bool:
    return isinstance(units, int) and not isinstance(units, bool)


def _is_amount(text: object) -> bool:
    return text is None or (isinstance(text, str) and _AMOUNT.fullmatch(text) is not None)


def _judged(
    id_: str,
    check: str,
    members: list[tuple[int, dict[str, Any]]],
    sending: Sequence[Sending],
    currencies: Sequence[str],
    now: int,
) -> list[tuple[int, str]]:
    ops = [sending[number] for number, _ in members]
    said = _said([o.said for o in ops], [currencies[number] for number, _ in members])
    names = sorted({name for _, guard in members for name in guard["inputs"]})
    inputs = {name: _column([_amount(g["inputs"].get(name)) for _, g in members]) for name in names}
    if check in OF_MOVES:
        inputs["live"] = _column([o.live_paid for o in ops])
        inputs["was_sent"] = _column([Decimal(int(o.was_sent)) for o in ops])
    if check == "move_over_window":
        windows = [g["inputs"]["days"] for _, g in members]
        both = [within(o.days, w, now) for o, w in zip(ops, windows, strict=True)]
        inputs["lowest"], inputs["highest"] = (_column([b[i] for b in both]) for i in (0, 1))
    result = run_check(check, said, inputs)
    allowed = _allowed(check, members, said, inputs, now)
    found = []
    for row, (number, guard) in enumerate(members):
        if result.missing[row]:
            found.append((number, f"guard {id_}: an input is missing"))
        elif result.fails[row] and guard["else"] != "warn" and not allowed[row]:
            found.append((number, f"guard {id_} ({check}) refuses what the bytes say"))
    return found


def _allowed(
    check: str,
    members: list[tuple[int, dict[str, Any]]],
    said: Said,
    inputs: Mapping[str, Decimals],
    now: int,
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Where an approval that still counts lets what is said pass."""
    live = [
        [a for a in g["approvals"] if g["else"] == "needs_approval" and now < a["until"]]
        for _, g in members
    ]
    allowed = np.zeros(len(members), dtype=bool)
    for turn in range(max(map(len, live), default=0)):
        given = [a[turn] if turn < len(a) else None for a in live]
        there = np.array([a is not None for a in given])
        passes = ~run_check(check, said, _with_bounds(inputs, given)).fails
        allowed |= np.asarray(there & passes)
    return allowed


def _with_bounds(
    inputs: Mapping[str, Decimals], approvals: Sequence[dict[str, Any] | None]
) -> dict[str, Decimals]:
    """The inputs with one approval's own bounds in the place of the guard's."""
    found = dict(inputs)
    for name in sorted({name for a in approvals if a for name in a["bounds"]}):
        given = _column([_amount(a["bounds"].get(name)) if a else None for a in approvals])
        held = inputs.get(name)
        found[name] = given if held is None else c.where(c.known(given), given, held)
    return found


def _said(values: Sequence[Values], currencies: Sequence[str]) -> Said:
    right = [v.currency in (None, currency) for v, currency in zip(values, currencies, strict=True)]
    return Said(
        price=_column([v.price for v in values]),
        sale_price=_column([v.sale_price for v in values]),
        quantity=_column([None if v.quantity is None else Decimal(v.quantity) for v in values]),
        right_currency=np.array(right, dtype=bool),
        tiers=tuple(_tier(values, n) for n in range(max(len(v.tiers) for v in values))),
    )


def _tier(values: Sequence[Values], number: int) -> Decimals:
    return _column([v.tiers[number][1] if number < len(v.tiers) else None for v in values])


def _amount(text: object) -> Decimal | None:
    return None if text is None else Decimal(str(text))


def _column(values: Sequence[Decimal | None]) -> Decimals:
    pairs = [(0, 0) if v is None else scaled(v) for v in values]
    scale = max((s for _, s in pairs), default=0)
    numbers = [n * 10 ** (scale - s) for n, s in pairs]
    wide = any(abs(n) >= 2**63 for n in numbers)
    state = np.array([v is None for v in values], dtype=np.uint8)
    array = np.array(numbers, dtype=object if wide else np.int64)
    return c.measured(Decimals(array, scale, state))
