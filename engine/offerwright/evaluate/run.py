"""
Offers: one plan over one snapshot, for one SKU or for millions.

`evaluate` is the only executor. It is pure: the same plan, snapshot, live values and moment give
the same offers, whatever the number of rows in a batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from offerwright.evaluate import columns as c
from offerwright.evaluate.bounds_step import apply_bounds
from offerwright.evaluate.fees import Schedule
from offerwright.evaluate.finish import run_rounding
from offerwright.evaluate.inventory import Allocation
from offerwright.evaluate.mapping import Content, content
from offerwright.evaluate.match import Walks
from offerwright.evaluate.offer_frame import Told, offer_frame, withheld
from offerwright.evaluate.operations import Rows
from offerwright.evaluate.pricing import run_step
from offerwright.evaluate.reach import FEES, Reach, reach
from offerwright.evaluate.sale_window import BEFORE, FROM
from offerwright.evaluate.state import (
    Block,
    Moment,
    Note,
    Ran,
    State,
    settle_base,
    without_negative,
)
from offerwright.evaluate.stockroom import Stockroom
from offerwright.evaluate.views import Views
from offerwright.expressions.parse import microseconds
from offerwright.frames import Aspect
from offerwright.profile import stage
from offerwright.rules.plan import (
    PHASES,
    Account,
    AccountPlan,
    InventoryPlan,
    MappingPlan,
    RoundStep,
    RuleSet,
)


@dataclass(frozen=True)
class Offers:
    """
    What one account is to be told.

    `frame` is `frames.OFFERS`; `rows` the columns behind it (facts, names set by steps); `blocks`,
    `notes` and `ran` say why, as masks over the same rows.
    """

    plan: AccountPlan
    frame: pl.DataFrame
    rows: Rows
    blocks: tuple[Block, ...]
    notes: tuple[Note, ...]
    ran: tuple[Ran, ...]
    schedule: Schedule
    reach: Reach
    allocation: Allocation | None = None

    @property
    def account(self) -> Account:
        return self.plan.account

    def withheld(self, aspect: Aspect) -> NDArray[np.bool_]:
        """Where an aspect is blocked."""
        return withheld(self.blocks, aspect, self.rows.size)


@dataclass
class Executor:
    """A rule set ready to run: it keeps what its tables have learned from batch to batch."""

    rules: RuleSet
    walks: Walks = field(default_factory=Walks)

    def run(
        self,
        snapshot: pl.DataFrame,
        as_of: datetime,
        live: Mapping[str, pl.DataFrame] | None = None,
        accounts: Sequence[str] | None = None,
        skus: Sequence[str] | None = None,
    ) -> tuple[Offers, ...]:
        """
        The offers of every account.

        Args:
            snapshot: `frames.SNAPSHOT`, or any part of its rows.
            as_of: the moment of the computation, with a zone.
            live: by account, one row per confirmed SKU: `sku` String, `live_price` Decimal,
                `live_quantity` Int64.
            accounts: only these; all if None.
            skus: the offers of these only; all if None. They are what a run over the whole
                snapshot says of them, also where kits make them depend on others.
        """
        wanted = [p for p in self.rules.plans if accounts is None or p.account.name in accounts]
        asked = snapshot if skus is None else snapshot.filter(pl.col("sku").is_in(list(skus)))
        with stage("evaluation"):
            views = Views(self.rules, asked, as_of, live or {}, self.walks)
            stockroom = Stockroom(snapshot, views)
            offers = tuple(_account(plan, views, stockroom) for plan in wanted)
            views.memo.forget()
        return offers


def _account(plan: AccountPlan, views: Views, stockroom: Stockroom) -> Offers:
    with stage(plan.account.name):
        return _offers(plan, views, stockroom)


def _offers(plan: AccountPlan, views: Views, stockroom: Stockroom) -> Offers:
    with stage("facts and scopes"):
        rows, as_of, walks = views.of(plan.account.name), microseconds(views.as_of), views.walks
        plan = walks.plan_at(plan, as_of)
        reached = reach(plan, rows, as_of, walks)
        where = {f.document: reached.of(FEES, f.document) for f in plan.fees}
        schedule = Schedule(plan.fees, as_of, walks, where)
    with stage("prices"):
        state = _priced(plan, rows, reached, Moment(plan, as_of, walks, schedule))
    with stage("stock", _file(plan, plan.inventory)):
        allocation, stock_blocks = stockroom.allocation(plan)
    with stage("content", _file(plan, plan.mapping)):
        said = _said(plan, state.rows, as_of, walks)
    blocks = (*state.blocks, *stock_blocks, *said.blocks)
    told = Told(views.frame["sku"], plan, state.rows, said, blocks, allocation)
    with stage("columns"):
        frame = offer_frame(told)
    return Offers(
        plan=plan,
        frame=frame,
        rows=state.rows,
        blocks=blocks,
        notes=state.notes,
        ran=state.ran,
        schedule=schedule,
        reach=reached,
        allocation=allocation,
    )


def _file(plan: AccountPlan, part: InventoryPlan | MappingPlan | None) -> str:
    return "" if part is None else plan.documents[part.document].file


def _priced(plan: AccountPlan, rows: Rows, reached: Reach, moment: Moment) -> State:
    nothing = c.all_missing(rows.size)
    names = ("price", "sale_price", FROM, BEFORE, "/lower", "/upper")
    state = State(rows.having(dict.fromkeys(names, nothing)))
    if not plan.steps:
        return state
    for phase in PHASES[:-1]:
        steps = [s for s in plan.steps if s.phase == phase]
        if not steps:
            continue
        with stage(phase):
            state = state.with_column("/before", state.decimals("price"))
            for step in steps:
                state = run_step(state, step, reached.of_step(step), moment)
            if phase == "base":
                state = settle_base(state, reached.any_of(steps))
            state = without_negative(state)
    rounding = [(s, reached.of_step(s)) for s in plan.steps if isinstance(s, RoundStep)]
    with stage(PHASES[-1]):
        return run_rounding(apply_bounds(state), rounding, moment)


def _said(plan: AccountPlan, rows: Rows, as_of: int, walks: Walks) -> Content:
    if plan.mapping is None:
        return Content()
    types = plan.scope.types

    def kind(name: str) -> str:
        found = types.get(name)
        return found.name if found is not None else ""

    return content(plan.mapping, rows, as_of, walks, kind)
