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

from offerwright.errors import Span
from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Decimals
from offerwright.evaluate.rule_ids import rules_column
from offerwright.evaluate.run import Offers
from offerwright.evaluate.sale_window import BEFORE, FROM
from offerwright.evaluate.state import Ran
from offerwright.evaluate.tiers import TIER

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
    ids = _ids(*new, places)
    ids = ids.zip_with(ids != "", _ids(*old, places)).alias("ids")
    spans = {**_spans(old[0]), **_spans(new[0])}
    plain = next(ran.step.span for ran in (new[0], old[0]) if ran is not None)
    told = [_rule(one, step, spans, plain) for one in ids.unique().to_list()]
    rules = pl.DataFrame(told, schema=["ids", "rule", "file", "line"], orient="row")
    return (
        pl.DataFrame({"place": places, "ids": ids})
        .join(rules, on="ids", how="left", maintain_order="left")
        .select("place", pl.lit(kind).alias("kind"), pl.lit(name).alias("document"),
                "rule", "file", "line")
        .cast(RULES)  # type: ignore[arg-type]
    )  # fmt: skip


def _rule(ids: str, step: str, spans: Mapping[str, Span], plain: Span) -> tuple[str, str, str, int]:
    """The rules of one step, joined, with their name and the place of the first."""
    own = [one.removeprefix(f"{step}/") for one in ids.split(_BETWEEN) if one]
    span = spans.get(own[0], plain) if own else plain
    rule = f"{step}/{'+'.join(own)}" if own and own != [step] else step
    return ids, rule, span.file, span.line


def _ids(ran: Ran | None, run: Run, places: Rows) -> pl.Series:
    """The rules of one step that gave these rows their price, joined; empty where none did."""
    if ran is None:
        return pl.Series([""], dtype=pl.String).new_from_index(0, len(places))
    found = rules_column([ran], run.offers.rows.size).gather(run.rows[places])
    return found.list.join(_BETWEEN)


def _spans(ran: Ran | None) -> dict[str, Span]:
    if ran is None or ran.match is None:
        return {}
    return {row.id: row.span for row in ran.match.table.rows}
