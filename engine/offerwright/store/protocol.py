"""
What a store keeps and promises: ledger, listings, outbox, tokens and runs behind one `Protocol`.

Times are Unix seconds that the caller passes in; a store reads no clock. Every method is one
transaction: it happened whole or not at all, also over SIGKILL.

Ledger states, per (account, SKU, aspect), always of the newest generation:

    none         nothing to say, or what was queued was withdrawn
    queued       waits in the outbox (also again, after a `retry`)
    sending      bytes may be on their way
    submitted    accepted, not yet live: polled
    confirmed    the marketplace has it
    rejected     refused with reasons; not resent while the desired hash is `rejected_hash`
    in_doubt     nobody knows; read back before any resend
    quarantined  a guard refused the bytes, or too many failures; as `rejected`
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from offerwright.marketplaces.operation import Operation, Outcome, Problem, Values
from offerwright.store.holds import Hold, Wish

if TYPE_CHECKING:
    import polars as pl

State = Literal[
    "none", "queued", "sending", "submitted", "confirmed", "rejected", "in_doubt", "quarantined"
]
Step = Literal["send", "poll", "read_back"]

LEDGER_COLUMNS = (
    "sku",
    "aspect",
    "state",
    "desired_hash",
    "desired_generation",
    "sent_generation",
    "confirmed_generation",
    "confirmed_hash",
    "price",
    "sale_price",
    "quantity",
    "currency",
    "observed_price",
    "observed_sale_price",
    "observed_quantity",
    "observed_currency",
    "observed_at",
    "rejected_hash",
    "problems",
    "plan_id",
    "updated_at",
)
"""Order of `Store.ledger`. Hashes, amounts (exact text), `currency`, `plan_id` are str or None,
`problems` is JSON text; generations int, quantities int or None; times float or None. `price` to
`currency` are the confirmed values: money in the price aspect, quantity in the stock aspect."""

LISTING_COLUMNS = ("sku", "external_id", "state")
"""Order of `Store.listings`; `state` is `live` or `ended`."""

OPEN_COLUMNS = ("sku", "aspect", "action", "status", "generation", "failures", "due", "plan_id")
"""Order of `Store.open_operations`."""

ATTEMPT_COLUMNS = (
    "at", "sku", "aspect", "generation", "step", "kind", "status", "codes", "plan_id",
)  # fmt: skip
"""Order of `Store.attempts`: one row per answer; `codes` are the problem codes, comma-separated."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who works on the store: `id` is new for every run, host and pid are for people."""

    id: str
    host: str
    pid: int


@dataclass(frozen=True, slots=True)
class Enqueued:
    """What one `enqueue` did; `superseded` counts older queued operations that it replaced.

    `held` are creates left out because an earlier create of the same offer is not settled: sending
    a second one could make a second listing. The next plan sees what became of the first.
    """

    already_applied: bool = False
    queued: int = 0
    superseded: int = 0
    held: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """One outbox row in the hands of one worker until its lease ends."""

    row: int
    fence: int
    step: Step
    operation: Operation
    lane: str
    external_id: str | None = None
    handle: str | None = None
    failures: int = 0
    sent_at: float | None = None
    """When the bytes were first sent, for `poll` and `read_back`."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a marketplace granted. The secrets never show in a repr."""

    access: str = field(repr=False)
    refresh: str = field(default="", repr=False)
    expires_at: float = 0.0
    details: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Run:
    """What a computation stood on: enough to replay it. `as_of` is ISO 8601 text."""

    id: str
    commit: str
    snapshot_id: str
    as_of: str
    engine_version: str
    plan_hash: str
    started_at: float
    details: Mapping[str, str] = field(default_factory=dict)


