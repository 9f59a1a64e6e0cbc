"""The linked guards: frozen, pure Python. What `judge` runs and what the send gate reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from offerwright.errors import Span
from offerwright.expressions.syntax import Typed
from offerwright.frames import Aspect
from offerwright.rules.plan import TablePlan
from offerwright.rules.window import Window

if TYPE_CHECKING:
    from offerwright.guards.document import CheckName, Else

OF_MOVES = ("step_from_live", "move_over_window")
"""Checks that have `down`, `up`, or both."""
PRICE_DAYS_KEPT = 90
"""No window of a guard is longer: what was paid before is not remembered."""
RUN_CHECKS = ("share_moved", "share_zeroed", "share_delisted", "exposure", "identical_price")
SOURCE_CHECKS = ("source_age", "source_rows")
NOT_OF_OFFERS = (*RUN_CHECKS, *SOURCE_CHECKS, "expires")
"""What is judged of a run, of what it reads or of documents, and of no single offer."""
OF_ACCOUNTS = tuple(one for one in NOT_OF_OFFERS if one != "identical_price")
"""What is judged of an account as a whole, and never of some of its offers."""


@dataclass(frozen=True, slots=True)
class ApprovalPlan:
    """Who agreed to what; `until` is the first microsecond at which it no longer counts."""

    document: str
    span: Span
    guard: str
    select: TablePlan | None
    bounds: Mapping[str, Decimal]
    reason: str
    approver: str
    until: int


@dataclass(frozen=True, slots=True)
class GuardPlan:
    """One guard as it runs for one account. `settings` are its constant bounds."""

    id: str
    check: CheckName
    else_: Else
    document: str
    owner: str
    span: Span
    window: Window
    when: TablePlan | None
    bound: Typed | None
    cost: Typed | None
    freight: Typed | None
    settings: Mapping[str, Decimal]
    approvals: tuple[ApprovalPlan, ...]
    only: TablePlan | None = None
    """The offers its document is for, by category, brand or SKU."""
    reference: Typed | None = None
    rule: str = ""
    """`document/id` of the pricing rule that a hold is for; empty = whatever made the price."""
    aspects: tuple[Aspect, ...] = ()
    """What a hold, or a guard on sources, withholds."""
    source: str = ""
    """The source that it looks at; empty = all."""
    note: str = ""

    def in_force(self, as_of: int) -> bool:
        """Whether its document is in force at a moment, in microseconds."""
        start, end = self.window
        return (start is None or start <= as_of) and (end is None or as_of < end)


@dataclass(frozen=True, slots=True)
class GuardSet:
    """The guards of every account, by its name."""

    by_account: Mapping[str, tuple[GuardPlan, ...]]
