"""Two clocks: one that only moves when somebody sleeps, and the real one."""

from __future__ import annotations

import time


class SteppedClock:
    """Starts at 1,000 s; `sleep` moves it and remembers how long."""

    def __init__(self, now: float = 1000.0) -> None:
        self.time = now
        self.slept = 0.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        self.slept += seconds


class SystemClock:
    """What the command line passes in."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