class Reading(Protocol):
    """Ledger and listings in bulk, as columns."""

    def ledger_frame(self, account: str, skus: pl.Series | None = None) -> pl.DataFrame:
        """The rows of one account, by SKU and aspect, `columns.LEDGER`; of these SKUs if given."""

    def listings_frame(self, account: str, skus: pl.Series | None = None) -> pl.DataFrame:
        """All listings of one account, by SKU, `columns.LISTINGS`; of these SKUs if given."""

    def live_skus(self, account: str) -> pl.Series:
        """What was listed or confirmed and not ended since, ascending."""

    def live_totals(self, account: str) -> tuple[int, int]:
        """How many live offers have a confirmed price, and how many a confirmed stock above 0."""

    def price_days(
        self, account: str, skus: pl.Series | None = None, *, since: int
    ) -> pl.DataFrame:
        """
        What was paid from a day on, by SKU and day, `columns.PRICE_DAYS`; of these SKUs if given.

        `day` counts UTC days since 1970. A day has a row where a price was confirmed on it: the
        lowest and the highest amount that stood on it, that from before included, as exact text.
        `PRICE_DAYS_KEPT` days are kept; a confirmation in another currency begins anew.
        """

    def touched(self, account: str, token: str) -> pl.Series | None:
        """
        The SKUs whose ledger row or listing was written since a bookmark, ascending.

        More may be among them, none is missing. None: this store does not know the bookmark.
        """


