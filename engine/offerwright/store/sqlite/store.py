"""The SQLite store: every method of `Store` as one transaction over this package's functions."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from offerwright.errors import StoreLocked
from offerwright.marketplaces.operation import Operation, Outcome, Problem, Values
from offerwright.store.failpoint import failpoint
from offerwright.store.holds import Hold, Wish
from offerwright.store.protocol import Claim, Enqueued, Owner, Reading, Run, Token
from offerwright.store.sqlite import bookmarks, bulk, live, prices, settle, tokens
from offerwright.store.sqlite import claim as claims
from offerwright.store.sqlite import enqueue as queue
from offerwright.store.sqlite import holds as held
from offerwright.store.sqlite import ledger as reading
from offerwright.store.sqlite.connection import Connection
from offerwright.store.sqlite.locks import try_lock
from offerwright.store.sqlite.moment import ArrowReading, SqliteReading, reading_apart


class SqliteStore:
    """One file, one connection; methods may be called from several threads."""

    def __init__(self, path: Path, *, busy_s: float = 5.0, read_only: bool = False) -> None:
        self._connection = Connection(path, busy_s=busy_s, read_only=read_only)
        self._alone: int | None = None
        self.notices = self._connection.notices

    def close(self) -> None:
        """Free the lead, if held, and close the file."""
        self._let_go()
        self._connection.close()

    def lead(self, owner: Owner, *, now: float, lease_s: float) -> int:
        alone = self._stand_alone()
        try:
            with self._connection.transaction() as c:
                in_doubt = claims.lead(c, owner, now, lease_s, alone=alone)
        except BaseException:
            self._let_go()
            raise
        failpoint("writer.after_lead")
        return in_doubt

    def renew_lead(self, owner: Owner, *, now: float, lease_s: float) -> None:
        self._stand_alone()
        with self._connection.transaction() as c:
            claims.refuse_follower(c, owner)
            c.execute("UPDATE writer SET lease_until = ?", (now + lease_s,))

    def yield_lead(self, owner: Owner, *, now: float) -> None:
        self._let_go()
        with self._connection.transaction() as c:
            claims.yield_lead(c, owner, now)

    def ledger(self, account: str, skus: Iterable[str] | None = None) -> list[tuple[object, ...]]:
        with self._connection.reading() as c:
            if skus is None:
                return reading.ledger(c, account)
            return reading.ledger_of(c, account, sorted(set(skus)))

    def listings(self, account: str) -> list[tuple[str, str | None, str]]:
        with self._connection.reading() as c:
            return reading.listings(c, account)

    def ledger_frame(self, account: str, skus: pl.Series | None = None) -> pl.DataFrame:
        with self._connection.reading() as c:
            return bulk.ledger_frame(c, account, skus)

    def listings_frame(self, account: str, skus: pl.Series | None = None) -> pl.DataFrame:
        with self._connection.reading() as c:
            return bulk.listings_frame(c, account, skus)

    def live_skus(self, account: str) -> pl.Series:
        with self._connection.reading() as c:
            return bulk.live_skus(c, account)

    def live_totals(self, account: str) -> tuple[int, int]:
        with self._connection.reading() as c:
            return bulk.live_totals(c, account)

    def price_days(
        self, account: str, skus: pl.Series | None = None, *, since: int
    ) -> pl.DataFrame:
        with self._connection.reading() as c:
            return prices.price_days(c, account, skus, since)

    def touched(self, account: str, token: str) -> pl.Series | None:
        with self._connection.reading() as c:
            return bookmarks.touched(c, account, token)

    def bookmark(self, name: str, *, keeping: Iterable[str] = ()) -> str:
        with self._connection.transaction() as c:
            return bookmarks.bookmark(c, name, keeping)

    @contextmanager
    def reading(self, *, much: bool = False) -> Iterator[Reading]:
        if much:
            with reading_apart(self._connection.path) as fetch:
                yield ArrowReading(fetch)
        else:
            with self._connection.moment() as c:
                yield SqliteReading(c)

    def write_frames(
        self, account: str, ledger: pl.DataFrame, listings: pl.DataFrame, *, now: float
    ) -> None:
        with self._connection.transaction() as c:
            bulk.write(c, account, ledger, listings, now)

    def external_id(self, account: str, sku: str) -> str | None:
        with self._connection.reading() as c:
            return reading.external_id(c, account, sku)

    def save_listing(self, account: str, sku: str, external_id: str | None, *, now: float) -> None:
        with self._connection.transaction() as c:
            live.save_listing(c, account, sku, external_id, "live", now)

    def observe(self, account: str, sku: str, values: Values, *, now: float) -> None:
        with self._connection.transaction() as c:
            live.observe(c, account, sku, values, now)

    def enqueue(
        self,
        operations: Iterable[Operation],
        plan_id: str,
        *,
        now: float,
        replacing: Iterable[str] = (),
    ) -> Enqueued:
        with self._connection.transaction() as c:
            done = queue.enqueue(c, operations, plan_id, now, replacing)
            failpoint("enqueue.before_commit")
        failpoint("enqueue.after_commit")
        return done

    def is_applied(self, plan_id: str) -> bool:
        with self._connection.reading() as c:
            return queue.is_applied(c, plan_id)

    def claim(
        self, account: str, owner: Owner, *, now: float, lease_s: float, limit: int
    ) -> list[Claim]:
        with self._connection.transaction() as c:
            taken = claims.claim(c, account, owner, now=now, lease_s=lease_s, limit=limit)
            failpoint("claim.before_commit")
        failpoint("claim.after_commit")
        return taken

    def begin(self, claim: Claim, *, now: float, lease_s: float) -> bool:
        with self._connection.transaction() as c:
            begun = settle.begin(c, claim, now, lease_s)
            failpoint("begin.before_commit")
        return begun

    def record(
        self,
        claim: Claim,
        outcome: Outcome,
        *,
        now: float,
        due: float = 0.0,
        failed: bool = False,
    ) -> bool:
        with self._connection.transaction() as c:
            written = settle.record(c, claim, outcome, now=now, due=due, failed=failed)
            failpoint("record.before_commit")
        failpoint("record.after_commit")
        return written

    def release(self, claim: Claim, *, due: float) -> bool:
        with self._connection.transaction() as c:
            return settle.release(c, claim, due)

    def quarantine(self, claim: Claim, problems: Sequence[Problem], *, now: float) -> bool:
        with self._connection.transaction() as c:
            return settle.quarantine(c, claim, problems, now)

    def withdraw(self, claim: Claim, external_id: str | None, *, now: float) -> bool:
        with self._connection.transaction() as c:
            return settle.withdraw(c, claim, external_id, now)

    def pause(self, account: str, lane: str, until: float) -> None:
        with self._connection.transaction() as c:
            c.execute("INSERT OR REPLACE INTO pauses VALUES (?, ?, ?)", (account, lane, until))

    def next_due(self, account: str, *, now: float) -> float | None:
        with self._connection.reading() as c:
            return claims.next_due(c, account, now)

    def put_holds(self, wishes: Sequence[Wish], *, now: float) -> list[int]:
        with self._connection.transaction() as c:
            return held.put(c, wishes, now)

    def lift_holds(self, ids: Iterable[int], by: str, why: str, *, now: float) -> int:
        with self._connection.transaction() as c:
            return held.lift(c, ids, by, why, now)

    def holds(self) -> list[Hold]:
        with self._connection.reading() as c:
            return held.holds(c)

    def held_count(self, account: str, *, now: float) -> int:
        with self._connection.reading() as c:
            return held.held_count(c, account, now)

    def open_counts(self, account: str) -> dict[str, int]:
        with self._connection.reading() as c:
            return reading.open_counts(c, account)

    def open_operations(self, account: str) -> list[tuple[object, ...]]:
        with self._connection.reading() as c:
            return reading.open_operations(c, account)

    def attempts(self, account: str, sku: str) -> list[tuple[object, ...]]:
        with self._connection.reading() as c:
            return reading.attempts(c, account, sku)

    @contextmanager
    def refreshing(self, account: str, *, wait_s: float = 30.0) -> Iterator[None]:
        # The account's name may hold characters that a file name may not.
        name = hashlib.sha256(account.encode()).hexdigest()[:12]
        with self._connection.beside(f"token-{name}", wait_s) as held:
            if not held:
                raise StoreLocked(
                    f"another run has been refreshing the token of {account} for more than "
                    f"{wait_s:g} s; wait until it ends, or stop it"
                )
            yield

    def token(self, account: str) -> Token | None:
        with self._connection.reading() as c:
            return tokens.token(c, account)

    def save_token(self, account: str, token: Token, *, now: float) -> None:
        with self._connection.transaction() as c:
            tokens.save_token(c, account, token, now)
            failpoint("token.before_commit")
        failpoint("token.after_commit")

    def record_run(self, run: Run) -> None:
        with self._connection.transaction() as c:
            tokens.record_run(c, run)

    def runs(self, limit: int = 50) -> list[Run]:
        with self._connection.reading() as c:
            return tokens.runs(c, limit)

    def forget_runs(self, ids: Iterable[str]) -> None:
        with self._connection.transaction() as c:
            tokens.forget_runs(c, ids)

    def _stand_alone(self) -> bool:
        """Try for the kernel lock that only one live run of this machine can hold."""
        if self._alone is None:
            self._alone = try_lock(self._connection.lock_path("writer"))
        return self._alone is not None

    def _let_go(self) -> None:
        if self._alone is not None:
            os.close(self._alone)
            self._alone = None
