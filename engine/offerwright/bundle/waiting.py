"""The parts of a bundle that are looked at late or never, read when they are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from offerwright.errors import BundleRefused

if TYPE_CHECKING:
    from offerwright.facts.document import ShopDocument
    from offerwright.marketplaces.marketplace import Marketplace

T = TypeVar("T")


class PackedFiles(Mapping[str, bytes]):
    """The files that a bundle was made of, cut out when they are asked for."""

    def __init__(self, sizes: Sequence[tuple[str, int]], content: memoryview) -> None:
        self._content = content
        self._places: dict[str, tuple[int, int]] = {}
        at = 0
        for name, size in sizes:
            self._places[name] = (at, at + size)
            at += size
        if at != len(content) or any(start > end for start, end in self._places.values()):
            raise ValueError("other sizes than bytes")

    def __getitem__(self, name: str) -> bytes:
        start, end = self._places[name]
        return bytes(self._content[start:end])

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


class PackedShop:
    """The document of the shop: a model, whose library takes longer than all rules."""

    def __init__(self, waiting: Sequence[Any]) -> None:
        self._waiting = waiting

    @property
    def name(self) -> str:
        return self.document.name

    @property
    def document(self) -> ShopDocument:
        """Raises `BundleRefused` where something else was written."""
        from offerwright.facts.document import ShopDocument

        return _one(self._waiting, ShopDocument)


class PackedMarketplaces(Mapping[str, "Marketplace"]):
    """The marketplaces with their payloads, which computing offers does not need."""

    def __init__(self, waiting: Sequence[Any], used: Collection[str]) -> None:
        self._waiting, self._used = waiting, used

    @cached_property
    def _held(self) -> dict[str, Marketplace]:
        """Raises `BundleRefused` where something else was written, or one that is used is not."""
        from offerwright.marketplaces.marketplace import Marketplace

        held = _one(self._waiting, dict)
        kinds = {(type(name), type(one)) for name, one in held.items()}
        if kinds - {(str, Marketplace)} or not held.keys() >= set(self._used):
            raise _otherwise()
        return held

    def __getitem__(self, name: str) -> Marketplace:
        return self._held[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)


def _one(waiting: Sequence[Any], type_: type[T]) -> T:
    found = waiting[0] if len(waiting) == 1 else None
    if type(found) is not type_:
        raise _otherwise()
    return found


def _otherwise() -> BundleRefused:
    hint = "write it anew with `offerwright bundle`"
    return BundleRefused(f"a part of the bundle cannot be used: it holds something else; {hint}")
