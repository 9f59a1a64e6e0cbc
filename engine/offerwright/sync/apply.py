"""Send what is queued: one thread per account, one leading run, a bounded end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from offerwright.errors import StoreLocked
from offerwright.profile import staged, tell_count
from offerwright.store.protocol import Owner, Store
from offerwright.sync.account_run import AccountRun
from offerwright.sync.pace import Pace
from offerwright.sync.ports import Clock, Guard, Limits, Sender, never
from offerwright.sync.report import ApplyReport
from offerwright.sync.steps import Steps

_LOOK_S = 0.05
DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class AccountJob:
    """What one account's run needs."""

    sender: Sender
    guard: Guard


@contextmanager
def leading(store: Store, owner: Owner, clock: Clock, lease_s: float = 60.0) -> Iterator[int]:
    """
    Be the one run that sends, inside. Yields how many operations a dead run left in doubt.

    Enqueue inside it too, so that a second run is refused before it changes anything. Raises
    `StoreLocked` while another run leads.
    """
    in_doubt = store.lead(owner, now=clock.now(), lease_s=lease_s)
    try:
        yield in_doubt
    finally:
        store.yield_lead(owner, now=clock.now())


def apply_outbox(
    store: Store,
    sender: Sender,
    guard: Guard,
    *,
    account: str,
    owner: Owner,
    clock: Clock,
    limits: Limits = DEFAULT_LIMITS,
    stop: Callable[[], bool] = never,
) -> ApplyReport:
    """
    Send, poll and read back what is open of one account, in this thread, until nothing is due.

    `owner` must lead (`leading`). `stop` is looked at between operations and while waiting.
    An account that must stop says so in the report; `StoreLocked` (the lead was lost) and
    `StoreRefused` are raised.
    """
    return _run(store, account, AccountJob(sender, guard), owner, clock, limits, stop).run()


@staged("sending")
def apply_accounts(
    store: Store,
    jobs: Mapping[str, AccountJob],
    *,
    owner: Owner,
    clock: Clock,
    limits: Limits = DEFAULT_LIMITS,
    stop: Callable[[], bool] = never,
) -> dict[str, ApplyReport]:
    """
    Run `apply_outbox` for every account at once; none waits for another.

    After a request to stop, answers under way are waited for `limits.grace_s`; what is still
    without one is left to be read back by the next run, and its account reports `stopped`.
    Raises the first exception of a thread after all have ended.
    """
    asked = sum(sum(store.open_counts(account).values()) for account in jobs)
    runs = {
        account: _run(store, account, job, owner, clock, limits, stop)
        for account, job in sorted(jobs.items())
    }
    running = {account: _start(run) for account, run in runs.items()}
    renew = _heartbeat(store, owner, clock, limits)

    def beat() -> None:
        renew()
        tell_count(sum(run.steps.counts["sent"] for run in runs.values()), asked)

    _wait([one.thread for one in running.values()], clock, limits, stop, beat)
    for one in running.values():
        for error in one.errors:
            raise error
    return {
        account: one.reports[0] if one.reports else ApplyReport(account, ended="stopped")
        for account, one in running.items()
    }


def _run(
    store: Store,
    account: str,
    job: AccountJob,
    owner: Owner,
    clock: Clock,
    limits: Limits,
    stop: Callable[[], bool],
) -> AccountRun:
    steps = Steps(store, job.sender, account, clock, limits, Pace(limits))
    return AccountRun(store, steps, job.guard, account, owner, clock, limits, stop)


@dataclass(frozen=True, slots=True)
class _Running:
    """One account's thread and where it leaves what comes out of it."""

    thread: threading.Thread
    reports: list[ApplyReport]
    errors: list[BaseException]


def _start(run: AccountRun) -> _Running:
    reports: list[ApplyReport] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            reports.append(run.run())
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
            errors.append(error)

    # A daemon: a request that never ends must not keep the process alive past the grace.
    thread = threading.Thread(target=work, name=f"apply {run.account}", daemon=True)
    thread.start()
    return _Running(thread, reports, errors)


def _heartbeat(store: Store, owner: Owner, clock: Clock, limits: Limits) -> Callable[[], None]:
    """Keeps the lead while requests take long; to be called often."""
    renewed = clock.monotonic()

    def beat() -> None:
        nonlocal renewed
        if clock.monotonic() - renewed >= limits.lease_s / 3:
            renewed = clock.monotonic()
            # A lost lead stops the accounts' threads by themselves, at their next claim.
            with suppress(StoreLocked):
                store.renew_lead(owner, now=clock.now(), lease_s=limits.lease_s)

    return beat


def _wait(
    threads: Sequence[threading.Thread],
    clock: Clock,
    limits: Limits,
    stop: Callable[[], bool],
    beat: Callable[[], None],
) -> None:
    """Until all have ended, or for `grace_s` after a request to stop."""
    stopped_at: float | None = None
    while any(thread.is_alive() for thread in threads):
        for thread in threads:
            thread.join(_LOOK_S)
        beat()
        if stop() and stopped_at is None:
            stopped_at = clock.monotonic()
        if stopped_at is not None and clock.monotonic() - stopped_at >= limits.grace_s:
            return