class Store(Reading, Protocol):
    """The contract; `tests/store/test_contract.py` runs it against every row of `STORES`."""

    notices: tuple[str, ...]
    """Sentences for the operator about this store; empty when all is well."""

    def close(self) -> None: ...

    # The writer: one run at a time sends.

    def lead(self, owner: Owner, *, now: float, lease_s: float) -> int:
        """
        Become the one run that sends, and take over what a dead one left.

        Rows that a dead run was sending become `in_doubt`, its other claims are free again.
        Returns the number of rows put in doubt. Raises `StoreLocked` while another run leads.
        """

    def renew_lead(self, owner: Owner, *, now: float, lease_s: float) -> None:
        """The heartbeat. Raises `StoreLocked` when another run has taken over."""

    def yield_lead(self, owner: Owner, *, now: float) -> None:
        """
        Stop leading and free the own claims; what is still being sent is in doubt.

        A no-op when another run has taken over.
        """

    # Ledger and listings.

    def reading(self, *, much: bool = False) -> AbstractContextManager[Reading]:
        """
        One state of the store, however long it is read and whatever is written meanwhile.

        For readings that take more than one call; it does not hold up writers. `much`: a whole
        ledger will be read, so what takes a moment to start may be used.
        """

    def bookmark(self, name: str, *, keeping: Iterable[str] = ()) -> str:
        """
        Remember the present state of the ledger, so that `touched` can say what was written since.

        Returns its token. Of the bookmarks with this name only those in `keeping` stay beside it.
        """

    def write_frames(
        self, account: str, ledger: pl.DataFrame, listings: pl.DataFrame, *, now: float
    ) -> None:
        """
        Fill an account that has nothing yet, in bulk: a move from another store.

        It forgets all bookmarks: to note every row would take longer than to read them once.
        Raises `StoreRefused` for an account with rows.
        """

    def ledger(self, account: str, skus: Iterable[str] | None = None) -> list[tuple[object, ...]]:
        """The ledger rows of one account, by SKU and aspect, in `LEDGER_COLUMNS` order.

        Of the given SKUs only, if any are given: cheap for a few of many.
        """

    def listings(self, account: str) -> list[tuple[str, str | None, str]]:
        """All listings of one account, by SKU, in `LISTING_COLUMNS` order."""

    def external_id(self, account: str, sku: str) -> str | None:
        """The marketplace's id of a live listing; None when it is not known."""

    def save_listing(self, account: str, sku: str, external_id: str | None, *, now: float) -> None:
        """Record a live listing that exists already, found by a read or an import."""

    def observe(self, account: str, sku: str, values: Values, *, now: float) -> None:
        """Record what a read saw, without moving what is confirmed (for drift)."""

    # The outbox.

    def enqueue(
        self,
        operations: Iterable[Operation],
        plan_id: str,
        *,
        now: float,
        replacing: Iterable[str] = (),
    ) -> Enqueued:
        """
        Raise desired hash and generation and queue the operations, in one transaction.

        The generation stored is the last desired one + 1, whatever the operation says. A queued
        older operation on the same aspects is replaced, one being sent is not touched. All that is
        queued for the accounts in `replacing` goes first: the plan speaks for the whole of them. A
        plan id that was enqueued before changes nothing (`already_applied`).
        """

    def is_applied(self, plan_id: str) -> bool:
        """Whether a plan of this id was enqueued before."""

    def claim(
        self, account: str, owner: Owner, *, now: float, lease_s: float, limit: int
    ) -> list[Claim]:
        """
        Take due operations: ends and stock decreases first, then creates, updates, stock raises.

        An operation waits while an older one of its offer covers the same aspect, and a stock raise
        (for `HOLD_RAISES_S` at most) while a decrease of its SKU is open on any account. What an
        operator holds back is not taken. Raises `StoreLocked` when `owner` does not lead.
        """

    def begin(self, claim: Claim, *, now: float, lease_s: float) -> bool:
        """
        Mark that bytes leave now. False: superseded, taken over, or held back; send nothing.

        What is held back stays queued, and its claim is freed.
        """

    def record(
        self,
        claim: Claim,
        outcome: Outcome,
        *,
        now: float,
        due: float = 0.0,
        failed: bool = False,
    ) -> bool:
        """
        Write what is true of the operation now. False: the fence is stale, nothing was written.

        `confirmed` moves the ledger if the generation is newer; `accepted` waits for a poll at
        `due`; `rejected` is remembered by hash; `retry` means not done and safe to send at `due`;
        `in_doubt` must be read back at `due`; `auth` and `config` put the operation back as it was.
        `failed` counts one more failure of the operation. A create rejected with an `external_id`
        has left a listing: it is live, and only its content is refused.
        """

    def release(self, claim: Claim, *, due: float) -> bool:
        """Put a claim that was not begun back as it was. False: stale fence."""

    def quarantine(self, claim: Claim, problems: Sequence[Problem], *, now: float) -> bool:
        """Withhold the operation until its desired hash changes. False: stale fence.

        A create with an `external_id` has left a listing, as in `record`.
        """

    def withdraw(self, claim: Claim, external_id: str | None, *, now: float) -> bool:
        """Drop a create whose listing is there with other values; the next plan updates it."""

    def pause(self, account: str, lane: str, until: float) -> None:
        """Claim nothing to send of this lane before `until`; also over restarts."""

    def next_due(self, account: str, *, now: float) -> float | None:
        """
        When the next open operation may be claimed, if it does not wait for another one.

        None: none is open but what an operator holds back.
        """

    def put_holds(self, wishes: Sequence[Wish], *, now: float) -> list[int]:
        """
        Hold back from now on; the numbers of the holds.

        What is queued stays queued: `claim` and `begin` leave it where it is.
        """

    def lift_holds(self, ids: Iterable[int], by: str, why: str, *, now: float) -> int:
        """Release holds; how many of them still stood. All are kept, with who and when."""

    def holds(self) -> list[Hold]:
        """All holds that there ever were, in order; `Hold.counts` says which stand."""

    def held_count(self, account: str, *, now: float) -> int:
        """How many queued operations are held back."""

    def open_counts(self, account: str) -> dict[str, int]:
        """How many operations are open, by outbox status (queued, sending, submitted, in_doubt)."""

    def open_operations(self, account: str) -> list[tuple[object, ...]]:
        """What is not settled, in `OPEN_COLUMNS` order, oldest first."""

    def attempts(self, account: str, sku: str) -> list[tuple[object, ...]]:
        """The newest answers per aspect (20 are kept), in `ATTEMPT_COLUMNS` order, oldest first."""

    # Tokens and runs.

    def refreshing(self, account: str, *, wait_s: float = 30.0) -> AbstractContextManager[None]:
        """
        Exclusive over all processes for one account's token: refresh tokens work once.

        Inside, read `token` again before asking for a new one. Freed by the death of the process.
        Raises `StoreLocked` after `wait_s`.
        """

    def token(self, account: str) -> Token | None: ...

    def save_token(self, account: str, token: Token, *, now: float) -> None:
        """Committed and on disk when this returns; only then may the token be used."""

    def record_run(self, run: Run) -> None: ...

    def runs(self, limit: int = 50) -> list[Run]:
        """The newest first."""

    def forget_runs(self, ids: Iterable[str]) -> None:
        """Drop these records; one that is not there is no failure."""


HOLD_RAISES_S = 900.0
ATTEMPTS_KEPT = 20
DAY_S = 86_400
PRICE_DAYS_KEPT = 90
"""Of every offer; no window of a guard is longer."""
