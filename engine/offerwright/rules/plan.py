"""
The compiled rules: frozen, pure Python, picklable. What `evaluate` runs and `explain` reads.

Decimals are `Decimal`, moments are microseconds since 1970 (UTC). A `RowPlan`'s position in
`TablePlan.rows` is its number everywhere: in masks (through `row_of`), in fired rows, in traces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, TypeAlias

from offerwright.errors import Span
from offerwright.expressions.syntax import Typed, columns
from offerwright.expressions.types import Type
from offerwright.rules.window import ALWAYS_VALID, Window

if TYPE_CHECKING:
    from offerwright.expressions.conditions import Condition
    from offerwright.expressions.scope import Scope
    from offerwright.expressions.templates import Template
    from offerwright.expressions.words import Words
    from offerwright.rules.axes import Axis
    from offerwright.rules.content_plan import AttributeForm, ImageBounds
    from offerwright.rules.document import Hit, Take
    from offerwright.rules.rates import ExchangeRate

Phase = Literal["base", "adjust", "fees", "competitor", "tiers", "bounds", "round"]
PHASES: tuple[Phase, ...] = (
    "base", "adjust", "fees", "competitor", "tiers", "bounds", "round",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Account:
    """One account as the engine sees it."""

    name: str
    marketplace: str
    currency: str
    digits: int
    site: str = ""
    trade_policy: str = ""
    credentials: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """Which document something comes from."""

    kind: str
    name: str
    file: str
    revision: str
    width: int = 0
    override: bool = False
    window: Window = ALWAYS_VALID
    only: TablePlan | None = None
    """The offers it is for, by category, brand or SKU; None = all of the account's."""
    ends: tuple[Span, Span] | None = None
    """Where `valid.from` and `valid.before` are written."""

    def is_in_force(self, as_of: int) -> bool:
        """Whether a moment (microseconds) lies in the document's window."""
        start, end = self.window
        return (start is None or start <= as_of) and (end is None or as_of < end)


@dataclass(frozen=True, slots=True)
class RowPlan:
    id: str
    span: Span
    condition: Condition
    window: Window = ALWAYS_VALID
    expect_matches: str | None = None


@dataclass(frozen=True, slots=True)
class ResultPlan:
    """One result column: the distinct cells, and which one each row (last: `otherwise`) takes."""

    name: str
    type: Type
    choices: tuple[Typed, ...]
    choice_of: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TablePlan:
    """A table as masks. `row_of[part]` is the row to which a row part belongs.

    `axes` and `rows` are tuples, or what a bundle reads as such when they are first looked at.
    """

    label: str
    span: Span
    hit: Hit
    take: Take | None
    axes: Sequence[Axis]
    row_of: tuple[int, ...]
    rows: Sequence[RowPlan]
    results: tuple[ResultPlan, ...]
    has_otherwise: bool

    def result(self, name: str) -> ResultPlan | None:
        return next((r for r in self.results if r.name == name), None)


@dataclass(frozen=True, slots=True)
class DecisionPlan:
    """A table whose results are facts. `results` are their types, those without a cell too."""

    name: str
    span: Span
    derived: tuple[tuple[str, Typed], ...]
    table: TablePlan
    results: tuple[tuple[str, Type], ...]

    @property
    def names(self) -> Iterator[str]:
        """The names that it reads: in its expressions, its conditions and its results."""
        for _, typed in self.derived:
            yield from columns(typed)
        for axis in self.table.axes:
            yield axis.fact
        for result in self.table.results:
            for choice in result.choices:
                yield from columns(choice)


@dataclass(frozen=True, slots=True)
class SetStep:
    """A step of base, adjust or competitor."""

    id: str
    phase: Phase
    document: int
    span: Span
    when: TablePlan | None
    table: TablePlan | None
    sets: tuple[tuple[str, Typed], ...]
    down: Decimal | None = None
    up: Decimal | None = None
    change_from: Literal["live", "price"] | None = None


@dataclass(frozen=True, slots=True)
class FeesStep:
    """`margin` None = keep the price so far."""

    id: str
    phase: Phase
    document: int
    span: Span
    when: TablePlan | None
    margin: Decimal | None
    cost: Typed | None
    freight: Typed | None


@dataclass(frozen=True, slots=True)
class BoundsStep:
    id: str
    phase: Phase
    document: int
    span: Span
    when: TablePlan | None
    at_least: tuple[Typed, ...]
    at_most: tuple[Typed, ...]


@dataclass(frozen=True, slots=True)
class RoundStep:
    """Points are k × `step` + `ending`."""

    id: str
    phase: Phase
    document: int
    span: Span
    when: TablePlan | None
    step: Decimal
    ending: Decimal
    mode: Literal["half_up", "half_even", "up", "down", "nearest"]


@dataclass(frozen=True, slots=True)
class TiersStep:
    """What one unit costs from a quantity on; quantities rise."""

    id: str
    phase: Phase
    document: int
    span: Span
    when: TablePlan | None
    tiers: tuple[tuple[int, Typed], ...]


Step: TypeAlias = SetStep | FeesStep | TiersStep | BoundsStep | RoundStep


@dataclass(frozen=True, slots=True)
class Replaced:
    """A step that an `override` removes from all offers of the account."""

    step: Step
    by: int
    """The number of the document that overrides it."""


