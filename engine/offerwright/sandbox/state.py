"""What the sandbox remembers: listings with versions, and every call in order."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from offerwright.connectors.pointer import read_first
from offerwright.sandbox.document import SandboxDocument


@dataclass(frozen=True, slots=True)
class Pending:
    """A deferred write: live, or refused, after so many reads."""

    document: Any
    reads_left: int
    problem: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """One listing. `version` counts the writes that took effect."""

    id: str
    sku: str
    account: str
    document: Any = field(default_factory=dict)
    version: int = 0
    live: bool = True
    pending: Pending | None = None
    problems: tuple[Mapping[str, str], ...] = ()

    @property
    def status(self) -> str:
        """`processing`, `refused` or `live`."""
        if self.pending is not None:
            return "processing"
        return "refused" if self.problems else "live"


class MarketplaceState:
    """The listings and calls of one marketplace; one lock: every call sees a whole state."""

    def __init__(self, document: SandboxDocument) -> None:
        self.document = document
        self.lock = threading.RLock()
        self.listings: dict[str, Listing] = {}
        self.calls: list[dict[str, Any]] = []
        self._serial = 1000

    def find(
        self, account: str, *, id: str | None = None, sku: str | None = None
    ) -> Listing | None:
        """The listing by id, or by SKU. Seeded listings belong to every account (`*`)."""
        if id is not None:
            listing = self.listings.get(id)
            return listing if listing and listing.account in (account, "*") else None
        return next(iter(self.search(account, sku or "")), None)

    def search(self, account: str, sku: str) -> list[Listing]:
        """All listings of a SKU, oldest first."""
        return [x for x in self.listings.values() if x.sku == sku and x.account in (account, "*")]

    def create(self, account: str, sku: str, document: Any, *, live: bool = True) -> Listing:
        """A new listing under a new id."""
        self._serial += 1
        id = self.document.id.format(serial=self._serial, sku=sku)
        listing = Listing(id, sku, account, document, version=1 if live else 0, live=live)
        self.listings[id] = listing
        return listing

    def keep(self, listing: Listing) -> Listing:
        self.listings[listing.id] = listing
        return listing

    def remove(self, listing: Listing) -> None:
        del self.listings[listing.id]

    def read(self, listing: Listing) -> Listing:
        """A read: brings a deferred write one step nearer, then shows the listing."""
        pending = listing.pending
        if pending is None:
            return listing
        if pending.reads_left > 1:
            return self.keep(
                replace(listing, pending=replace(pending, reads_left=pending.reads_left - 1))
            )
        if pending.problem is not None:
            return self.keep(replace(listing, pending=None, problems=(pending.problem,)))
        return self.keep(_live(listing, pending.document))

    def write(self, listing: Listing, document: Any) -> Listing:
        """A write that is live at once."""
        return self.keep(_live(listing, document))

    def values(self, listing: Listing) -> dict[str, Any]:
        """Price, sale price and quantity as the listing's document says them."""
        return {
            name: next((v for p in at if (v := read_first(listing.document, p)) is not None), None)
            for name, at in self.document.values.items()
        }

    def as_json(self) -> list[dict[str, Any]]:
        """Every listing as plain data, oldest first."""
        return [
            {
                "id": x.id, "sku": x.sku, "account": x.account, "version": x.version,
                "status": x.status, "live": x.live, "values": self.values(x),
                "document": x.document, "problems": list(x.problems),
            }
            for x in self.listings.values()
        ]  # fmt: skip


def _live(listing: Listing, document: Any) -> Listing:
    return replace(
        listing,
        document=document,
        version=listing.version + 1,
        live=True,
        pending=None,
        problems=(),
    )
