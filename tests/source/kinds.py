"""The document kinds that the tests of reading use, by name."""

from __future__ import annotations

from pathlib import Path

from offerwright.facts.document import FactsDocument, ShopDocument
from offerwright.guards.document import GuardsDocument
from offerwright.rules.document import (
    ApprovalsDocument,
    FeesDocument,
    ListsDocument,
)
from offerwright.rules.inventory_document import InventoryDocument
from offerwright.rules.lifecycle_document import LifecycleDocument
from offerwright.rules.mapping_document import MappingDocument
from offerwright.rules.pricing_document import PricingDocument
from offerwright.rules.routing_document import RoutingDocument
from offerwright.source.document import Document
from offerwright.source.repository import Repository

ROOT = Path(__file__).resolve().parents[2]

KINDS: dict[str, type[Document]] = {
    "shop": ShopDocument,
    "facts": FactsDocument,
    "pricing": PricingDocument,
    "inventory": InventoryDocument,
    "mapping": MappingDocument,
    "fees": FeesDocument,
    "guards": GuardsDocument,
    "lists": ListsDocument,
    "lifecycle": LifecycleDocument,
    "approvals": ApprovalsDocument,
    "routing": RoutingDocument,
}


def repository_of(**files: str | bytes) -> Repository:
    """A repository in memory: `a_yaml` in `rules/` for the argument `a_yaml`, and so on."""
    named = {f"rules/{name.replace('_', '.')}": content for name, content in files.items()}
    encoded = {n: c if isinstance(c, bytes) else c.encode() for n, c in named.items()}
    return Repository(Path("."), encoded)
