"""Orders as written → orders that may be routed and orders that are refused, none of them lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

from offerwright.expressions.parse import microseconds
from offerwright.facts.schema import FactDef
from offerwright.orders.distance import point
from offerwright.orders.order import Line, Order, RefusedOrder
from offerwright.orders.read import RawOrder
from offerwright.orders.typed_cells import LINE_CELLS, ORDER_CELLS, TypedCells, typed_cells
from offerwright.orders.zip_code import read_zip
from offerwright.rules.plan import Account
from offerwright.rules.routing_plan import RoutingPlan

CANCELLED = ("cancelled", "canceled")
# Outside of them a moment cannot be told on every clock, and is a slip anyway.
FIRST_YEAR, LAST_YEAR = 1970, 2999
Fault: TypeAlias = tuple[str, str]


@dataclass(frozen=True)
class Known:
    """What orders are held against. `plan` gives the routing of an account, None for no routing."""

    skus: frozenset[str]
    accounts: Sequence[Account]
    order_facts: Mapping[str, FactDef]
    line_facts: Mapping[str, FactDef]
    plan: Callable[[str], RoutingPlan | None]
    time_zone: str


@dataclass(frozen=True)
class OrderBook:
    """All orders of a file, in its order, with their typed cells."""

    orders: tuple[Order | RefusedOrder, ...]
    cells: TypedCells
    line_cells: TypedCells


def validate(raw: Sequence[RawOrder], known: Known) -> OrderBook:
    """Every order once: as an `Order`, or as a `RefusedOrder` with a code and a sentence."""
    facts = [*ORDER_CELLS, *_beside(known.order_facts, ORDER_CELLS)]
    line_facts = [*LINE_CELLS, *_beside(known.line_facts, LINE_CELLS)]
    cells = typed_cells([order.cells for order in raw], facts, known.time_zone)
    lines = [line for order in raw for line in order.lines]
    line_cells = typed_cells(lines, line_facts, known.time_zone)
    rows = cells.frame.to_dicts()
    line_rows = line_cells.frame.select("sku", "quantity", "price").to_dicts()
    doubles = _doubles(raw, known)
    found: list[Order | RefusedOrder] = []
    start = 0
    for number, order in enumerate(raw):
        span = range(start, start + len(order.lines))
        start = span.stop
        one = _Reading(order, number, rows[number], span, line_rows, cells, line_cells)
        fault = doubles.get(number) or one.fault(known)
        found.append(one.refused(*fault) if fault else one.order(known))
    return OrderBook(tuple(found), cells, line_cells)


def _beside(facts: Mapping[str, FactDef], own: Sequence[FactDef]) -> list[FactDef]:
    names = {fact.name for fact in own}
    return [fact for name, fact in facts.items() if name not in names]


def _doubles(raw: Sequence[RawOrder], known: Known) -> dict[int, Fault]:
    """Orders whose id another one of the account has: of equal ones the first counts, else none."""
    by_id: dict[tuple[str | None, ...], list[int]] = {}
    for number, order in enumerate(raw):
        names = [(order.cells.get(key) or "").strip() or None for key in ("account", "marketplace")]
        account = account_of(names[0], names[1], known.accounts)
        # Two marketplaces may use one id for two orders.
        whose = (account.name,) if isinstance(account, Account) else names
        key = ((order.cells.get("id") or "").strip(), *whose)
        if key[0]:
            by_id.setdefault(key, []).append(number)
    found: dict[int, Fault] = {}
    for (id_, *_), numbers in by_id.items():
        if len(numbers) == 1:
            continue
        first = raw[numbers[0]]
        same = all(replace(raw[n], at=first.at) == first for n in numbers[1:])
        places = " and ".join(str(raw[n].at) for n in numbers[:3])
        for number in numbers[1:] if same else numbers:
            why = (
                "say the same: the first counts" if same else "differ: nobody can say which counts"
            )
            found[number] = ("DUPLICATE_ORDER", f"the orders `{id_}` on lines {places} {why}")
    return found


@dataclass(frozen=True)
class _Reading:
    """One order while it is read: its cells, and those of its lines."""

    raw: RawOrder
    number: int
    cells: Mapping[str, Any]
    span: range
    all_lines: Sequence[Mapping[str, Any]]
    typed: TypedCells
    typed_lines: TypedCells

    @property
    def id(self) -> str:
        return self.raw.cells.get("id") or ""

    def line_id(self, index: int) -> str:
        return self.raw.lines[index].get("id") or str(index + 1)

    def refused(self, code: str, detail: str) -> RefusedOrder:
        units = [self.all_lines[row]["quantity"] for row in self.span]
        lines = tuple((self.line_id(index), count) for index, count in enumerate(units))
        account = self.raw.cells.get("account") or ""
        return RefusedOrder(self.id, account, lines, self.number, code, detail)

    def fault(self, known: Known) -> Fault | None:
        """The first thing that keeps the order from being routed."""
        if self.raw.fault is not None:
            return self.raw.fault
        if not self.id.strip():
            return "MISSING_ID", f"the order on line {self.raw.at} has no `id`"
        if str(self.raw.cells.get("status") or "").strip().lower() in CANCELLED:
            return "ORDER_CANCELLED", "the order is cancelled"
        if self.number in self.typed.faults:
            return self.typed.faults[self.number]
        if not self.raw.lines:
            return "NO_ITEMS", "the order has no lines"
        return self._fault_of_lines(known) or self._fault_of_head(known)

    def _fault_of_lines(self, known: Known) -> Fault | None:
        ids = Counter(self.line_id(index) for index in range(len(self.raw.lines)))
        twice = next((id_ for id_, count in ids.items() if count > 1), None)
        if twice is not None:
            return "DUPLICATE_LINE", f"the line `{twice}` stands there twice"
        for index, row in enumerate(self.span):
            place = f"line `{self.line_id(index)}`"
            if row in self.typed_lines.faults:
                code, detail = self.typed_lines.faults[row]
                return code, f"{place}: {detail}"
            for name in ("sku", "quantity", "price"):
                if self.all_lines[row][name] is None:
                    return "MISSING_VALUE", f"{place} has no `{name}`"
            sku = self.all_lines[row]["sku"]
            if sku not in known.skus:
                return "UNKNOWN_SKU", f"{place}: the catalogue has no SKU `{sku}`"
        return None

    def _fault_of_head(self, known: Known) -> Fault | None:
        account = self._account(known)
        if not isinstance(account, Account):
            return account
        return self._fault_of_sale(account) or self._fault_of_place(account, known)

    def _fault_of_sale(self, account: Account) -> Fault | None:
        currency = self.cells["currency"]
        if currency not in (None, account.currency):
            return "WRONG_CURRENCY", (
                f"the order is in {currency}, and the account `{account.name}` sells in "
                f"{account.currency}"
            )
        placed_at = self.cells["placed_at"]
        if placed_at is None:
            return "MISSING_VALUE", "the order has no `placed_at`"
        if not FIRST_YEAR <= placed_at.year <= LAST_YEAR:
            return "NOT_A_DATETIME", (
                f"`placed_at` is {self.raw.cells.get('placed_at')!r}: "
                f"write a moment between {FIRST_YEAR} and {LAST_YEAR}"
            )
        return None

    def _fault_of_place(self, account: Account, known: Known) -> Fault | None:
        if (self.cells["latitude"] is None) != (self.cells["longitude"] is None):
            return "MISSING_VALUE", "a place has both `latitude` and `longitude`"
        plan = known.plan(account.name)
        if plan is None:
            return "NO_ROUTING", f"no routing document is in force for the account `{account.name}`"
        written = self.cells["zip"]
        if written is not None and read_zip(written, plan.zip_digits) is None:
            lengths = " or ".join(map(str, plan.zip_digits))
            return "BAD_ZIP", f"`{written}` is no postal code of {lengths} digits"
        return None

    def _account(self, known: Known) -> Account | Fault:
        return account_of(self.cells["account"], self.cells["marketplace"], known.accounts)

    def order(self, known: Known) -> Order:
        """The order; only for one without a fault."""
        account, placed_at = self._account(known), self.cells["placed_at"]
        assert isinstance(account, Account) and isinstance(placed_at, datetime), self.id
        plan = known.plan(account.name)
        code = read_zip(self.cells["zip"], plan.zip_digits) if plan and self.cells["zip"] else None
        latitude, longitude = self.cells["latitude"], self.cells["longitude"]
        return Order(
            id=self.id,
            account=account.name,
            placed_at=microseconds(placed_at),
            zip=code.digits if code else None,
            place=None if latitude is None else point(latitude, longitude),
            lines=tuple(self._line(index, row) for index, row in enumerate(self.span)),
            row=self.number,
            notes=("ZIP_REPAIRED",) if code and code.repaired else (),
        )

    def _line(self, index: int, row: int) -> Line:
        cells = self.all_lines[row]
        price: Decimal = cells["price"]
        return Line(self.line_id(index), cells["sku"], cells["quantity"], price, row)


def account_of(
    name: str | None, marketplace: str | None, accounts: Sequence[Account]
) -> Account | Fault:
    """The account that sold; a marketplace names it where the shop has one account there."""
    if name is None and marketplace is None:
        return "MISSING_VALUE", "the order names no `account` and no `marketplace`"
    fitting = [
        account
        for account in accounts
        if name in (None, account.name) and marketplace in (None, account.marketplace)
    ]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(account.name for account in fitting)
        return "UNKNOWN_ACCOUNT", f"several accounts sell there ({names}): write `account`"
    own = next((account for account in accounts if account.name == name), None)
    if own is not None:
        said = f"the account `{name}` sells on {own.marketplace}, not on {marketplace}"
    elif name is not None:
        known = ", ".join(sorted(account.name for account in accounts))
        said = f"the shop has no account `{name}`; it has {known}"
    else:
        said = f"the shop has no account on the marketplace `{marketplace}`"
    return "UNKNOWN_ACCOUNT", said
