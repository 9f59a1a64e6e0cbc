"""The fault script: which call goes wrong, the same on every run with the same seed."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable

from offerwright.sandbox.document import Fault


class FaultScript:
    """Chooses faults by marketplace, route, SKU and call number; counts calls per fault."""

    def __init__(self, faults: Iterable[Fault] = (), seed: int = 0) -> None:
        self._faults = list(faults)
        self._seed = seed
        self._seen = [0] * len(self._faults)
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """One more fault, after the others; its calls count from now."""
        with self._lock:
            self._faults.append(fault)
            self._seen.append(0)

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._faults, self._seen = [], []

    def choose(self, marketplace: str, route: str, sku: str) -> Fault | None:
        """The fault of this call; every fault that fits counts it."""
        chosen: Fault | None = None
        with self._lock:
            for index, fault in enumerate(self._faults):
                if not _fits(fault, marketplace, route, sku):
                    continue
                self._seen[index] += 1
                if chosen is None and self._drawn(index, fault):
                    chosen = fault
        return chosen

    def _drawn(self, index: int, fault: Fault) -> bool:
        call = self._seen[index]
        if fault.calls and call not in fault.calls:
            return False
        if fault.share is None:
            return True
        # A hash instead of a generator: the draw depends on the call, not on the threads' order.
        digest = hashlib.sha256(f"{self._seed}/{index}/{call}".encode()).digest()
        return int.from_bytes(digest[:8], "big") < fault.share * 2**64


def _fits(fault: Fault, marketplace: str, route: str, sku: str) -> bool:
    return (
        fault.marketplace in (None, marketplace)
        and fault.route in (None, route)
        and fault.sku in (None, sku)
    )
