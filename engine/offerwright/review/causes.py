"""
Which rule moved an offer: both runs are walked step by step, and the first step that gives another
price is the one. Nothing is concluded from the text of the files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Decimals
from offerwright.evaluate.rule_ids import rules_column
from offerwright.evaluate.run import Offers
from offerwright.evaluate.sale_window import BEFORE, FROM
from offerwright.evaluate.state import Ran
from offerwright.evaluate.tiers import TIER
from offerwright.expressions.syntax import Typed
from offerwright.rules.plan import RowPlan

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]
_BETWEEN = "\n"
_Given: TypeAlias = tuple[tuple[Decimals, ...], Mask]
RULES: Mapping[str, type[pl.DataType]] = {
    "place": pl.Int64, "kind": pl.String, "document": pl.String, "rule": pl.String,
    "file": pl.String, "line": pl.Int64,
}  # fmt: skip
"""`moved_by`: `place` is the position among the rows that were asked, the rest the rule there."""


@dataclass(frozen=True)
class Run:
    """Some offers of one account as one side computed them: `rows` are their places.

    `frame` is what a reviewer sees of all that were computed, `seen.seen`.
    """

    offers: Offers
    frame: pl.DataFrame
    rows: Rows

    @cached_property
    def seen(self) -> pl.DataFrame:
        """What a reviewer sees of these offers."""
        if len(self.rows) == len(self.frame) and (np.diff(self.rows) == 1).all():
            return self.frame
        return self.frame.select(pl.all().gather(self.rows))

    @property
    def steps(self) -> dict[tuple[str, str, str], Ran]:
        """The steps that ran by kind and name of their document and their own name, in order."""
        documents = self.offers.plan.documents
        found = {}
        for ran in self.offers.ran:
            info = documents[ran.step.document]
            found[info.kind, info.name, ran.step.id] = ran
        return found


def run_of(offers: Offers, frame: pl.DataFrame, skus: pl.Series) -> Run:
    """The offers of some SKUs, which must all be there, in their order."""
    place = frame["sku"].to_frame("sku").with_row_index("at")
    rows = skus.to_frame("sku").join(place, on="sku", how="left", maintain_order="left")["at"]
    return Run(offers, frame, rows.cast(pl.Int64).to_numpy())


def moved_by(before: Run, after: Run) -> pl.DataFrame:
    """
    The first step that gives another price, sale, window of a sale or tier: `RULES`, by place.

    The rule is the row of the head's table; of a rule that is gone it is the base's.
    """
    old, new = before.steps, after.steps
    names = _prices(before, after)
    left = np.ones(len(after.rows), dtype=bool)
    found = [pl.DataFrame(schema=RULES)]
    for key in _order(old, new):
        given = _given(old.get(key), before, names), _given(new.get(key), after, names)
        here = left & _differ(*given)
        if here.any():
            found.append(_named(key, here, (old.get(key), before), (new.get(key), after)))
            left &= ~here
    return pl.concat(found).sort("place", maintain_order=True)


def _prices(*runs: Run) -> tuple[str, ...]:
    """What steps set of a price, beside price and sale price."""
    columns = {name for run in runs for name in run.offers.rows.columns}
    windows = {FROM, BEFORE} & columns
    return tuple(sorted({*windows, *(name for name in columns if name.startswith(TIER))}))


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


def _given(ran: Ran | None, run: Run, names: Sequence[str]) -> _Given | None:
    """What a step gives these rows, and where it ran."""
    if ran is None:
        return None
    columns = (*ran.after, *(ran.now.decimals(name) for name in names))
    taken = (c.take(column, run.rows) for column in columns)
    return tuple(one for one in taken if isinstance(one, Decimals)), ran.active[run.rows]


def _differ(one: _Given | None, other: _Given | None) -> Mask:
    if one is None or other is None:
        # Whatever it gave: without the step the walk would have gone on as it was.
        only = one or other
        assert only is not None
        return only[1]
    found = [_unequal(a, b) for a, b in zip(one[0], other[0], strict=True)]
    return np.asarray(np.logical_or.reduce(found), dtype=bool)


def _unequal(one: Decimals, other: Decimals) -> Mask:
    left, right = c.aligned(one, other)
    both = c.known(left) & c.known(right)
    return np.asarray((c.known(left) != c.known(right)) | (both & (left.values != right.values)))


def _named(
    key: tuple[str, str, str], here: Mask, old: tuple[Ran | None, Run], new: tuple[Ran | None, Run]
) -> pl.DataFrame:
    """The rules behind one step, where it is the first that differs."""
    places = np.flatnonzero(here)
    kind, name, step = key
    ids = pl.DataFrame({"old": _ids(*old, places), "new": _ids(*new, places)})
    given = ids.unique(maintain_order=True)
    told = [_rule(step, (old[0], one), (new[0], other)) for one, other in given.iter_rows()]
    rules = pl.DataFrame(told, schema=["rule", "file", "line"], orient="row")
    return (
        ids.with_columns(pl.Series("place", places))
        .join(given.hstack(rules), on=["old", "new"], how="left", maintain_order="left")
        .select("place", pl.lit(kind).alias("kind"), pl.lit(name).alias("document"),
                "rule", "file", "line")
        .cast(RULES)  # type: ignore[arg-type]
    )  # fmt: skip


def _rule(
    step: str, old: tuple[Ran | None, str], new: tuple[Ran | None, str]
) -> tuple[str, str, int]:
    """The rules of one step that make the difference, joined, and the place of the first."""
    own = _apart(old, new)
    spans = {name: row.span for ran, _ in (old, new) for name, row in _rows(ran).items()}
    plain = next(ran.step.span for ran, _ in (new, old) if ran is not None)
    span = spans.get(own[0], plain) if own else plain
    named = [one.removeprefix(f"{step}/") for one in own]
    return (f"{step}/{'+'.join(named)}" if own and own != [step] else step), span.file, span.line


def _apart(old: tuple[Ran | None, str], new: tuple[Ran | None, str]) -> list[str]:
    """
    The rows that one side has and the other not, those of the head first; else those written
    otherwise. Where several rows are collected the others are as they were.
    """
    before, after = ([name for name in ids.split(_BETWEEN) if name] for _, ids in (old, new))
    more, less = _left(after, before), _left(before, after)
    if more or (less and after):
        return more or less
    was, now = _cells(old[0]), _cells(new[0])
    return [name for name in after if was.get(name) != now.get(name)] or after or before


def _left(names: Sequence[str], others: Sequence[str]) -> list[str]:
    return [name for name in names if name not in others]


def _rows(ran: Ran | None) -> Mapping[str, RowPlan]:
    return {} if ran is None or ran.match is None else {r.id: r for r in ran.match.table.rows}


def _cells(ran: Ran | None) -> dict[str, tuple[Typed, ...]]:
    """By row of a table, what it gives."""
    if ran is None or ran.match is None:
        return {}
    results = ran.match.table.results
    return {
        row.id: tuple(one.choices[one.choice_of[number]] for one in results)
        for number, row in enumerate(ran.match.table.rows)
    }


def _ids(ran: Ran | None, run: Run, places: Rows) -> pl.Series:
    """The rules of one step that gave these rows their price, joined; empty where none did."""
    if ran is None:
        return pl.Series([""], dtype=pl.String).new_from_index(0, len(places))
    found = rules_column([ran], run.offers.rows.size).gather(run.rows[places])
    return found.list.join(_BETWEEN)
