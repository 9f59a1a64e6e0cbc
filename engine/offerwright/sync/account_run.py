"""The send loop of one account: claim, guard, send, settle, until nothing is due."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from offerwright.errors import MarketplaceAway
from offerwright.marketplaces.operation import Problem
from offerwright.store.protocol import Claim, Owner, Store
from offerwright.sync.ports import GUARD_REFUSED, Clock, Guard, Limits
from offerwright.sync.report import ApplyReport, Ended
from offerwright.sync.steps import Steps

_SLICE_S = 0.5
_HELD_LOOK_S = 0.25


@dataclass(slots=True)
class AccountRun:
    """One account's run and how far it is; used by one thread."""

    store: Store
    steps: Steps
    guard: Guard
    account: str
    owner: Owner
    clock: Clock
    limits: Limits
    stop: Callable[[], bool]
    ended: Ended | None = None
    deadline: float = 0.0
    renewed: float = 0.0
    held_since: float | None = None

    def run(self) -> ApplyReport:
        """Work until nothing is due or a bound is reached; raises `StoreLocked`, `StoreRefused`."""
        self.renewed = self.steps.last_send = self.clock.monotonic()
        self.deadline = self.renewed + self.limits.deadline_s
        while self._goes_on():
            claims = self.store.claim(
                self.account,
                self.owner,
                now=self.clock.now(),
                lease_s=self.limits.lease_s,
                limit=self.limits.batch,
            )
            if claims:
                self._work(claims)
            else:
                self._idle()
        return self._report()

    def _goes_on(self) -> bool:
        """Between two operations: is there a reason to end, is the lead still ours?"""
        most = self.limits.max_failures
        if self.ended is not None:
            return False
        if self.steps.error is not None:
            self.ended = "refused"
        elif self.stop():
            self.ended = "stopped"
        elif self.clock.monotonic() >= self.deadline:
            self.ended = "deadline"
        elif most is not None and len(self.steps.refused) >= most:
            self.ended = "max_failures"
        elif self.clock.monotonic() - self.renewed >= self.limits.lease_s / 3:
            self.renewed = self.clock.monotonic()
            self.store.renew_lead(self.owner, now=self.clock.now(), lease_s=self.limits.lease_s)
        return self.ended is None

    def _work(self, claims: Sequence[Claim]) -> None:
        """All claims in order: the guard sees the bytes of those to send right before."""
        self.held_since = None
        to_send = [claim for claim in claims if claim.step == "send"]
        reasons = self.guard([claim.operation for claim in to_send]) if to_send else ()
        refusals = dict(zip((claim.row for claim in to_send), reasons, strict=True))
        for claim in claims:
            reason = refusals.get(claim.row)
            if not self._goes_on() or self.steps.pace.is_paused(claim.lane, self.clock.now()):
                self.store.release(claim, due=0.0)
            elif reason is not None:
                self.steps.quarantine(claim, Problem(GUARD_REFUSED, reason))
            else:
                self._sleep(self.steps.take(claim))

    def _idle(self) -> None:
        """Nothing could be claimed: wait for what becomes due, or end."""
        due = self.store.next_due(self.account, now=self.clock.now())
        if due is None:
            self.ended = "done"
            return
        wait = due - self.clock.now()
        if wait <= 0:
            self._wait_held()
        elif self.clock.monotonic() + wait >= self.deadline:
            self._end_early()
        elif self._only_polls() and self._settled_long_enough(wait):
            self.ended = "done"
        else:
            self._sleep(wait)

    def _wait_held(self) -> None:
        """All that is due waits for others: a decrease of the SKU on another account."""
        if self.held_since is None:
            self.held_since = self.clock.monotonic()
        if self.clock.monotonic() - self.held_since >= self.limits.held_wait_s:
            self.ended = "held"
        else:
            self._sleep(_HELD_LOOK_S)

    def _end_early(self) -> None:
        """Nothing more can be done within the deadline."""
        self.ended = "deadline"
        pause = self.steps.pace.pause_left_s(self.clock.now())
        if pause > 0:
            text = f"{self.account}: throttled for {pause:.0f} s more; run again after that"
            self.steps.error = MarketplaceAway(text)

    def _settled_long_enough(self, wait: float) -> bool:
        return self.clock.monotonic() + wait - self.steps.last_send > self.limits.settle_s

    def _only_polls(self) -> bool:
        return set(self.store.open_counts(self.account)) == {"submitted"}

    def _sleep(self, seconds: float) -> None:
        end = min(self.clock.monotonic() + seconds, self.deadline)
        while (left := end - self.clock.monotonic()) > 0 and self._goes_on():
            self.clock.sleep(min(left, _SLICE_S))

    def _report(self) -> ApplyReport:
        counts = self.steps.counts
        return ApplyReport(
            account=self.account,
            sent=counts["sent"],
            polled=counts["polled"],
            read_back=counts["read_back"],
            confirmed=counts["confirmed"],
            accepted=counts["accepted"],
            withdrawn=counts["withdrawn"],
            throttled=counts["throttled"],
            failed=counts["failed"],
            refused=tuple(self.steps.refused),
            left=self.store.open_counts(self.account),
            held=self.store.held_count(self.account, now=self.clock.now()),
            ended=self.ended or "done",
            error=self.steps.error,
        )
