"""One line on a terminal that says what is being done and how far it is; nothing anywhere else."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

from offerwright.cli.report import BEFORE
from offerwright.profile import listening

AFTER_S = 1.0
EVERY_S = 0.2
QUIET_S = 0.5
"""After other output: so that a line never stands between two of its lines."""
WIDTH = 20
_CLEAR = "\r\x1b[K"


@dataclass(slots=True)
class Line:
    """What is under way, and whether it is drawn. Used by the command and by the thread that
    draws; the lock keeps their writes apart."""

    stream: TextIO
    after_s: float = AFTER_S
    open: list[str] = field(default_factory=list)
    done: tuple[int, int] | None = None
    counted_at: int = 0
    """How many stages were open around what is counted."""
    began: float = field(default_factory=time.monotonic)
    quiet_until: float = 0.0
    is_drawn: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def opened(self, name: str, document: str) -> None:
        self.open.append(name)

    def closed(self) -> None:
        self.open.pop()
        if len(self.open) < self.counted_at:
            self.done, self.counted_at = None, 0

    def counted(self, done: int, total: int) -> None:
        self.done, self.counted_at = (done, total), len(self.open)

    def draw(self) -> None:
        """Write the line anew, if the work has lasted long enough to be waited for."""
        now = time.monotonic()
        with self.lock:
            if now - self.began < self.after_s or now < self.quiet_until:
                return
            if not self.open and self.done is None:
                self._clear()
                return
            width = shutil.get_terminal_size().columns - 1
            self.stream.write(_CLEAR + line_text(self.open, self.done, now - self.began, width))
            self.stream.flush()
            self.is_drawn = True

    def hide(self) -> None:
        """Make room for other output."""
        with self.lock:
            self._clear()
            self.quiet_until = time.monotonic() + QUIET_S

    def _clear(self) -> None:
        if self.is_drawn:
            self.stream.write(_CLEAR)
            self.stream.flush()
            self.is_drawn = False


def line_text(open_: list[str], done: tuple[int, int] | None, seconds: float, width: int) -> str:
    """The line: a bar where there is something to count, what is done, since when."""
    parts = [] if done is None else [_bar(*done)]
    text = "  ".join([*parts, " › ".join(open_) or "parts", f"{seconds:.0f} s"])
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"


def _bar(done: int, total: int) -> str:
    filled = WIDTH * done // max(total, 1)
    return f"[{'#' * filled}{'.' * (WIDTH - filled)}] {done}/{total}"


@contextmanager
def progress_line(
    stream: TextIO | None = None, after_s: float = AFTER_S, every_s: float = EVERY_S
) -> Iterator[None]:
    """Draw the line while the command runs, if stderr is a terminal that can; else do nothing."""
    target = stream or sys.stderr
    if not target.isatty() or os.environ.get("TERM") == "dumb":
        yield
        return
    line, over = Line(target, after_s), threading.Event()

    def draw() -> None:
        while not over.wait(every_s):
            line.draw()

    thread = threading.Thread(target=draw, name="progress", daemon=True)
    token = BEFORE.set(line.hide)
    thread.start()
    try:
        with listening(line):
            yield
    finally:
        over.set()
        thread.join()
        line.hide()
        BEFORE.reset(token)
