"""
Where time and memory go: stages inside stages, written down while somebody listens.

Nobody listens unless a command asks for it; then `stage` costs one look at a context variable. A
thread that is started meanwhile does not inherit the listeners, so that stages never interleave.
"""

from __future__ import annotations

import functools
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
STATM = Path("/proc/self/statm")


class Listener(Protocol):
    """Who wants to know of stages."""

    def opened(self, name: str, document: str) -> None: ...

    def closed(self) -> None: ...

    def counted(self, done: int, total: int) -> None:
        """How much of the innermost stage is done."""


_LISTENERS: ContextVar[tuple[Listener, ...]] = ContextVar("listeners", default=())
_NOBODY = nullcontext()


def stage(name: str, document: str = "") -> AbstractContextManager[None]:
    """
    A part of the work: what happens inside is counted as its own.

    Args:
        name: what is done, in words that a user knows: "prices", an account, a step.
        document: the file whose rules are run, where it is those of one file.
    """
    listeners = _LISTENERS.get()
    return _Staged(listeners, name, document) if listeners else _NOBODY


def counted(items: Iterable[T], total: int) -> Iterator[T]:
    """The items; whoever listens hears how many of the innermost stage's are done."""
    tell_count(0, total)
    for done, item in enumerate(items, 1):
        yield item
        tell_count(done, total)


def tell_count(done: int, total: int) -> None:
    """Say how much of the innermost stage is done."""
    for listener in _LISTENERS.get():
        listener.counted(done, total)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Tell a listener of all stages inside, beside those that listen already."""
    token = _LISTENERS.set((*_LISTENERS.get(), listener))
    try:
        yield
    finally:
        _LISTENERS.reset(token)


def is_recorded() -> bool:
    """Whether time and memory are written down: then parts of the work go one after another."""
    return any(isinstance(listener, Recorder) for listener in _LISTENERS.get())


def staged(name: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """A function that is a stage as a whole."""

    def decorated(work: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(work)
        def told(*args: P.args, **kwargs: P.kwargs) -> T:
            with stage(name):
                return work(*args, **kwargs)

        return told

    return decorated


@dataclass(frozen=True, slots=True)
class _Staged:
    listeners: tuple[Listener, ...]
    name: str
    document: str

    def __enter__(self) -> None:
        for listener in self.listeners:
            listener.opened(self.name, self.document)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for listener in reversed(self.listeners):
            listener.closed()


@dataclass(frozen=True, slots=True)
class Usage:
    """Seconds of wall and of all threads' CPU; bytes of resident memory, and the most so far."""

    wall_s: float
    cpu_s: float
    resident: int
    peak: int


def usage() -> Usage:
    """What this process has used until now."""
    return Usage(time.perf_counter(), time.process_time(), resident(), _peak())


@dataclass(frozen=True, slots=True)
class Stage:
    """
    What a stage took, all its turns together, what is inside it included.

    `held` is by how many bytes resident memory grew, `peak` by how many its maximum did.
    """

    name: str
    document: str
    turns: int
    wall_s: float
    cpu_s: float
    held: int
    peak: int
    inner: tuple[Stage, ...] = ()

    @property
    def own_wall_s(self) -> float:
        """What no inner stage took."""
        return max(0.0, self.wall_s - sum(one.wall_s for one in self.inner))

    @property
    def own_cpu_s(self) -> float:
        return max(0.0, self.cpu_s - sum(one.cpu_s for one in self.inner))


@dataclass(slots=True)
class _Open:
    """A stage that is still being added to."""

    name: str
    document: str
    turns: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    held: int = 0
    peak: int = 0
    inner: dict[tuple[str, str], _Open] = field(default_factory=dict)

    def add(self, before: Usage, after: Usage) -> None:
        self.turns += 1
        self.wall_s += after.wall_s - before.wall_s
        self.cpu_s += after.cpu_s - before.cpu_s
        self.held += after.resident - before.resident
        self.peak += after.peak - before.peak

    def done(self) -> Stage:
        inner = tuple(one.done() for one in self.inner.values())
        return Stage(
            self.name, self.document, self.turns, self.wall_s, self.cpu_s, self.held, self.peak,
            inner,
        )  # fmt: skip


class Recorder:
    """Writes down what every stage takes; `finish` gives the tree, in the order of first turns."""

    def __init__(self, name: str) -> None:
        self._root = _Open(name, "")
        self._open = [(self._root, usage())]

    def opened(self, name: str, document: str) -> None:
        inner = self._open[-1][0].inner
        node = inner.setdefault((name, document), _Open(name, document))
        self._open.append((node, usage()))

    def closed(self) -> None:
        node, before = self._open.pop()
        node.add(before, usage())

    def counted(self, done: int, total: int) -> None:
        """Numbers are nothing to a recorder."""

    def finish(self) -> Stage:
        """Everything since the recorder was made."""
        self.closed()
        return self._root.done()


def by_document(stage_: Stage) -> dict[str, Stage]:
    """What the rules of every file took, without what they took inside of another's."""
    found: dict[str, list[Stage]] = {}
    _gather(stage_, "", found)
    return {
        document: Stage(
            document, document, sum(one.turns for one in stages),
            sum(one.own_wall_s for one in stages), sum(one.own_cpu_s for one in stages),
            sum(one.held for one in stages), sum(one.peak for one in stages),
        )
        for document, stages in sorted(found.items())
    }  # fmt: skip


def _gather(one: Stage, document: str, found: dict[str, list[Stage]]) -> None:
    document = one.document or document
    if document:
        found.setdefault(document, []).append(one)
    for inner in one.inner:
        _gather(inner, document, found)


def resident(statm: Path = STATM) -> int:
    """Bytes of resident memory now; where the system does not say, the most there ever were."""
    try:
        return int(statm.read_bytes().split()[1]) * resource.getpagesize()
    except OSError:
        return _peak()


def _peak() -> int:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
