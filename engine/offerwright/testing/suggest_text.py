"""Suggested cases → a test document in YAML, with what the author must confirm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from offerwright.facts.schema import FactSchema
from offerwright.testing.compare import Fired, blocks_of, fired_by, value_of
from offerwright.testing.coverage import FALSE, RAN, TRUE, Unit
from offerwright.testing.document import MISSING
from offerwright.testing.given import Product
from offerwright.testing.link import Bench
from offerwright.testing.run import Outcome
from offerwright.testing.tables import RuleTable
from offerwright.testing.trial import Trial
from offerwright.testing.wording import cells_text, yaml_text

SHOWN = 3
HEAD = """\
# Cases that no test has yet. Each was run, and reaches what the comment above it says. What must
# come out is for you to say, from the rules and not from the engine: then move the case to the
# tests of its rules.
kind: test
name: {name}
"""


@dataclass(frozen=True)
class Suggestion:
    """
    A case that reaches a unit.

    `reaches` is what else it reaches that no case did before, `rows` its rows by their names.
    """

    unit: Unit
    table: RuleTable
    trial: Trial
    base: Trial
    outcome: Outcome
    reaches: tuple[str, ...] = ()
    rows: frozenset[str] = frozenset()


def suggested_document(
    found: Sequence[Suggestion], left: Sequence[Unit], bench: Bench, name: str
) -> str:
    """The document. Products with which cases begin are its fixtures."""
    zone = ZoneInfo(bench.rules.time_zone)
    lines = HEAD.format(name=yaml_text(name)).splitlines()
    bases: dict[str, str] = {}
    for one in found:
        text = _facts_text(one.base.product, bench.schema, zone)
        bases.setdefault(text, f"base-{len(bases) + 1}")
    moments = [one.trial.as_of for one in found]
    if moments:
        usual = max(sorted(set(moments)), key=moments.count)
        lines += [f"as_of: {_moment(usual, zone)}", "fixtures:"]
        lines += [f"  {base}: {{{text}}}" for text, base in bases.items()]
        lines.append("cases:")
    names: set[str] = set()
    for one in found:
        base = bases[_facts_text(one.base.product, bench.schema, zone)]
        lines += _case(one, base, usual, bench, names)
    if not found:
        lines.append("cases: []")
    for unit in left:
        lines.append(f"# no product was found for {_said(unit)}")
    return "\n".join(lines) + "\n"


def _facts_text(product: Product, schema: FactSchema, zone: ZoneInfo) -> str:
    parts = [f"sku: {yaml_text(product.sku)}"] if product.sku else []
    parts += [
        f"{name}: {cells_text(cells, schema.facts[name].type, zone)}"
        for name, cells in product.facts.items()
    ]
    return ", ".join(parts)


def _case(
    one: Suggestion, base: str, usual: datetime, bench: Bench, names: set[str]
) -> Iterator[str]:
    zone = ZoneInfo(bench.rules.time_zone)
    more = f" and {len(one.reaches) - SHOWN} more" if len(one.reaches) > SHOWN else ""
    yield f"  # {_said(one.unit)}"
    if one.reaches:
        yield f"  # also {', '.join(one.reaches[:SHOWN])}{more}"
    name = _name(one)
    while name in names:
        name = f"{name}, again"
    names.add(name)
    yield f"  - name: {yaml_text(name)}"
    changes = list(_changes(one, bench.schema, zone))
    yield f"    given: {{like: {base}, {', '.join(changes)}}}" if changes else f"    given: {base}"
    yield f"    account: {one.trial.account}"
    if one.trial.as_of != usual:
        yield f"    as_of: {_moment(one.trial.as_of, zone)}"
    live = one.trial.live
    if live is not None:
        held = {k: v for k in ("price", "sale_price", "quantity") if (v := getattr(live, k))}
        yield f"    live: {yaml_text(held)}"
    yield f"    expect: {_expect(one)}  # confirm: {_came_out(one.outcome)}"


def _name(one: Suggestion) -> str:
    """A short sentence of what the case shows."""
    where = f"{one.table.info.name} {one.table.step}"
    said = {TRUE: "runs", FALSE: "is left out", RAN: "runs"}.get(one.unit.name)
    if one.unit.kind == "branch":
        return f"{where} {said}"
    return (
        f"{where} {one.unit.name} fires" if one.unit.kind == "row" else f"{where} {one.unit.name}"
    )


def _said(unit: Unit) -> str:
    (kind, document, step), place = unit.table, f"{unit.span.file}:{unit.span.line}"
    where = document if kind == "file" else f"{document}/{step}"
    return f"{unit.kind} {unit.name} of {where} ({place})"


def _changes(one: Suggestion, schema: FactSchema, zone: ZoneInfo) -> Iterator[str]:
    """The facts in which the trial differs from its base."""
    base, product = one.base.product, one.trial.product
    if product.sku != base.sku:
        yield f"sku: {yaml_text(product.sku)}"
    for name, cells in product.facts.items():
        if base.facts.get(name) != cells:
            yield f"{name}: {cells_text(cells, schema.facts[name].type, zone)}"
    for name in base.facts:
        if name not in product.facts:
            yield f"{name}: {MISSING}"


def _expect(one: Suggestion) -> str:
    """The rules that must fire: those of the table, and rows that no case has seen before."""
    step = one.table.step_names()[1]
    every = fired_by(one.outcome)
    names = [
        _clear_name(fired, every)
        for fired in every
        if not one.rows.isdisjoint(fired.names)
        or (step in fired.names and (fired.name != one.table.step or one.table.table is None))
    ]
    return f"{{rules: [{', '.join(names)}]}}" if names else "{}"


def _clear_name(fired: Fired, every: Sequence[Fired]) -> str:
    """The shortest name by which nothing else is meant that fired: `phones` may be two rows."""
    others = {name for other in every if other is not fired for name in other.names}
    return next((name for name in fired.names if name not in others), fired.name)


def _came_out(outcome: Outcome) -> str:
    """What the engine computed, for the author to compare with what the rules say."""
    parts = [
        f"{name} {value}"
        for name in ("price", "sale_price", "quantity", "category")
        for value in [value_of(outcome, name)]
        if value is not None
    ]
    parts += [
        f"{aspect} blocked by {', '.join(codes)}"
        for aspect, codes in blocks_of(outcome).items()
        if codes
    ]
    return "; ".join(parts) or "nothing"


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat()
