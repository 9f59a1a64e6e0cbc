"""`explain`: every step of one offer, with the rule and the line that made it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from offerwright.cli.live import live
from offerwright.cli.loadouts import bundle_option, ready
from offerwright.cli.options import (
    as_of_option,
    data_option,
    known_accounts,
    moment,
    output_option,
    root_option,
    sandbox_option,
)
from offerwright.cli.report import dump_pretty, echo, table
from offerwright.cli.snapshot import current_snapshot, known_skus
from offerwright.errors import Span
from offerwright.evaluate.run import Executor, Offers
from offerwright.evaluate.stock_trace import StockTrace, stock_trace
from offerwright.evaluate.trace import Trace, trace
from offerwright.expressions.parse import microseconds
from offerwright.guards.judge import Verdict, judge
from offerwright.sync.known import live_frame, read_known


@click.command()
@click.argument("sku")
@root_option
@bundle_option
@data_option
@as_of_option
@sandbox_option
@click.option("--account", required=True, metavar="NAME", help="The account.")
@output_option("text", "json")
def explain(
    sku: str,
    root: Path | None,
    bundle: Path | None,
    data: Path | None,
    as_of: str | None,
    sandbox: str | None,
    account: str,
    output: str,
) -> None:
    """Why does SKU cost what it costs on this account? Every step, with file and line."""
    home, loadout = ready(root, bundle)
    known_accounts((account,), [p.account.name for p in loadout.rules.plans])
    snapshot = current_snapshot(loadout, home, data)
    known_skus((sku,), snapshot)
    at = moment(as_of, loadout.rules.time_zone)
    with live(loadout, home, sandbox) as world:
        confirmed = live_frame(read_known(world.store, account))
    executor = Executor(loadout.rules)
    offers = executor.run(snapshot.frame, at, {account: confirmed}, [account], [sku])[0]
    guards = loadout.guards.by_account[account]
    verdicts = judge(offers, guards, confirmed, microseconds(at), executor.walks)
    found = trace(offers, 0)
    record = _record(sku, at.isoformat(), offers, found, verdicts)
    if output == "json":
        echo(dump_pretty(record))
    else:
        _show(record)


def _record(
    sku: str, as_of: str, offers: Offers, found: Trace, verdicts: tuple[Verdict, ...]
) -> dict[str, Any]:
    """`schemas/output/explain.schema.json`."""
    offer = offers.frame.row(0, named=True)
    return {
        "version": 1,
        "sku": sku,
        "account": offers.account.name,
        "marketplace": offers.account.marketplace,
        "currency": offers.account.currency,
        "as_of": as_of,
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
        "facts": found.facts,
        "decisions": [
            {"decision": d.decision, "results": d.results, "rules": list(d.rules), **_place(d.span)}
            for d in found.decisions
        ],
        "steps": [
            {
                "phase": s.phase, "step": s.step, "rules": list(s.rules),
                "before": _text(s.before), "after": _text(s.after),
                "sale_before": _text(s.sale_before), "sale_after": _text(s.sale_after),
                "notes": list(s.notes), **_place(s.span),
            }
            for s in found.steps
        ],
        "rounded_off": _text(found.remainder),
        "guards": [_guard(v, offer["price"] is not None) for v in verdicts],
        "blocked": [
            {
                "aspect": b.aspect, "code": b.code, "rule": b.rule, "rows": list(b.rows),
                "cell": b.cell or None, **_place(b.span),
            }
            for b in found.blocked
        ],
        "not_used": [
            {"rule": n.rule, "step": n.step, "because": list(n.because), **_place(n.span)}
            for n in found.not_used
        ],
    }  # fmt: skip


def _stock(found: StockTrace | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "pool": found.pool,
        "steps": [{"step": s.step, "before": s.before, "after": s.after} for s in found.steps],
        **_place(found.span),
    }


# Guards that have something to look at where there is no price.
WITHOUT_PRICE = ("positive", "currency")


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


def _show(record: dict[str, Any]) -> None:
    price = record["price"] or "no price"
    sale = f", on sale for {record['sale_price']}" if record["sale_price"] else ""
    sale += "".join(f", {t['price']} each from {t['quantity']} on" for t in record["tiers"])
    echo(f"{record['sku']} on {record['account']} ({record['marketplace']}): "
         f"{price} {record['currency']}{sale}, stock {_shown(record['quantity'])}")  # fmt: skip
    echo(f"as of {record['as_of']}\n")
    facts = ", ".join(f"{k} {v}" for k, v in record["facts"].items() if v != "missing")
    echo(f"facts   {facts}\n")
    _show_decisions(record["decisions"])
    rows = []
    for number, step in enumerate(record["steps"], 1):
        notes = " ".join(step["notes"])
        rows.append((
            str(number), step["phase"], " ".join(step["rules"]) or step["step"],
            _move(step["before"], step["after"]), _move(step["sale_before"], step["sale_after"]),
            notes, _where(step),
        ))  # fmt: skip
    for line in table(("", "phase", "rule", "price", "sale", "", "where"), rows):
        echo(line)
    if record["rounded_off"] is not None:
        echo(f"\nrounded off: {record['rounded_off']}")
    _show_stock(record["stock"])
    _show_guards(record)
    if record["blocked"]:
        echo()
        for block in record["blocked"]:
            echo(f"blocked  {block['aspect']}: {block['code']}  {_cause(block)}  "
                 f"{_where(block)}")  # fmt: skip
    if record["not_used"]:
        echo("\nnot used (nearest)")
        near = [(n["rule"], "; ".join(n["because"]), _where(n)) for n in record["not_used"]]
        for line in table(("rule", "because", "where"), near):
            echo("  " + line)


def _show_decisions(decisions: list[dict[str, Any]]) -> None:
    """What was decided, and by which rows of which table."""
    for one in decisions:
        results = ", ".join(f"{name} {value}" for name, value in one["results"].items())
        rules = f"{one['decision']}/{' '.join(one['rules'])}" if one["rules"] else (
            f"{one['decision']} (no row matched)"
        )  # fmt: skip
        echo(f"decided {results}  {rules}  {_where(one)}")
    if decisions:
        echo()


def _cause(block: dict[str, Any]) -> str:
    """The rule, the row or rows of its table, and the cell that could not be computed."""
    rows = f", row {' and '.join(block['rows'])}" if block["rows"] else ""
    cell = f", cell {block['cell']}" if block["cell"] else ""
    return f"{block['rule']}{rows}{cell}"


def _show_stock(stock: dict[str, Any] | None) -> None:
    """How the quantity came about: what changed it, from the pool on."""
    if stock is None or stock["pool"] is None:
        return
    rows = [("pool", str(stock["pool"]), _where(stock))]
    rows += [(s["step"], f"{s['before']} -> {s['after']}", "") for s in stock["steps"]]
    echo()
    for line in table(("stock", "units", "where"), rows):
        echo(line)


def _show_guards(record: dict[str, Any]) -> None:
    rows = [(g["guard"], g["verdict"], " ".join(g["notes"]), _where(g)) for g in record["guards"]]
    echo()
    for line in table(("guard", "verdict", "", "where"), rows):
        echo(line)


def _where(said: dict[str, Any]) -> str:
    """`file:line`; of what stands in no file, such as the rounding that nobody wrote, nothing."""
    return "" if said["file"] is None else f"{said['file']}:{said['line']}"


def _shown(value: object) -> str:
    return "unknown" if value is None else str(value)


def _move(before: str | None, after: str | None) -> str:
    if before == after:
        return after or ""
    return f"{before or '–'} -> {after or '–'}"
