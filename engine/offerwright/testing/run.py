"""Cases → what the product computes for them, many in one batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from offerwright.evaluate.run import Executor, Offers
from offerwright.expressions.parse import microseconds
from offerwright.guards.judge import Verdict, judge
from offerwright.testing.document import Live
from offerwright.testing.frame import live_frame, snapshot_of
from offerwright.testing.given import Product
from offerwright.testing.link import Bench, CasePlan
from offerwright.testing.seen import Seen, seen_by

CaseKey = tuple[str, int]


@dataclass(frozen=True)
class Outcome:
    """One case as the product computed it.

    `offers`, `verdicts` and `seen` are those of a whole batch; `row` is the case's.
    """

    plan: CasePlan
    offers: Offers
    row: int
    verdicts: tuple[Verdict, ...]
    seen: tuple[Seen, ...]


@dataclass
class _Batch:
    """Cases of one moment whose SKUs differ, so that they can be computed together."""

    as_of: datetime
    rows: dict[CaseKey, int] = field(default_factory=dict)
    skus: dict[str, CaseKey] = field(default_factory=dict)
    products: list[Product] = field(default_factory=list)
    plans: list[CasePlan] = field(default_factory=list)
    has_company: bool = False
    """Its case names other products, so that it runs by itself."""

    def takes(self, plan: CasePlan) -> bool:
        """Whether none of the case's SKUs is another product's here."""
        key = key_of(plan)
        if (plan.beside or self.has_company) and self.plans:
            return key in self.rows
        return self.skus.get(product_of(plan).sku, key) == key

    def add(self, plan: CasePlan) -> None:
        key, product = key_of(plan), product_of(plan)
        if key not in self.rows:
            self.rows[key] = len(self.products)
            self.skus[product.sku] = key
            self.products += [product, *(p for p in plan.beside if p.sku != product.sku)]
            self.has_company |= bool(plan.beside)
        self.plans.append(plan)


def run_cases(plans: Sequence[CasePlan], bench: Bench) -> tuple[Outcome, ...]:
    """
    What the product computes for every case, in the order of the cases.

    Cases of one moment run together, in as many batches as one SKU is used by different cases.
    """
    executor = Executor(bench.rules)
    found: dict[tuple[CaseKey, str], Outcome] = {}
    for batch in _batches(plans):
        for outcome in _run(batch, bench, executor):
            found[key_of(outcome.plan), outcome.plan.account] = outcome
    return tuple(found[key_of(plan), plan.account] for plan in plans)


def key_of(plan: CasePlan) -> CaseKey:
    """What tells a case from all others, whatever its account."""
    return plan.file, plan.number


def _batches(plans: Sequence[CasePlan]) -> Iterator[_Batch]:
    by_moment: dict[datetime, list[_Batch]] = {}
    for plan in plans:
        batches = by_moment.setdefault(plan.as_of, [])
        batch = next((b for b in batches if b.takes(plan)), None)
        if batch is None:
            batch = _Batch(plan.as_of)
            batches.append(batch)
        batch.add(plan)
    for batches in by_moment.values():
        yield from batches


def product_of(plan: CasePlan) -> Product:
    """The product; one without a SKU gets one that no other case has."""
    if plan.product.sku:
        return plan.product
    return Product(f"{plan.loaded.name}-{plan.number + 1}", plan.product.facts)


def _run(batch: _Batch, bench: Bench, executor: Executor) -> Iterator[Outcome]:
    snapshot = snapshot_of(bench.schema, batch.products)
    live: dict[str, dict[str, Live]] = {}
    for plan in batch.plans:
        held = live.setdefault(plan.account, {})
        if plan.live is not None:
            held[product_of(plan).sku] = plan.live
    frames = {account: live_frame(held) for account, held in live.items()}
    computed = executor.run(snapshot, batch.as_of, frames, sorted(live))
    moment = microseconds(batch.as_of)
    offers = {one.account.name: one for one in computed}
    verdicts = {
        account: judge(
            offers[account], bench.guards.by_account[account], frames[account], moment,
            executor.walks,
        )
        for account in offers
    }  # fmt: skip
    seen = {account: seen_by(one) for account, one in offers.items()}
    for plan in batch.plans:
        row, account = batch.rows[key_of(plan)], plan.account
        yield Outcome(plan, offers[account], row, verdicts[account], seen[account])
