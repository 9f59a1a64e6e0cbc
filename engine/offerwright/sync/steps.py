"""One claim -> one request -> what is true of the operation now: send, poll or read back."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from offerwright.errors import CredentialsRefused, MarketplaceAway, OfferwrightError
from offerwright.marketplaces.operation import Outcome, Problem
from offerwright.store.failpoint import failpoint
from offerwright.store.protocol import Claim, Store
from offerwright.sync.pace import Pace
from offerwright.sync.ports import Clock, Limits, Sender, is_absent, is_answer, is_throttled
from offerwright.sync.report import Refusal, Refused
from offerwright.sync.resolve import agrees, resolve

_LONGEST_POLL_S = 60.0


@dataclass(slots=True)
class Steps:
    """The requests of one account and what came of them; used by one thread."""

    store: Store
    sender: Sender
    account: str
    clock: Clock
    limits: Limits
    pace: Pace
    counts: Counter[str] = field(default_factory=Counter)
    refused: list[Refused] = field(default_factory=list)
    error: OfferwrightError | None = None
    """Why the account must stop."""
    last_send: float = 0.0

    def take(self, claim: Claim) -> float:
        """Do what the claim asks for. Returns the seconds to leave the marketplace alone."""
        if claim.step == "send":
            outcome = self._send(claim)
        elif claim.step == "poll":
            outcome = self._poll(claim)
        else:
            outcome = self._read_back(claim)
        if outcome is None or is_answer(outcome):
            return 0.0
        return self.pace.backoff_s(self.pace.silent - 1)

    def quarantine(self, claim: Claim, *problems: Problem) -> None:
        """Withhold it until what is wanted changes."""
        if self.store.quarantine(claim, problems, now=self.clock.now()):
            self._refuse(claim, "quarantined", problems)

    def _send(self, claim: Claim) -> Outcome | None:
        if not self.store.begin(claim, now=self.clock.now(), lease_s=self.limits.lease_s):
            return None
        failpoint("outbox.before_send")
        self.counts["sent"] += 1
        outcome = self._seen(claim, self.sender.send(claim.operation, claim.external_id))
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
        return outcome

    def _seen(self, claim: Claim, outcome: Outcome) -> Outcome:
        """A refused create that left a listing behind, with what buyers see of it."""
        left = outcome.external_id if outcome.kind == "rejected" else None
        if claim.operation.action != "create" or left is None:
            return outcome
        self.counts["read_back"] += 1
        return replace(outcome, observed=self.sender.read_back(claim.operation, left).observed)

    def _poll(self, claim: Claim) -> Outcome:
        self.counts["polled"] += 1
        outcome = self.sender.poll(claim.operation, claim.handle, claim.external_id)
        failpoint("outbox.after_poll")
        self._hear(claim, outcome)
        if outcome.kind in ("auth", "config") or _is_final(claim, outcome):
            self._record(claim, outcome)
        elif self._age_s(claim) > self.limits.submitted_for_s:
            self._record(claim, replace(outcome, kind="in_doubt"))
        else:
            pause = min(max(self._age_s(claim) / 2, self.limits.poll_s), _LONGEST_POLL_S)
            waiting = replace(outcome, kind="accepted", problems=())
            self._record(claim, waiting, after_s=self.pace.wait_s(outcome, pause))
        return outcome

    def _read_back(self, claim: Claim) -> Outcome:
        self.counts["read_back"] += 1
        outcome = self.sender.read_back(claim.operation, claim.external_id)
        failpoint("outbox.after_read_back")
        self._hear(claim, outcome)
        if outcome.kind in ("auth", "config"):
            self._record(claim, outcome)
            return outcome
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
            if outcome.observed is not None:
                self.store.observe(
                    self.account, claim.operation.sku, outcome.observed, now=self.clock.now()
                )
            self.store.withdraw(claim, outcome.external_id, now=self.clock.now())
        else:
            pause = self.pace.wait_s(outcome, self.pace.backoff_s(claim.failures))
            self._record(claim, replace(outcome, kind="in_doubt"), after_s=pause)
        return outcome

    def _again(self, claim: Claim, outcome: Outcome, *, counted: bool = True) -> None:
        """It is provably not done: queue it again, or park it when only it keeps failing."""
        failures = claim.failures + counted
        if failures >= self.limits.park_after and self.pace.answered:
            text = f"{failures} attempts failed while other requests were answered"
            left = None if claim.step == "read_back" else outcome.external_id or claim.external_id
            known = replace(claim, external_id=left)
            self.quarantine(known, Problem("TOO_MANY_FAILURES", text), *outcome.problems)
            return
        pause = self.pace.wait_s(outcome, self.pace.backoff_s(failures))
        self._record(claim, outcome, after_s=pause, failed=counted)

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
            self.error = CredentialsRefused(f"{self.account}: the credentials are refused. {why}")
        elif outcome.kind == "config":
            self.error = OfferwrightError(f"{self.account}: every request would be refused. {why}")
        elif self.pace.silent >= self.limits.away_after:
            text = f"{self.account}: no answer {self.pace.silent} times in a row. {why}"
            self.error = MarketplaceAway(text)

    def _age_s(self, claim: Claim) -> float:
        return self.clock.now() - (claim.sent_at or 0.0)


def _is_final(claim: Claim, outcome: Outcome) -> bool:
    """A poll may be a plain read: what it saw must then be what was sent."""
    if outcome.kind == "confirmed" and outcome.observed is not None:
        return agrees(claim.operation.values, outcome.observed) is not False
    return outcome.kind == "confirmed" or (outcome.kind == "rejected" and not is_absent(outcome))
