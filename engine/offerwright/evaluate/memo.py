"""What has been computed over one block of rows, so that accounts that agree share it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Memo:
    """
    Results by what was done and to which objects; it lives as long as one run over one block.

    The objects are compared by identity and held, so that an identity is never taken over.
    """

    held: dict[tuple[Hashable, tuple[int, ...]], tuple[tuple[object, ...], Any]] = field(
        default_factory=dict
    )

    def once(self, what: Hashable, of: tuple[object, ...], make: Callable[[], T]) -> T:
        """The result of `make`, computed once for this word and these very objects."""
        key = (what, tuple(map(id, of)))
        found = self.held.get(key)
        if found is None:
            found = self.held[key] = (of, make())
        result: T = found[1]
        return result

    def forget(self) -> None:
        """Let go of everything: the run is over."""
        self.held.clear()
