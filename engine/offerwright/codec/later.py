"""A sequence that is read when it is first looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload


@dataclass(frozen=True, slots=True)
class Apart:
    """What is written apart from what is around it; it comes back as a `Later` of one item."""

    value: Any


class Later(Sequence[Any]):
    """Stands where a tuple stood, and is equal to it. Safe to share between threads."""

    __slots__ = ("_items", "_read")

    def __init__(self, read: Callable[[], tuple[Any, ...]]) -> None:
        self._read = read
        self._items: tuple[Any, ...] | None = None

    @property
    def items(self) -> tuple[Any, ...]:
        """The tuple itself. `read` gives every thread the same one."""
        if self._items is None:
            self._items = self._read()
        return self._items

    @overload
    def __getitem__(self, index: int) -> Any: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Any, ...]: ...

    def __getitem__(self, index: int | slice) -> Any:
        return self.items[index]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Later):
            return self is other or self.items == other.items
        return self.items == other if isinstance(other, tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.items)

    def __repr__(self) -> str:
        return repr(self.items)

    def __reduce__(self) -> tuple[Any, ...]:
        # Copies and pickles are the tuple: what is not read yet lies in one process's memory.
        return tuple, (self.items,)
