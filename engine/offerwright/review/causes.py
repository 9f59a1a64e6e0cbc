"""
Which rule moved an offer: both runs are walked step by step, and the first step that gives another
price is the one. Nothing is concluded from the text of the files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from offerwright.errors import Span
from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Decimals
from offerwright.evaluate.rule_ids import rules_column
from offerwright.evaluate.run import Offers
from offerwright.evaluate.state import Ran

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]
RULES: Mapping[str, type[pl.DataType]] = {
    "place": pl.Int64, "kind": pl.String, "document": pl.String, "rule": pl.String,
    "file": pl.String, "line": pl.Int64,
}  # fmt: skip
"""`moved_by`: `place` is the position among the rows that were asked, the rest the rule there."""


@dataclass(frozen=True)
class Run:
    """The same offers as one side computed them: `rows` are their places."""

    offers: Offers
    rows: Rows

    @property
    def steps(self) -> dict[tuple[str, str, str], Ran]:
        """The steps that ran by kind and name of their document and their own name, in order."""
        documents = self.offers.plan.documents
        found = {}
        for ran in self.offers.ran:
            info = documents[ran.step.document]
            found[info.kind, info.name, ran.step.id] = ran
        return found


def moved_by(before: Run, after: Run) -> pl.DataFrame:
    """
    The first step whose price differs, for every row that has one: `RULES`, by place.

    The rule is the row of the head's table; of a rule that is gone it is the base's.
    """
    old, new = before.steps, after.steps
    left = np.ones(len(after.rows), dtype=bool)
    found = [pl.DataFrame(schema=RULES)]
    for key in _order(old, new):
        here = left & _differ(_given(old.get(key), before), _given(new.get(key), after))
        if here.any():
            found.append(_named(key, here, (old.get(key), before), (new.get(key), after)))
            left &= ~here
    return pl.concat(found).sort("place", maintain_order=True)


def _order(old: Mapping[tuple[str, str, str], Ran], new: Mapping[tuple[str, str, str], Ran]
           ) -> Iterator[tuple[str, str, str]]:  # fmt: skip
    """All steps in the order of the head; one that is gone before what came after it."""
    known = [*new]
    place = 0
    for key in old:
        if key in new:
            place = known.index(key) + 1
        else:
            known.insert(place, key)
            place += 1
    yield from known


def _given(ran: Ran | None, run: Run) -> tuple[Decimals, Decimals, Mask] | None:
    """What a step gives these rows, and where it ran."""
    if ran is None:
        return None
    price, sale = (c.take(column, run.rows) for column in ran.after)
    assert isinstance(price, Decimals) and isinstance(sale, Decimals)
    return price, sale, ran.active[run.rows]


def _differ(
    one: tuple[Decimals, Decimals, Mask] | None, other: tuple[Decimals, Decimals, Mask] | None
) -> Mask:
    if one is None or other is None:
        # Whatever it gave: without the step the walk would have gone on as it was.
        only = one or other
        assert only is not None
        return only[2]
    return _unequal(one[0], other[0]) | _unequal(one[1], other[1])


def _unequal(one: Decimals, other: Decimals) -> Mask:
    left, right = c.aligned(one, other)
    both = c.known(left) & c.known(right)
    return np.asarray((c.known(left) != c.known(right)) | (both & (left.values != right.values)))


def _named(
    key: tuple[str, str, str], here: Mask, old: tuple[Ran | None, Run], new: tuple[Ran | None, Run]
) -> pl.DataFrame:
    """The rules behind one step, where it is the first that differs."""
    places = np.flatnonzero(here)
    ids = _ids(*new, places)
    without = np.array([not one for one in ids], dtype=bool)
    if without.any():
        for at, one in zip(np.flatnonzero(without), _ids(*old, places[without]), strict=True):
            ids[at] = one
    kind, name, step = key
    spans = _spans(new[0]) | {k: v for k, v in _spans(old[0]).items() if k not in _spans(new[0])}
    plain = next(ran.step.span for ran in (new[0], old[0]) if ran is not None)
    rules = [f"{step}/{'+'.join(one)}" if one and one != [step] else step for one in ids]
    found = [spans.get(one[0], plain) if one else plain for one in ids]
    return pl.DataFrame(
        {
            "place": places, "kind": [kind] * len(places), "document": [name] * len(places),
            "rule": rules, "file": [s.file for s in found], "line": [s.line for s in found],
        },
        schema=RULES,
    )  # fmt: skip


def _ids(ran: Ran | None, run: Run, places: Rows) -> list[list[str]]:
    """The rules of one step that gave these rows their price."""
    if ran is None:
        return [[] for _ in places]
    size = run.offers.rows.size
    found: list[list[str]] = rules_column([ran], size).gather(run.rows[places]).to_list()
    return [[one.removeprefix(f"{ran.step.id}/") for one in ids] for ids in found]


def _spans(ran: Ran | None) -> dict[str, Span]:
    if ran is None or ran.match is None:
        return {}
    return {row.id: row.span for row in ran.match.table.rows}
