"""`orders route`: which node ships each order of a file, and why."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from offerwright.cli.options import (
    as_of_option,
    data_option,
    found_root,
    moment,
    output_option,
    root_option,
)
from offerwright.cli.report import VERSION, dump, dump_pretty, echo, put, table, tell
from offerwright.cli.snapshot import current_snapshot
from offerwright.errors import OfferwrightError
from offerwright.expressions.parse import EPOCH
from offerwright.pipeline import Loadout, load
from offerwright.source.suggest import did_you_mean

if TYPE_CHECKING:
    from offerwright.orders.decision import AttemptSaid, Decision
    from offerwright.orders.inputs import Nodes
    from offerwright.orders.lots import World
    from offerwright.orders.validate import OrderBook

NODES_SHOWN = 8


@click.group()
def orders() -> None:
    """What is decided about orders."""


@orders.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@root_option
@data_option
@as_of_option
@output_option("text", "jsonl", "json")
@click.option("--engine", type=click.Choice(["auto", "durable", "twin"]), default="auto",
              show_default=True, help="What matches lines and nodes.")  # fmt: skip
@click.option("--consume/--no-consume", default=True,
              help="What one order takes is gone for the next (default), or not.")  # fmt: skip
@click.option("--trace", is_flag=True, help="Say of every attempt what became of every node.")
@click.option("--order", "wanted", multiple=True,
              help="Show only this order (repeatable); all are routed.")  # fmt: skip
@click.option("--fail-on", type=click.Choice(["never", "refused", "unrouted"]), default="never",
              show_default=True,
              help="Exit 1 where an order is refused, or is not routed at all.")  # fmt: skip
def route(
    file: Path,
    root: Path | None,
    data: Path | None,
    as_of: str | None,
    output: str,
    engine: str,
    consume: bool,
    trace: bool,
    wanted: tuple[str, ...],
    fail_on: str,
) -> None:
    """Decide which node ships each order of FILE (JSON lines or CSV).

    Nothing is reserved and nothing is sent: the answer is one row per line of an order.
    """
    from offerwright.orders.engines import matcher_of
    from offerwright.orders.route import Settings
    from offerwright.orders.route import route as decide

    home = found_root(root)
    loadout = load(home)
    at = moment(as_of, loadout.rules.time_zone)
    world = _world(loadout, home, data, at)
    book = _book(file, loadout, world)
    _check_wanted(wanted, book)
    matcher, said = matcher_of(engine)
    if said:
        tell(said)
    told = trace or output == "json" or bool(wanted)
    decisions = decide(book, world, Settings(matcher, consume, told))
    shown = [one for one in decisions if not wanted or one.order in wanted]
    if output == "jsonl":
        _json_lines(shown, world.zone, trace)
    elif output == "json":
        echo(dump_pretty({"version": VERSION, "as_of": at.isoformat(), "counts": _counts(decisions),
                          "orders": [_order_json(one, world.zone) for one in shown]}))  # fmt: skip
    else:
        _show(shown, decisions, trace or bool(wanted), world.zone)
    sys.exit(1 if _fails(decisions, fail_on) else 0)


def _world(loadout: Loadout, home: Path, data: Path | None, at: datetime) -> World:
    """What orders are routed over; what was refused of it is said on stderr."""
    from offerwright.orders.inputs import read_nodes, strange_nodes
    from offerwright.orders.lots import World

    snapshot = current_snapshot(loadout, home, data)
    nodes = read_nodes(loadout.routing.entities, home, data)
    for one in nodes.refused:
        rows = _counted(one.rows, "row")
        tell(f"warning: {rows} of {one.source} refused; the first: {one.first}")
    accounts = [plan.account for plan in loadout.rules.plans]
    zone = ZoneInfo(loadout.rules.time_zone)
    world = World(loadout.routing, accounts, nodes, snapshot.frame, at, zone)
    plans = [plan for a in accounts if (plan := world.plan(a.name)) is not None]
    for digits in sorted({plan.zip_digits for plan in plans}):
        _tell_places(nodes, digits)
    for stock in sorted({plan.stock for plan in plans}, key=lambda s: s.facts):
        strange = strange_nodes(stock, nodes, snapshot.frame)
        if strange:
            have, ship = ("has", "ships") if len(strange) == 1 else ("have", "ship")
            tell(f"warning: {_counted(len(strange), 'node')} {have} stock and no row among the "
                 f"nodes, and {ship} nothing: {', '.join(strange[:5])}")  # fmt: skip
    return world


def _tell_places(nodes: Nodes, digits: Sequence[int]) -> None:
    """What became of the postal codes of the nodes, and which have no place."""
    found = nodes.located(digits)
    if found.repaired:
        tell(f"note: {_counted(found.repaired, 'postal code')} of nodes lost the leading zero "
             "and got it back")  # fmt: skip
    if found.unknown:
        tell(f"note: no place on the map: {found.unknown} of {_counted(len(nodes.ids), 'node')}")


def _book(file: Path, loadout: Loadout, world: World) -> OrderBook:
    from offerwright.orders.read import read_orders
    from offerwright.orders.validate import Known, validate

    entities = loadout.routing.entities
    line_facts = entities.facts("line")
    raw = read_orders(file, [fact.column for fact in line_facts.values()])
    return validate(
        raw,
        Known(
            skus=frozenset(world.skus["sku"].to_list()),
            accounts=world.accounts,
            order_facts=entities.facts("order"),
            line_facts=line_facts,
            plan=world.plan,
            time_zone=loadout.rules.time_zone,
        ),
    )


def _check_wanted(wanted: Sequence[str], book: OrderBook) -> None:
    known = {order.id for order in book.orders}
    absent = [id_ for id_ in wanted if id_ not in known]
    if absent:
        hint = did_you_mean(absent[0], sorted(known))
        raise OfferwrightError(
            f"there is no order `{absent[0]}` in the file{f'; {hint}' if hint else ''}"
        )


def _fails(decisions: Sequence[Decision], fail_on: str) -> bool:
    from offerwright.orders.route import is_refused

    refused = any(is_refused(one) for one in decisions)
    unrouted = any(one.code != "ROUTED" for one in decisions)
    return (fail_on == "refused" and refused) or (fail_on == "unrouted" and unrouted)


def _counts(decisions: Sequence[Decision]) -> dict[str, int]:
    """Orders by attempt or reason, sorted."""
    found = Counter(one.attempt or one.code for one in decisions)
    return dict(sorted(found.items()))


def _json_lines(decisions: Sequence[Decision], zone: ZoneInfo, trace: bool) -> None:
    from offerwright.orders.route import rows_of

    lines: list[str] = []
    for one in decisions:
        rows = list(rows_of([one]))
        for row in rows:
            row["cancel_at"] = _moment(one.cancel_at, zone)
        if trace and rows:
            rows[0]["attempts"] = [_attempt_json(said) for said in one.attempts]
        lines += [dump({"version": VERSION, **row}) for row in rows]
    put("".join(line + "\n" for line in lines))


def _order_json(one: Decision, zone: ZoneInfo) -> dict[str, Any]:
    from offerwright.orders.route import rows_of

    rows = [
        {key: row[key] for key in ("line", "node", "parcel", "quantity")} for row in rows_of([one])
    ]
    return {
        "order": one.order, "account": one.account or None, "reason": one.code,
        "detail": one.detail or None, "attempt": one.attempt or None, "lines": rows,
        "queue": one.queue or None, "cancel_at": _moment(one.cancel_at, zone),
        "notes": list(one.notes), "attempts": [_attempt_json(said) for said in one.attempts],
    }  # fmt: skip


def _attempt_json(said: AttemptSaid) -> dict[str, Any]:
    return {
        "attempt": said.attempt, "file": said.span.file, "line": said.span.line,
        "chosen": list(said.chosen), "summary": said.summary,
        "nodes": [{"node": n.node, "place": n.place, "because": list(n.because)}
                  for n in said.nodes],
    }  # fmt: skip


def _moment(micros: int | None, zone: ZoneInfo) -> str | None:
    if micros is None:
        return None
    return (EPOCH + timedelta(microseconds=micros)).astimezone(zone).isoformat()


def _show(
    shown: Sequence[Decision], decisions: Sequence[Decision], in_full: bool, zone: ZoneInfo
) -> None:
    if in_full:
        for one in shown:
            _show_order(one, zone)
    rows = []
    kinds = Counter((one.attempt, one.code) for one in decisions)
    lines = Counter(
        (one.attempt, one.code)
        for one in decisions
        for _ in {p.line for p in one.parts} or one.lines
    )
    for key, count in sorted(kinds.items(), key=lambda item: (item[0][1] != "ROUTED", item[0])):
        attempt, code = key
        rows.append((attempt or "–", code, str(count), str(lines[key])))
    for line in table(("attempt", "reason", "orders", "lines"), rows, frozenset({2, 3})):
        echo(line)
    notes = Counter(note for one in decisions for note in one.notes)
    if notes:
        said = (f"{code} on {_counted(number, 'order')}" for code, number in sorted(notes.items()))
        echo(f"\nnotes: {', '.join(said)}")
    parcels = _counted(sum(len({p.parcel for p in one.parts}) for one in decisions), "parcel")
    routed = sum(one.code == "ROUTED" for one in decisions)
    echo(f"\nrouted: {routed} of {_counted(len(decisions), 'order')}, in {parcels}")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _show_order(one: Decision, zone: ZoneInfo) -> None:
    name = one.order or "an order without id"
    if one.parts:
        echo(f"{name}: {one.attempt}")
        for part in one.parts:
            echo(f"  line {part.line}: {part.units} from {part.node}, parcel {part.parcel}")
    else:
        queue = f", queue {one.queue}" if one.queue else ""
        until = _moment(one.cancel_at, zone)
        echo(f"{name}: {one.code}{queue}{f', cancelled at {until}' if until else ''}")
        echo(f"  {one.detail}")
    if one.notes:
        echo(f"  notes: {' '.join(one.notes)}")
    for said in one.attempts:
        echo(f"  {said.attempt}  {said.span.file}:{said.span.line}  {said.summary}")
        for node in said.nodes[:NODES_SHOWN]:
            place = f"{node.place}." if node.place else "dropped:"
            echo(f"    {node.node}  {place} {'; '.join(node.because)}")
        if len(said.nodes) > NODES_SHOWN:
            echo(f"    and {len(said.nodes) - NODES_SHOWN} more nodes")
    echo()
