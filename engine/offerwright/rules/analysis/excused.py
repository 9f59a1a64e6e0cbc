"""Offers of which a table may match no row, and nobody is the worse for it."""

from __future__ import annotations

from collections.abc import Iterator

from offerwright.expressions.conditions import AllOf, Condition
from offerwright.rules.analysis.asked import Asked, holding
from offerwright.rules.analysis.grid import in_window
from offerwright.rules.plan import AccountPlan, SetStep


def excused(plan: AccountPlan, asked: Asked) -> tuple[Condition, ...]:
    """
    Conditions of offers that a gap of the table does not block.

    Another document makes it instead (an `override`; the narrowest mapping and inventory), or a
    later step of the base phase sets the price, whatever this one leaves open.
    """
    return (*_instead(plan, asked), *_lifted(plan, asked))


def _instead(plan: AccountPlan, asked: Asked) -> Iterator[Condition]:
    for number in sorted(set(_makers(plan, asked))):
        document = plan.documents[number]
        yield AllOf((*holding(document.only), *in_window(document.window)))


def _makers(plan: AccountPlan, asked: Asked) -> Iterator[int]:
    """The documents in whose place this table is not asked, where they are in force."""
    own = asked.document
    if own is None:
        return
    documents = plan.documents
    if asked.role in ("base", "fee"):
        held = (
            [step.document for step in plan.steps if step.phase == "base"]
            if asked.role == "base"
            else [fee.document for fee in plan.fees]
        )
        width = documents[own].width
        yield from (n for n in held if documents[n].override and documents[n].width > width)
    elif asked.role == "category":
        mappings = [
            m.document for m in plan.mappings if m.category or documents[m.document].override
        ]
        yield from mappings[mappings.index(own) + 1 :]
    elif asked.role == "safety":
        inventories = [inventory.document for inventory in plan.inventories]
        yield from inventories[inventories.index(own) + 1 :]


def _lifted(plan: AccountPlan, asked: Asked) -> Iterator[Condition]:
    """Where a later base step sets the price: everywhere, or for the rows of its table."""
    if asked.role != "base" or asked.step is None:
        return
    for step in plan.steps[asked.step + 1 :]:
        is_price = isinstance(step, SetStep) and any(name == "price" for name, _ in step.sets)
        if not isinstance(step, SetStep) or step.phase != "base" or not is_price:
            continue
        document = plan.documents[step.document]
        here = (*holding(step.when, document.only), *in_window(document.window))
        if step.table is None or step.table.has_otherwise:
            yield AllOf(here)
        else:
            for row in step.table.rows:
                yield AllOf((*here, row.condition, *in_window(row.window)))
