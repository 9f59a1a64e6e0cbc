"""How fast one account may be asked: pauses per lane, back-off, and whether anyone answers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from offerwright.marketplaces.operation import Outcome
from offerwright.sync.ports import Limits, is_answer, is_throttled


@dataclass(slots=True)
class Pace:
    """What the answers of one account have taught so far; used by one thread."""

    limits: Limits
    silent: int = 0
    """Failures in a row without any answer."""
    answered: bool = False
    """Whether the marketplace has answered anything in this run."""
    paused: dict[str, float] = field(default_factory=dict)
    """Lane -> Unix seconds before which nothing of it may be sent."""
    throttles: Counter[str] = field(default_factory=Counter)

    def hear(self, lane: str, outcome: Outcome, now: float) -> float | None:
        """Learn from one outcome; the moment until which the lane is paused now, if it is."""
        if is_answer(outcome):
            self.silent = 0
            self.answered = self.answered or outcome.kind != "retry"
        else:
            self.silent += 1
        if not is_throttled(outcome):
            self.throttles.pop(lane, None)
            return None
        self.paused[lane] = now + self.wait_s(outcome, self.backoff_s(self.throttles[lane]))
        self.throttles[lane] += 1
        return self.paused[lane]

    def is_paused(self, lane: str, now: float) -> bool:
        return self.paused.get(lane, 0.0) > now

    def pause_left_s(self, now: float) -> float:
        """The longest pause that is still running; 0 when none is."""
        return max((until - now for until in self.paused.values()), default=0.0)

    def wait_s(self, outcome: Outcome, otherwise: float) -> float:
        """The pause that the marketplace asked for, up to its bound; else our own."""
        asked = outcome.retry_after_s
        if asked is None or asked < 0:
            return otherwise
        return min(asked, self.limits.longest_pause_s)

    def backoff_s(self, failures: int) -> float:
        """Doubled with every failure, up to its bound."""
        return min(self.limits.backoff_s * 2.0 ** min(failures, 16), self.limits.longest_backoff_s)
