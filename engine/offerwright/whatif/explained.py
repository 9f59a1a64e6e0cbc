"""One offer and everything that made it, as the record of `schemas/output/explain.schema.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl

from offerwright.errors import Span
from offerwright.evaluate.run import Executor, Offers
from offerwright.evaluate.stock_trace import StockTrace, stock_trace
from offerwright.evaluate.trace import Blocked, Trace, TraceStep, trace
from offerwright.expressions.parse import microseconds
from offerwright.frames import attribute_column
from offerwright.guards.judge import Verdict, judge
from offerwright.guards.plan import GuardPlan

Record = dict[str, Any]
WITHOUT_PRICE = ("positive", "currency")
"""Guards that have something to look at where there is no price."""


@dataclass(frozen=True)
class Question:
    """
    Which offer, and what it is made of.

    `rows` are the row of the SKU and those that it shares stock with, as `frames.SNAPSHOT`; `live`
    is `sync.known.live_frame` of the account.
    """

    sku: str
    account: str
    as_of: datetime
    rows: pl.DataFrame
    live: pl.DataFrame
    history: pl.DataFrame | None = None
    """What was paid day by day, `guards.windows.HISTORY`; None: nobody knows."""


def explained(executor: Executor, guards: tuple[GuardPlan, ...], asked: Question) -> Record:
    """Every step of one offer, every verdict on it, and the rules that nearly counted."""
    live = {asked.account: asked.live}
    offers = executor.run(asked.rows, asked.as_of, live, [asked.account], [asked.sku])[0]
    at = microseconds(asked.as_of)
    verdicts = judge(offers, guards, asked.live, at, executor.walks, asked.history)
    return _record(asked, offers, trace(offers, 0), verdicts)


def _record(asked: Question, offers: Offers, found: Trace, verdicts: tuple[Verdict, ...]) -> Record:
    offer = offers.frame.row(0, named=True)
    return {
        "version": 1,
        "sku": asked.sku,
        "account": offers.account.name,
        "marketplace": offers.account.marketplace,
        "currency": offers.account.currency,
        "as_of": asked.as_of.isoformat(),
        "price": _text(offer["price"]),
        "sale_price": _text(offer["sale_price"]),
        "tiers": [
            {"quantity": tier["quantity"], "price": _text(tier["price"])}
            for tier in offer.get("tiers") or ()
        ],
        "quantity": offer["quantity"],
        "stock": _stock(stock_trace(offers, 0)),
        "title": offer["title"],
        "category": offer["category"],
        "content": _content(offer),
        "facts": found.facts,
        "decisions": [
            {"decision": d.decision, "results": d.results, "rules": list(d.rules), **_place(d.span)}
            for d in found.decisions
        ],
        "steps": [_step(one) for one in found.steps],
        "rounded_off": _text(found.remainder),
        "guards": [_guard(v, offer["price"] is not None) for v in verdicts],
        "blocked": [_blocked(one) for one in found.blocked],
        "not_used": [
            {"rule": n.rule, "step": n.step, "because": list(n.because), **_place(n.span)}
            for n in found.not_used
        ],
    }


def _step(step: TraceStep) -> dict[str, Any]:
    return {
        "phase": step.phase, "step": step.step, "rules": list(step.rules),
        "before": _text(step.before), "after": _text(step.after),
        "sale_before": _text(step.sale_before), "sale_after": _text(step.sale_after),
        "notes": list(step.notes), **_place(step.span),
    }  # fmt: skip


def _blocked(block: Blocked) -> dict[str, Any]:
    return {
        "aspect": block.aspect, "code": block.code, "rule": block.rule, "rows": list(block.rows),
        "cell": block.cell or None, **_place(block.span),
    }  # fmt: skip


def _content(offer: Mapping[str, Any]) -> dict[str, Any]:
    prefix = attribute_column("")
    return {
        "description": offer["description"],
        "images": list(offer["images"] or ()),
        "attributes": {
            name.removeprefix(prefix): value
            for name, value in sorted(offer.items())
            if name.startswith(prefix)
        },
    }


def _stock(found: StockTrace | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "pool": found.pool,
        "steps": [{"step": s.step, "before": s.before, "after": s.after} for s in found.steps],
        **_place(found.span),
    }


def _guard(verdict: Verdict, has_price: bool) -> dict[str, Any]:
    if not has_price and verdict.guard.check not in WITHOUT_PRICE:
        said = "not judged"
    elif verdict.missing[0]:
        said = "block"
    elif verdict.fails[0]:
        said = verdict.guard.else_
    else:
        said = "pass"
    notes = [code for code, mask in sorted(verdict.notes.items()) if mask[0]]
    if verdict.missing[0]:
        notes.append("GUARD_INPUT_MISSING")
    if verdict.approved[0]:
        notes.append("APPROVED")
    return {
        "guard": verdict.guard.id,
        "check": verdict.guard.check,
        "verdict": said if verdict.applies[0] else "not asked",
        "notes": notes,
        **_place(verdict.guard.span),
    }


def _place(span: Span | None) -> dict[str, Any]:
    return {"file": span.file if span else None, "line": span.line if span else None}


def _text(amount: Decimal | None) -> str | None:
    """An amount without the zeros that only its scale writes."""
    if amount is None:
        return None
    shown = f"{amount:f}"
    if "." in shown:
        whole, _, decimals = shown.partition(".")
        shown = f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"
    return shown
