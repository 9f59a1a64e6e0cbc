"""Any order of wishes, claims, crashes and answers: the newest wish wins and nothing moves back."""

from __future__ import annotations

import shutil
import tempfile
from decimal import Decimal
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule
from store.builders import OWNER, price

from offerwright.marketplaces.operation import Outcome, Problem
from offerwright.store import LEDGER_COLUMNS, Claim, open_store
from offerwright.store.sqlite.store import SqliteStore

SKUS = st.sampled_from(["A", "B"])
AMOUNTS = st.sampled_from(["327", "350"])
LEASE_S = 10


class Ledger(RuleBasedStateMachine):
    """The marketplace is a register per SKU; the model is the last wish and what was sent."""

    claims = Bundle("claims")
    begun = Bundle("begun")

    def __init__(self) -> None:
        super().__init__()
        memory = Path("/dev/shm")
        self.folder = Path(
            tempfile.mkdtemp(prefix="ledger-", dir=memory if memory.is_dir() else None)
        )
        store = open_store("sqlite:///.offerwright/state.db", self.folder)
        assert isinstance(store, SqliteStore)
        self.store = store
        self.now = 0.0
        self.plans = 0
        self.wished: dict[str, str] = {}
        self.live: dict[str, Decimal] = {}
        self.effects: dict[str, list[int]] = {}
        self.seen: dict[str, tuple[int, int, int]] = {}
        self.store.lead(OWNER, now=0, lease_s=10**9)

    def teardown(self) -> None:
        self.drain()
        assert {sku: Decimal(amount) for sku, amount in self.wished.items()} == self.live
        for effects in self.effects.values():
            assert effects == sorted(set(effects)), "each generation takes effect once, in order"
        self.store.close()
        shutil.rmtree(self.folder)

    def drain(self) -> None:
        """Answer everything truthfully until nothing is open."""
        for _ in range(50):
            self.now += LEASE_S + 1
            for claim in self.store.claim("meli", OWNER, now=self.now, lease_s=LEASE_S, limit=9):
                if claim.step == "send" and self.store.begin(claim, now=self.now, lease_s=LEASE_S):
                    self.affect(claim)
                    self.store.record(claim, Outcome("confirmed"), now=self.now)
                elif claim.step != "send":
                    self.look(claim)
        assert self.store.open_counts("meli") == {}

    def affect(self, claim: Claim) -> None:
        operation = claim.operation
        assert operation.values.price is not None
        self.live[operation.sku] = operation.values.price
        self.effects.setdefault(operation.sku, []).append(operation.generation)

    def look(self, claim: Claim) -> bool:
        """Read back: did this generation take effect?"""
        done = claim.operation.generation in self.effects.get(claim.operation.sku, [])
        return self.store.record(
            claim, Outcome("confirmed" if done else "retry"), now=self.now, due=self.now
        )

    @rule(sku=SKUS, amount=AMOUNTS)
    def wish(self, sku: str, amount: str) -> None:
        if self.wished.get(sku) == amount:
            return
        self.plans += 1
        done = self.store.enqueue([price(sku, amount)], f"p{self.plans}", now=self.now)
        assert done.queued == 1
        self.wished[sku] = amount
        assert self.store.enqueue([], f"p{self.plans}", now=self.now).already_applied

    @rule(target=claims, limit=st.integers(1, 3))
    def claim(self, limit: int) -> object:
        taken = self.store.claim("meli", OWNER, now=self.now, lease_s=LEASE_S, limit=limit)
        return multiple(*taken)

    @rule(target=begun, claim=consumes(claims), arrives=st.booleans())
    def begin(self, claim: Claim, arrives: bool) -> object:
        if claim.step != "send":
            self.look(claim)
            return multiple()
        if not self.store.begin(claim, now=self.now, lease_s=LEASE_S):
            return multiple()
        if arrives:
            self.affect(claim)
        return (claim, arrives)

    @rule(sent=consumes(begun), lost=st.booleans())
    def answer(self, sent: tuple[Claim, bool], lost: bool) -> None:
        claim, arrived = sent
        truth = "confirmed" if arrived else "retry"
        outcome = Outcome("in_doubt" if lost else truth)  # type: ignore[arg-type]
        self.store.record(claim, outcome, now=self.now, due=self.now)

    @rule(claim=consumes(claims))
    def release(self, claim: Claim) -> None:
        self.store.release(claim, due=self.now)

    @rule(sent=begun)
    def stale_answers_change_nothing(self, sent: tuple[Claim, bool]) -> None:
        claim, _ = sent
        current = self.store.claim("meli", OWNER, now=self.now, lease_s=LEASE_S, limit=9)
        if any(c.row == claim.row for c in current):
            before = self.store.ledger("meli")
            assert not self.store.record(claim, Outcome("confirmed"), now=self.now)
            assert not self.store.quarantine(claim, [Problem("X", "x")], now=self.now)
            assert self.store.ledger("meli") == before

    @rule(seconds=st.integers(1, LEASE_S))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    def the_process_dies(self) -> None:
        self.store.close()
        self.store = SqliteStore(self.folder / ".offerwright/state.db")
        self.store.lead(OWNER, now=self.now, lease_s=10**9)

    @invariant()
    def generations_only_grow(self) -> None:
        for row in self.store.ledger("meli"):
            named = dict(zip(LEDGER_COLUMNS, row, strict=True))
            sku = str(named["sku"])
            found = tuple(
                int(str(named[f"{w}_generation"])) for w in ("desired", "sent", "confirmed")
            )
            before = self.seen.get(sku, (0, 0, 0))
            assert all(new >= old for new, old in zip(found, before, strict=True))
            assert found[0] >= found[1] >= found[2]
            self.seen[sku] = (found[0], found[1], found[2])


TestLedger = Ledger.TestCase
TestLedger.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
