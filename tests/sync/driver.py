"""
One run in a process of its own, so that it can be killed: lead, enqueue, apply, report.

    python -m sync.driver PORT PLAN_ID OPERATIONS LEASE_S

OPERATIONS is JSON: [["price", "A", "10.00"], …].
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from store.builders import create, price, stock
from sync.clocks import SystemClock
from sync.market_sender import MarketSender

from offerwright.errors import OfferwrightError
from offerwright.marketplaces.operation import Operation
from offerwright.store import Owner, open_store
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


def main(port: int, plan_id: str, rows: Sequence[Sequence[Any]], lease_s: float) -> int:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    owner = Owner(f"run-{os.getpid()}", os.uname().nodename, os.getpid())
    clock = SystemClock()
    store = open_store(URL, Path("."))
    with leading(store, owner, clock, lease_s):
        print("leading", flush=True)
        store.enqueue(planned(rows), plan_id, now=clock.now())
        jobs = {"meli": AccountJob(MarketSender(store, port), allow)}
        reports = apply_accounts(
            store,
            jobs,
            owner=owner,
            clock=clock,
            limits=replace(LIMITS, lease_s=lease_s),
            stop=stop.is_set,
        )
    store.close()
    print({name: (r.ended, r.sent, r.error) for name, r in reports.items()}, flush=True)
    return exit_code(reports.values())


if __name__ == "__main__":
    try:
        sys.exit(main(int(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3]), float(sys.argv[4])))
    except OfferwrightError as error:
        print(error, flush=True)
        sys.exit(error.exit_code)
