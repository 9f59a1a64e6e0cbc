"""Why an attempt dropped a node, and what a ranking compared, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from offerwright.evaluate.columns import FAULTS
from offerwright.evaluate.trace import words, written
from offerwright.expressions.conditions import Test, alternatives
from offerwright.orders.choose import Asked, Chosen, ties
from offerwright.orders.decision import AttemptSaid, NodeSaid
from offerwright.orders.lots import needs_of
from offerwright.orders.question import Facts, Filter
from offerwright.orders.split import MOST_ITEMS
from offerwright.orders.twin import accepted
from offerwright.rules.plan import TablePlan
from offerwright.rules.routing_plan import (
    LOAD,
    NODE_ID,
    PARCELS,
    AttemptPlan,
    RankPlan,
    SplitPlan,
)


def attempt_said(
    attempt: AttemptPlan, filter_: Filter, asked: Asked, chosen: Chosen, full: Sequence[int]
) -> AttemptSaid:
    """The trace of one attempt. `full` are the nodes that have no room for another parcel."""
    ids = asked.prepared.lot.nodes.ids
    places = {node: number for number, node in enumerate(chosen.ranked, start=1)}
    ranked = tuple(
        NodeSaid(ids[node], places[node], tuple(_compared(attempt.rank, node, asked)))
        for node in chosen.ranked
    )
    dropped = tuple(
        NodeSaid(ids[node], None, tuple(_dropped(filter_, node, asked, full)))
        for node in sorted(asked.row_of)
        if node not in places
    )
    carried = chosen.carried
    return AttemptSaid(
        attempt=attempt.id,
        span=attempt.span,
        chosen=tuple(ids[node] for node in carried.nodes) if carried else (),
        summary=_summary(attempt, asked, chosen),
        nodes=(*ranked, *dropped),
    )


def _summary(attempt: AttemptPlan, asked: Asked, chosen: Chosen) -> str:
    if not asked.row_of:
        return "no node has anything of this order"
    if not chosen.ranked:
        return "no node passes"
    split = attempt.split
    if split is None:
        return f"the best of {_count(len(chosen.ranked), 'node')}"
    if any(search.is_unsearched for search in chosen.searches) and chosen.carried is None:
        return f"not searched: more than {MOST_ITEMS} items to place"
    among = min(split.among, len(chosen.ranked))
    looked = sum(search.looked_at for search in chosen.searches)
    cut = any(search.is_cut for search in chosen.searches)
    if chosen.carried is None:
        return _nothing(chosen, split, asked, looked, cut)
    parcels = _count(len(chosen.carried.nodes), "parcel")
    if not chosen.searches:
        return f"{parcels}: one node has everything"
    limits = f"N = {among}, k = {split.max_parcels}"
    if cut:
        return f"{parcels}: the best found within {limits}; some sets were searched in part"
    return f"{parcels}: optimal within {limits} ({_count(looked, 'set')})"


def _nothing(chosen: Chosen, split: SplitPlan, asked: Asked, looked: int, cut: bool) -> str:
    """Why no set can carry the order."""
    short = sum(search.short for search in chosen.searches)
    why = [f"{_count(short, 'set')} without enough units"] if short else []
    if looked - short and cut:
        why.append(f"{_count(looked - short, 'set')} searched in part")
    elif looked - short:
        limits = " with ".join(_limits(split, asked))
        why.append(f"{_count(looked - short, 'set')} that cannot keep to {limits}")
    found = f": {'; '.join(why)}" if why else ""
    among = min(split.among, len(chosen.ranked))
    return f"nothing can carry it within N = {among}, k = {split.max_parcels}{found}"


def _limits(split: SplitPlan, asked: Asked) -> Iterator[str]:
    """What limits how this order may be split; a word that none of its lines has does not."""
    if split.min_value is not None:
        yield f"parcels of at least {split.min_value:f}"
    words = [
        fact
        for fact in split.keep_together
        if any(ties(asked.prepared.groups[fact][line.row]) for line in asked.order.lines)
    ]
    if words:
        yield f"{' and '.join(words)} together"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _compared(rank: Sequence[RankPlan], node: int, asked: Asked) -> Iterator[str]:
    for key in rank:
        if key.by not in (PARCELS, NODE_ID):
            band = f" in bands of {key.band:f}" if key.band is not None else ""
            yield f"{key.by} {_shown(key.by, node, asked)}{band}"


def _dropped(filter_: Filter, node: int, asked: Asked, full: Sequence[int]) -> Iterator[str]:
    if filter_.where is not None:
        names = {axis.fact for axis in filter_.where.axes}
        facts = {name: asked.value(name, node) for name in names}
        for test in _failing(filter_.where, facts):
            yield f"{test.fact} {_shown(test.fact, node, asked)}, needs {words(test)}"
    yield from _short(filter_, node, asked)
    if node in full:
        yield f"full: it has its {_count(asked.load[node], 'parcel')} of this run"


def _failing(where: TablePlan, facts: Facts) -> list[Test]:
    """The tests that fail, of the alternative that fails fewest; none where one holds."""
    best: list[Test] | None = None
    parts = [part for row in where.rows for part in alternatives(row.condition)]
    masks = [(axis.fact, accepted(axis, facts[axis.fact])) for axis in where.axes]
    for number, part in enumerate(parts):
        refused = {fact for fact, mask in masks if not mask >> number & 1}
        failing = [test for test in part if test.fact in refused]
        if best is None or len(failing) < len(best):
            best = failing
    return best or []


def _short(filter_: Filter, node: int, asked: Asked) -> Iterator[str]:
    """What is lacking: by line, where all of it must be there."""
    held = asked.free[node]
    if filter_.stock_for == "any_line":
        if not any(held.get(line.sku, 0) for line in asked.order.lines):
            yield "no stock for any line"
        return
    needs = needs_of(asked.order)
    for line in asked.order.lines:
        free = held.get(line.sku, 0)
        if free < needs[line.sku]:
            lack = f"too little stock, {free} of {needs[line.sku]}," if free else "no stock"
            yield f"{lack} for line {line.id}"


def _shown(name: str, node: int, asked: Asked) -> str:
    """A value as it is written in a rule; a fault by its code, an assumed distance as such."""
    if name == LOAD:
        return str(asked.load[node])
    row = asked.row_of[node]
    column = asked.prepared.candidates.rows.get(name)
    if column.state is not None and int(column.state[row]) in FAULTS:
        return FAULTS[int(column.state[row])]
    assumed = name == "distance_km" and row in asked.prepared.candidates.assumed
    text = written(column, row, asked.prepared.types[name].name)
    return f"{text} (assumed: the way is not known)" if assumed else text
