"""One operation of a plan: what is sent of it, and what people read beside it; from its line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from offerwright.frames import Aspect
from offerwright.marketplaces.operation import Action
from offerwright.sync.delta import Why


@dataclass(frozen=True, slots=True)
class PlannedOperation:
    """One operation to be: what to say, and on which state of the ledger it stands."""

    account: str
    marketplace: str
    sku: str
    aspect: Aspect
    action: Action
    payload: str
    parts: tuple[tuple[str, bytes], ...]
    covers: Mapping[Aspect, str]
    base: Mapping[Aspect, int]
    """The ledger's desired generation of every covered aspect when the plan was made."""
    guard_inputs: str

    def without_bytes(self) -> PlannedOperation:
        """To speak of it when it is not sent."""
        return replace(self, parts=(), guard_inputs="")


@dataclass(frozen=True, slots=True)
class Planned:
    """An operation with why it is there, and price and quantity before and after."""

    change: PlannedOperation
    why: Why
    price_before: Decimal | None = None
    price_after: Decimal | None = None
    quantity_before: int | None = None
    quantity_after: int | None = None

    @property
    def account(self) -> str:
        return self.change.account


def operation_of(record: Mapping[str, Any]) -> PlannedOperation:
    """What is sent, of the record that a line holds. Raises what a record of another form does."""
    return PlannedOperation(
        account=record["account"],
        marketplace=record["marketplace"],
        sku=record["sku"],
        aspect=record["aspect"],
        action=record["action"],
        payload=record["payload"],
        parts=tuple((name, body.encode()) for name, body in record["parts"]),
        covers=record["covers"],
        base=record["base"],
        guard_inputs=record["guard_inputs"],
    )


def planned_of(line: str) -> Planned:
    """All that a line says of an operation."""
    record = json.loads(line)
    before, after = (None if text is None else Decimal(text) for text in record["price"])
    return Planned(operation_of(record), record["why"], before, after, *record["quantity"])
