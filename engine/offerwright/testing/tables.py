"""Every table and step of an account's plan, under the names by which tests speak of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from offerwright.errors import Span
from offerwright.rules.plan import AccountPlan, DocumentInfo, SetStep, Step, TablePlan

OTHERWISE = "otherwise"
DECISION, SAFETY, CATEGORY = "decision", "safety_stock", "category"
TableKey = tuple[str, str, str]
"""Kind of the document, its name, the step: the same for all accounts that share the document."""


@dataclass(frozen=True, slots=True)
class RuleTable:
    """A decision, a step of pricing, a fee, the safety stock or the category; its table if any."""

    info: DocumentInfo
    step: str
    part: str
    """The phase of a step; `decision`, `fees`, `stock`, `content` for the others."""
    span: Span
    table: TablePlan | None
    source: Step | None = None
    """The step of pricing that it is."""
    document: int = -1
    """The number of its document in the plan, where it has one."""

    @property
    def key(self) -> TableKey:
        return self.info.kind, self.info.name, self.step

    @property
    def rows_key(self) -> TableKey:
        """Whose rows they are: a CSV file is one table, however many documents name it."""
        rows = self.table.rows if self.table is not None else ()
        if rows and rows[0].span.file != self.info.file:
            return "file", rows[0].span.file, ""
        return self.key

    @property
    def file(self) -> str:
        """The file in which the rows stand."""
        kind, name, _ = self.rows_key
        return name if kind == "file" else self.info.file

    @property
    def when(self) -> TablePlan | None:
        return None if self.source is None else self.source.when

    def step_names(self) -> tuple[str, ...]:
        """How a test may name the step as a whole, shortest first."""
        return self.step, f"{self.info.name}/{self.step}"

    def row_names(self, row: int) -> tuple[str, ...]:
        """How a test may name one row, `otherwise` being the one after the last."""
        own = self.row_id(row)
        qualified = (f"{self.step}/{own}", f"{self.info.name}/{self.step}/{own}")
        if own == OTHERWISE:
            return qualified
        return own, qualified[0], f"{self.info.name}/{own}", qualified[1]

    def row_id(self, row: int) -> str:
        """The id of a row; `otherwise` for the one after the last."""
        rows = self.table.rows if self.table is not None else ()
        return rows[row].id if row < len(rows) else OTHERWISE

    @property
    def row_ids(self) -> tuple[str, ...]:
        if self.table is None:
            return ()
        return (*(row.id for row in self.table.rows), OTHERWISE)

    def place(self, row: int) -> Span:
        """Where a row stands; the table's own place for `otherwise`."""
        if self.table is not None and row < len(self.table.rows):
            return self.table.rows[row].span
        return self.span


def rule_tables(plan: AccountPlan) -> Iterator[RuleTable]:
    """All of a plan, in the order in which they run: decisions, pricing, fees, stock, content."""
    for decision in plan.decisions:
        info = DocumentInfo(DECISION, decision.name, decision.span.file, "")
        yield RuleTable(info, decision.name, DECISION, decision.span, decision.table)
    for step in plan.steps:
        info = plan.documents[step.document]
        table = step.table if isinstance(step, SetStep) else None
        yield RuleTable(info, step.id, step.phase, step.span, table, step, step.document)
    for fee in plan.fees:
        info, span = plan.documents[fee.document], fee.table.span
        yield RuleTable(info, fee.id, "fees", span, fee.table, document=fee.document)
    for inventory in plan.inventories:
        if isinstance(inventory.safety, TablePlan):
            info = plan.documents[inventory.document]
            yield RuleTable(info, SAFETY, "stock", inventory.safety.span, inventory.safety)
    for mapping in plan.mappings:
        if mapping.category is not None:
            info = plan.documents[mapping.document]
            yield RuleTable(info, CATEGORY, "content", mapping.category.span, mapping.category)


def rule_names(plan: AccountPlan) -> frozenset[str]:
    """Everything that `rules` and `not_rules` of a test on this account may name."""
    found: set[str] = set()
    for one in rule_tables(plan):
        found |= {*one.step_names()}
        for row, name in enumerate(one.row_ids):
            if name != OTHERWISE or (one.table is not None and one.table.has_otherwise):
                found |= {*one.row_names(row)}
    return frozenset(found)
