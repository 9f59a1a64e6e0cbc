"""A marketplace in memory that answers by script; the clock may move while it answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from offerwright.marketplaces.operation import Operation, Outcome, Problem

CONFIRMED = Outcome("confirmed", status=200)
ABSENT = Outcome("rejected", (Problem("LISTING_NOT_FOUND", "there is none"),), status=404)
NO_ANSWER = Outcome("in_doubt", (Problem("NO_ANSWER", "the connection was cut"),))
SERVER_ERROR = Outcome("in_doubt", (Problem("SERVER_ERROR", "500"),), status=500)
REFUSED = Outcome("rejected", (Problem("LOW", "too low"), Problem("OLD", "too old")), status=422)
UNREACHABLE = Outcome("retry", (Problem("UNREACHABLE", "connection refused"),))


@dataclass
class Scripted:
    """Per SKU and step the outcomes to give, in order; then the last word for that step."""

    sends: dict[str, list[Outcome]] = field(default_factory=dict)
    polls: dict[str, list[Outcome]] = field(default_factory=dict)
    reads: dict[str, list[Outcome]] = field(default_factory=dict)
    always: dict[str, Outcome] = field(default_factory=dict)
    log: list[tuple[str, str]] = field(default_factory=list)
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    now: Callable[[], float] = lambda: 0.0
    seen: list[Operation] = field(default_factory=list)

    def send(self, operation: Operation, external_id: str | None = None) -> Outcome:
        self.times[f"{operation.sku}/{operation.aspect}"].append(self.now())
        self.seen.append(operation)
        return self._next("send", self.sends, operation)

    def poll(
        self, operation: Operation, handle: str | None = None, external_id: str | None = None
    ) -> Outcome:
        return self._next("poll", self.polls, operation)

    def read_back(self, operation: Operation, external_id: str | None = None) -> Outcome:
        return self._next("read_back", self.reads, operation)

    def _next(self, step: str, script: dict[str, list[Outcome]], operation: Operation) -> Outcome:
        self.log.append((step, operation.sku))
        if script.get(operation.sku):
            return script[operation.sku].pop(0)
        return self.always.get(f"{step} {operation.sku}", self.always.get(step, CONFIRMED))

    def steps(self, sku: str) -> list[str]:
        return [step for step, of in self.log if of == sku]


def allow(operations: Sequence[Operation]) -> list[str | None]:
    return [None for _ in operations]
