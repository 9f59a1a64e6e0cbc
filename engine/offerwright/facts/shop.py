"""The shop, whoever holds its document: the files of a repository, or a bundle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from offerwright.facts.document import ShopDocument


class Shop(Protocol):
    """Has the document `offerwright.yaml`, read at the latest when it is asked for."""

    @property
    def name(self) -> str: ...
    @property
    def document(self) -> ShopDocument: ...
