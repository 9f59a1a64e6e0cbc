"""
One run: lead, enqueue, apply, report; as a function, and in a process that can be killed.

    python -m sync.driver PORT PLAN_ID OPERATIONS LEASE_S

OPERATIONS is JSON: [["price", "A", "10.00"], …].
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from store.builders import create, price, stock
from sync.clocks import SystemClock
from sync.market_sender import MarketSender

from offerwright.errors import OfferwrightError
from offerwright.marketplaces.operation import Operation
from offerwright.store import Owner, Store, open_store
from offerwright.sync.apply import AccountJob, apply_accounts, leading
from offerwright.sync.ports import Limits
from offerwright.sync.report import exit_code

KINDS: dict[str, Callable[..., Operation]] = {"price": price, "stock": stock, "create": create}
LIMITS = Limits(
    deadline_s=20, poll_s=0.02, create_doubt_s=0.2, backoff_s=0.02, held_wait_s=1, settle_s=5
)
URL = "sqlite:///.offerwright/state.db"


def body_of(operation: Operation) -> bytes:
    values = operation.values
    wanted: dict[str, Any] = {"sku": operation.sku}
    wanted |= {} if values.price is None else {"price": str(values.price)}
    wanted |= {} if values.quantity is None else {"quantity": values.quantity}
    return json.dumps(wanted).encode()


def planned(rows: Sequence[Sequence[Any]]) -> list[Operation]:
    operations = [KINDS[kind](*arguments) for kind, *arguments in rows]
    return [replace(o, parts=(("body", body_of(o)),)) for o in operations]


def allow(operations: Sequence[Operation]) -> list[None]:
    return [None for _ in operations]


@dataclass(frozen=True)
class Run:
    """What a run sends, to whom, and how long its lead lasts without a sign of life."""

    port: int
    plan_id: str
    rows: Sequence[Sequence[Any]]
    lease_s: float = 60


def sent(
    run: Run, folder: Path, say: Callable[[str], None], stop: Callable[[], bool] = lambda: False
) -> int:
    """Lead, enqueue, apply, and say so; the exit code that the command would have."""
    store = open_store(URL, folder)
    try:
        return _sent(run, store, say, stop)
    except OfferwrightError as error:
        say(str(error))
        return error.exit_code
    finally:
        store.close()


def _sent(run: Run, store: Store, say: Callable[[str], None], stop: Callable[[], bool]) -> int:
    owner = Owner(f"run-{uuid.uuid4().hex}", os.uname().nodename, os.getpid())
    clock = SystemClock()
    with leading(store, owner, clock, run.lease_s):
        say("leading")
        store.enqueue(planned(run.rows), run.plan_id, now=clock.now())
        reports = apply_accounts(
            store,
            {"meli": AccountJob(MarketSender(store, run.port), allow)},
            owner=owner,
            clock=clock,
            limits=replace(LIMITS, lease_s=run.lease_s),
            stop=stop,
        )
    say(str({name: (r.ended, r.sent, r.error) for name, r in reports.items()}))
    return exit_code(reports.values())


def main(port: str, plan_id: str, rows: str, lease_s: str) -> int:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    run = Run(int(port), plan_id, json.loads(rows), float(lease_s))
    return sent(run, Path("."), partial(print, flush=True), stop.is_set)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
