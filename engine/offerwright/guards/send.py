"""
Guards on the bytes about to be sent: the inputs travel with the operation, the values do not.

At plan the bounds of every guard are written beside each operation (`encode`). At send the values
are read back from the final bytes and judged again with those bounds (`refusals`); what is live is
taken from the ledger as it is then.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Decimals
from offerwright.evaluate.facts import decimal_series
from offerwright.guards.checks import CHECKS, Said
from offerwright.guards.judge import Verdict
from offerwright.guards.link import ApprovalPlan
from offerwright.marketplaces.operation import Values
from offerwright.money import scaled

VERSION = 1
_FRESH = ("live", "was_sent")


@dataclass(frozen=True, slots=True)
class Sending:
    """One operation as the guards see it: its inputs, and what its bytes say."""

    guard_inputs: str
    said: Values
    live_paid: Decimal | None
    was_sent: bool


def encode(verdicts: Sequence[Verdict], currency: str, approved: Mapping[str, Any]) -> pl.Series:
    """
    The guard inputs of every offer as canonical JSON.

    `approved` maps the id of a guard to its approvals by row (see `approvals_by_row`).
    """
    size = len(verdicts[0].applies) if verdicts else 0
    texts = [_guard_text(v, approved.get(v.guard.id)) for v in verdicts]
    head = f'{{"currency":{json.dumps(currency)},"guards":['
    tail = f'],"version":{VERSION}}}'
    if not texts:
        return pl.Series([head + tail], dtype=pl.String).new_from_index(0, size)
    frame = pl.DataFrame({f"g{i}": text for i, text in enumerate(texts)})
    joined = pl.concat_str(pl.all(), separator=",", ignore_nulls=True)
    return frame.select(pl.concat_str(pl.lit(head), joined, pl.lit(tail)).alias("inputs"))["inputs"]


def _guard_text(verdict: Verdict, approvals: pl.Series | None) -> pl.Series:
    """`{"approval":…,"check":…,"else":…,"id":…,"inputs":{…}}`; null where the guard does not look."""
    guard, size = verdict.guard, len(verdict.applies)
    given = approvals if approvals is not None else _repeat("null", size)
    columns: dict[str, pl.Series] = {"a": _repeat('{"approval":', size), "b": given}
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


def _repeat(text: str | None, size: int) -> pl.Series:
    return pl.Series([text], dtype=pl.String).new_from_index(0, size)


def _amounts(column: Decimals) -> pl.Series:
    text = decimal_series(column, column.scale).cast(pl.String)
    return ('"' + text + '"').fill_null("null")


def approvals_by_row(
    verdicts: Sequence[Verdict], holding: Callable[[ApprovalPlan], Any]
) -> dict[str, pl.Series]:
    """By guard, the approval that each row may lean on, as JSON; the last that fits."""
    found: dict[str, pl.Series] = {}
    for verdict in verdicts:
        text = _repeat("null", len(verdict.applies))
        for approval in verdict.guard.approvals:
            written = json.dumps(
                {"approver": approval.approver, "bounds": {k: f"{v:f}" for k, v in sorted(approval.bounds.items())},
                 "document": approval.document, "until": approval.until},
                sort_keys=True, separators=(",", ":"), ensure_ascii=False,
            )  # fmt: skip
            mask = pl.Series(np.asarray(holding(approval), dtype=bool))
            text = _repeat(written, len(text)).zip_with(mask, text)
        if verdict.guard.approvals:
            found[verdict.guard.id] = text
    return found


def refusals(sending: Sequence[Sending], now: int) -> list[str | None]:
    """
    Why each operation must not leave; None where it may.

    Args:
        sending: the operations.
        now: the moment, in microseconds, for the expiry of approvals.
    """
    reasons: list[list[str]] = [[] for _ in sending]
    groups: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    currencies: list[str] = []
    for number, one in enumerate(sending):
        held = _decoded(one.guard_inputs)
        currencies.append(str(held.get("currency", "")) if held else "")
        if held is None:
            reasons[number].append("its guard inputs cannot be read; plan again")
            continue
        for guard in held["guards"]:
            groups.setdefault(guard["id"], []).append((number, guard))
    for id_, members in sorted(groups.items()):
        for number, reason in _judged(id_, members, sending, currencies, now):
            reasons[number].append(reason)
    return ["; ".join(r) or None for r in reasons]


def _decoded(text: str) -> dict[str, Any] | None:
    try:
        held = json.loads(text)
    except ValueError:
        return None
    sound = isinstance(held, dict) and held.get("version") == VERSION
    return held if sound and isinstance(held.get("guards"), list) else None


def _judged(
    id_: str,
    members: list[tuple[int, dict[str, Any]]],
    sending: Sequence[Sending],
    currencies: Sequence[str],
    now: int,
) -> list[tuple[int, str]]:
    check = members[0][1]["check"]
    ops = [sending[number] for number, _ in members]
    said = _said([o.said for o in ops], [currencies[number] for number, _ in members])
    names = sorted({name for _, guard in members for name in guard["inputs"]})
    inputs = {name: _column([_amount(g["inputs"].get(name)) for _, g in members]) for name in names}
    if check == "step_from_live":
        inputs["live"] = _column([o.live_paid for o in ops])
        inputs["was_sent"] = _column([Decimal(int(o.was_sent)) for o in ops])
    result = CHECKS[check].run(said, inputs)
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
        g["approval"]
        if g["else"] == "needs_approval" and g["approval"] and now < g["approval"]["until"]
        else None
        for _, g in members
    ]
    names = sorted({name for a in live if a for name in a["bounds"]})
    own = dict(inputs)
    for name in names:
        given = _column([_amount(a["bounds"].get(name)) if a else None for a in live])
        held = inputs.get(name)
        own[name] = given if held is None else c.where(c.known(given), given, held)
    passes = ~CHECKS[check].run(said, own).fails
    return np.asarray(passes & np.array([a is not None for a in live]))


def _said(values: Sequence[Values], currencies: Sequence[str]) -> Said:
    right = [v.currency in (None, currency) for v, currency in zip(values, currencies, strict=True)]
    return Said(
        price=_column([v.price for v in values]),
        sale_price=_column([v.sale_price for v in values]),
        quantity=_column([None if v.quantity is None else Decimal(v.quantity) for v in values]),
        right_currency=np.array(right, dtype=bool),
    )


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