@dataclass(frozen=True, slots=True)
class FeePlan:
    """One fee: a table with the results `rate` and `fee`."""

    id: str
    document: int
    table: TablePlan


@dataclass(frozen=True, slots=True)
class EntryPlan:
    """What one line of `allocate` says of one account; durations in seconds, 0 = not asked for."""

    account: str | None
    """None = the marketplace has no account in this shop."""
    marketplace: str
    trade_policy: str
    span: Span
    share: Decimal | None
    cap: int | None
    buffer: int
    sold_elsewhere_s: int
    min_list: int
    zero_below: int
    back_at: int
    orders_read: str | None
    orders_within_s: int


@dataclass(frozen=True, slots=True)
class RatePlan:
    """The fact with the units sold per hour, and for whom it counts them."""

    fact: str
    per: Literal["marketplace", "account", "trade_policy", "all"]


@dataclass(frozen=True, slots=True)
class KitPlan:
    """The fact with the components of kits, and who takes units first."""

    components: str
    first: Literal["kits", "components"] | None


@dataclass(frozen=True, slots=True)
class InventoryPlan:
    """How the pool of one inventory document is made and shared."""

    document: int
    span: Span
    nodes: tuple[str, ...] | None
    on_hand: str
    allocated: str | None
    reserved: str | None
    reservations: str | None
    safety: int | TablePlan
    safety_per_node: bool
    method: Literal["partition", "shared"]
    redistribute: bool
    last_units: int | None
    oversell_at_most: int | None
    rate: RatePlan | None
    entries: tuple[EntryPlan, ...]
    kits: KitPlan | None
    on_block: Literal["hold", "zero"]
    places: Mapping[str, Span] = field(default_factory=dict)
    """Where the parts stand that may withhold stock: `pool`, `safety_stock`, `kits`, …"""

    @property
    def accounts(self) -> tuple[str | None, ...]:
        """The account of each entry."""
        return tuple(entry.account for entry in self.entries)


@dataclass(frozen=True, slots=True)
class AttributePlan:
    id: str
    span: Span
    source: Typed | Template | str
    """An expression (a fact), a template, or a constant."""
    attribute: AttributeForm


@dataclass(frozen=True, slots=True)
class TitlePlan:
    span: Span
    templates: tuple[Template, ...]
    max: int
    count: Literal["characters", "bytes"]
    forbid: tuple[str, ...]
    cut: bool


@dataclass(frozen=True, slots=True)
class MappingPlan:
    document: int
    category: TablePlan | None
    attributes: tuple[AttributePlan, ...]
    title: TitlePlan | None
    description: tuple[Template, int, Span] | None
    images: tuple[Typed, ImageBounds, Span] | None


@dataclass(frozen=True, slots=True)
class AccountPlan:
    """Everything that is computed for one account."""

    account: Account
    documents: tuple[DocumentInfo, ...]
    derived: tuple[tuple[str, Typed], ...]
    steps: tuple[Step, ...]
    fees: tuple[FeePlan, ...]
    inventories: tuple[InventoryPlan, ...]
    """Of all documents that apply, wider first; the last one in force counts."""
    mappings: tuple[MappingPlan, ...]
    """Of all documents that apply, wider first; those in force are merged."""
    scope: Scope
    """What may be named after pricing: facts, derived facts, names set by steps."""
    inventory: InventoryPlan | None = None
    """The inventory in force, once the plan is that of a moment (`evaluate.moment.plan_at`)."""
    mapping: MappingPlan | None = None
    """The mappings in force as one."""
    decisions: tuple[DecisionPlan, ...] = ()
    """In the order in which they are made; their results are facts."""
    scopes: TablePlan | None = None
    """The documents that are for some offers: a row each, whose id is the document's number."""
    replaced: tuple[Replaced, ...] = ()
    """The steps that are in force and run for no offer."""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The whole repository, compiled."""

    plans: tuple[AccountPlan, ...]
    time_zone: str
    currency: str
    digest: str
    words: Words
    """What conditions of guards and approvals may name."""
    rates: tuple[ExchangeRate, ...] = ()

    def plan(self, account: str) -> AccountPlan:
        return next(p for p in self.plans if p.account.name == account)


def pricing_rules(plan: AccountPlan) -> Iterator[str]:
    """The names of an account's pricing rules: `document/id` of every step, and of every row."""
    for step in plan.steps:
        document = plan.documents[step.document].name
        yield f"{document}/{step.id}"
        if isinstance(step, SetStep) and step.table is not None:
            yield from (f"{document}/{row.id}" for row in step.table.rows)


def own_column(document: str, name: str) -> str:
    """The column of a `then` name, which belongs to its document."""
    return f"{document}/{name}"


def merged(wide: MappingPlan, narrow: MappingPlan) -> MappingPlan:
    """Both as one: the narrower one wins, part by part and attribute by attribute."""
    attributes = {a.id: a for a in (*wide.attributes, *narrow.attributes)}
    return MappingPlan(
        document=narrow.document,
        category=narrow.category or wide.category,
        attributes=tuple(attributes.values()),
        title=narrow.title or wide.title,
        description=narrow.description or wide.description,
        images=narrow.images or wide.images,
    )
