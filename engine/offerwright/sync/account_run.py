"""The send loop of one account: claim, guard, send, settle, until nothing is due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from offerwright.errors import CredentialsRefused, MarketplaceAway, OfferwrightError
from offerwright.marketplaces.operation import Outcome, Problem
from offerwright.store.failpoint import failpoint
from offerwright.store.protocol import Claim, Owner, Store
from offerwright.sync.pace import Pace
from offerwright.sync.ports import (
    Clock,
    Guard,
    Limits,
    Sender,
    is_absent,
    is_answer,
    is_throttled,
)
from offerwright.sync.report import ApplyReport, Ended, Refusal, Refused
from offerwright.sync.resolve import agrees, resolve

_SLICE_S = 0.5
_HELD_LOOK_S = 0.25


@dataclass(slots=True)
class AccountRun:
    """One account's run and what it has counted so far; used by one thread."""

    store: Store
    sender: Sender
    guard: Guard
    account: str
    owner: Owner
    clock: Clock
    limits: Limits
    stop: Callable[[], bool]
    pace: Pace
    counts: Counter[str] = field(default_factory=Counter)
    refused: list[Refused] = field(default_factory=list)
    ended: Ended | None = None
    error: OfferwrightError | None = None
    deadline: float = 0.0
    last_send: float = 0.0
    held_since: float | None = None
    renewed: float = 0.0

    def run(self) -> ApplyReport:
        """Work until nothing is due or a bound is reached; raises `StoreLocked`, `StoreRefused`."""
        self.deadline = self.clock.monotonic() + self.limits.deadline_s
        self.last_send = self.renewed = self.clock.monotonic()
        while self.ended is None:
            self._look_up()
            claims = self._claim() if self.ended is None else []
            self._work(claims)
            if not claims and self.ended is None:
                self._idle()
        return self._report()

    def _claim(self) -> list[Claim]:
        return self.store.claim(
            self.account,
            self.owner,
            now=self.clock.now(),
            lease_s=self.limits.lease_s,
            limit=self.limits.batch,
        )

    def _look_up(self) -> None:
        """Between two operations: is there a reason to end, is the lead still ours?"""
        most = self.limits.max_failures
        if self.ended is not None:
            return
        if self.stop():
            self.ended = "stopped"
        elif self.clock.monotonic() >= self.deadline:
            self.ended = "deadline"
        elif most is not None and len(self.refused) >= most:
            self.ended = "max_failures"
        elif self.clock.monotonic() - self.renewed >= self.limits.lease_s / 3:
            self.renewed = self.clock.monotonic()
            self.store.renew_lead(self.owner, now=self.clock.now(), lease_s=self.limits.lease_s)

    def _work(self, claims: Sequence[Claim]) -> None:
        """All claims in order: the guard sees the bytes of those to send right before."""
        to_send = [claim for claim in claims if claim.step == "send"]
        reasons = self.guard([claim.operation for claim in to_send]) if to_send else ()
        refusals = dict(zip((claim.row for claim in to_send), reasons, strict=True))
        for claim in claims:
            self.held_since = None
            self._look_up()
            if self.ended is not None or self.pace.is_paused(claim.lane, self.clock.now()):
                self.store.release(claim, due=0.0)
                continue
            reason = refusals.get(claim.row)
            if reason is not None:
                self._quarantine(claim, Problem("GUARD_REFUSED", reason))
            else:
                self._step(claim)

    def _step(self, claim: Claim) -> None:
        if claim.step == "send":
            self._send(claim)
        elif claim.step == "poll":
            self._poll(claim)
        else:
            self._read_back(claim)

    def _send(self, claim: Claim) -> None:
        begun = self.store.begin(claim, now=self.clock.now(), lease_s=self.limits.lease_s)
        if not begun:
            return
        failpoint("outbox.before_send")
        self.counts["sent"] += 1
        outcome = self.sender.send(claim.operation, claim.external_id)
        failpoint("outbox.after_send")
        self.last_send = self.clock.monotonic()
        self._hear(claim, outcome)
        if outcome.kind == "retry" and not is_throttled(outcome):
            self._again(claim, outcome)
        elif outcome.kind == "accepted":
            self.counts["accepted"] += 1
            self._record(claim, outcome, after_s=self.pace.wait_s(outcome, self.limits.poll_s))
        else:
            self._record(claim, outcome, failed=outcome.kind == "in_doubt")
        self._rest(outcome)

    def _poll(self, claim: Claim) -> None:
        self.counts["polled"] += 1
        outcome = self.sender.poll(claim.operation, claim.handle, claim.external_id)
        failpoint("outbox.after_poll")
        self._hear(claim, outcome)
        if outcome.kind in ("auth", "config") or self._is_final(claim, outcome):
            self._record(claim, outcome)
        elif self._age_s(claim) > self.limits.submitted_for_s:
            self._record(claim, replace(outcome, kind="in_doubt"))
        else:
            pause = min(max(self._age_s(claim) / 2, self.limits.poll_s), 60.0)
            waiting = replace(outcome, kind="accepted", problems=())
            self._record(claim, waiting, after_s=self.pace.wait_s(outcome, pause))
        self._rest(outcome)

    def _is_final(self, claim: Claim, outcome: Outcome) -> bool:
        """A poll may be a plain read: what it saw must then be what was sent."""
        if outcome.kind == "confirmed" and outcome.observed is not None:
            return agrees(claim.operation.values, outcome.observed) is not False
        return outcome.kind == "confirmed" or (
            outcome.kind == "rejected" and not is_absent(outcome)
        )

    def _read_back(self, claim: Claim) -> None:
        self.counts["read_back"] += 1
        outcome = self.sender.read_back(claim.operation, claim.external_id)
        failpoint("outbox.after_read_back")
        self._hear(claim, outcome)
        if outcome.kind in ("auth", "config"):
            self._record(claim, outcome)
            return
        early = self._age_s(claim) < self.limits.create_doubt_s
        verdict = resolve(claim.operation, outcome, create_may_appear=early)
        if verdict == "confirm":
            self._record(claim, replace(outcome, kind="confirmed", problems=()))
        elif verdict == "gone":
            self._record(claim, outcome)
        elif verdict == "resend":
            self._again(claim, replace(outcome, kind="retry"), counted=False)
        elif verdict == "withdraw":
            self.counts["withdrawn"] += 1
            self.store.withdraw(claim, outcome.external_id, now=self.clock.now())
        else:
            pause = self.pace.wait_s(outcome, self.pace.backoff_s(claim.failures))
            self._record(claim, replace(outcome, kind="in_doubt"), after_s=pause)
        self._rest(outcome)

    def _again(self, claim: Claim, outcome: Outcome, *, counted: bool = True) -> None:
        """It is provably not done: queue it again, or park it when only it keeps failing."""
        failures = claim.failures + counted
        if failures >= self.limits.park_after and self.pace.answered:
            text = f"{failures} attempts failed while other requests were answered"
            self._quarantine(claim, Problem("TOO_MANY_FAILURES", text), *outcome.problems)
            return
        pause = self.pace.wait_s(outcome, self.pace.backoff_s(failures))
        self._record(claim, outcome, after_s=pause, failed=counted)

    def _quarantine(self, claim: Claim, *problems: Problem) -> None:
        if self.store.quarantine(claim, problems, now=self.clock.now()):
            self._refuse(claim, "quarantined", problems)

    def _refuse(self, claim: Claim, state: Refusal, problems: tuple[Problem, ...]) -> None:
        operation = claim.operation
        self.refused.append(
            Refused(operation.sku, operation.aspect, operation.generation, state, problems)
        )

    def _record(
        self, claim: Claim, outcome: Outcome, *, after_s: float = 0.0, failed: bool = False
    ) -> None:
        now = self.clock.now()
        written = self.store.record(claim, outcome, now=now, due=now + after_s, failed=failed)
        self.counts["failed"] += failed
        if written and outcome.kind == "confirmed":
            self.counts["confirmed"] += 1
        if written and outcome.kind == "rejected":
            self._refuse(claim, "rejected", outcome.problems)

    def _hear(self, claim: Claim, outcome: Outcome) -> None:
        """What an answer says about the account: throttled, away, credentials, configuration."""
        until = self.pace.hear(claim.lane, outcome, self.clock.now())
        if until is not None:
            self.counts["throttled"] += 1
            self.store.pause(self.account, claim.lane, until)
        why = "; ".join(f"{p.code}: {p.message}" for p in outcome.problems)
        if outcome.kind == "auth":
            self._stop(CredentialsRefused(f"{self.account}: the credentials are refused. {why}"))
        elif outcome.kind == "config":
            self._stop(OfferwrightError(f"{self.account}: every request would be refused. {why}"))
        elif self.pace.silent >= self.limits.away_after:
            text = f"{self.account}: no answer {self.pace.silent} times in a row. {why}"
            self._stop(MarketplaceAway(text))

    def _stop(self, error: OfferwrightError) -> None:
        self.ended, self.error = "refused", error

    def _age_s(self, claim: Claim) -> float:
        return self.clock.now() - (claim.sent_at or 0.0)

    def _rest(self, outcome: Outcome) -> None:
        """A marketplace that does not answer at all is left alone for a while."""
        if self.ended is None and not is_answer(outcome):
            self._sleep(self.pace.backoff_s(self.pace.silent - 1))

    def _idle(self) -> None:
        """Nothing could be claimed: wait for what becomes due, or end."""
        due = self.store.next_due(self.account)
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

    def _end_early(self) -> None:
        """Nothing more can be done within the deadline."""
        self.ended = "deadline"
        pause = self.pace.pause_left_s(self.clock.now())
        if pause > 0:
            text = f"{self.account}: throttled for {pause:.0f} s more; run again after that"
            self._stop(MarketplaceAway(text))

    def _settled_long_enough(self, wait: float) -> bool:
        return self.clock.monotonic() + wait - self.last_send > self.limits.settle_s

    def _only_polls(self) -> bool:
        return set(self.store.open_counts(self.account)) == {"submitted"}

    def _wait_held(self) -> None:
        """All that is due waits for others: a decrease of the SKU on another account."""
        if self.held_since is None:
            self.held_since = self.clock.monotonic()
        if self.clock.monotonic() - self.held_since >= self.limits.held_wait_s:
            self.ended = "held"
        else:
            self._sleep(_HELD_LOOK_S)

    def _sleep(self, seconds: float) -> None:
        end = min(self.clock.monotonic() + seconds, self.deadline)
        while self.ended is None and (left := end - self.clock.monotonic()) > 0:
            self.clock.sleep(min(left, _SLICE_S))
            self._look_up()

    def _report(self) -> ApplyReport:
        return ApplyReport(
            account=self.account,
            sent=self.counts["sent"],
            polled=self.counts["polled"],
            read_back=self.counts["read_back"],
            confirmed=self.counts["confirmed"],
            accepted=self.counts["accepted"],
            withdrawn=self.counts["withdrawn"],
            throttled=self.counts["throttled"],
            failed=self.counts["failed"],
            refused=tuple(self.refused),
            left=self.store.open_counts(self.account),
            ended=self.ended or "done",
            error=self.error,
        )
