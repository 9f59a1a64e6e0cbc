"""The bytes of a bundle → a linked repository, or why they cannot be used."""

from __future__ import annotations

from pathlib import Path

from offerwright.bundle.classes import KIND, shapes
from offerwright.bundle.waiting import PackedFiles, PackedMarketplaces, PackedShop
from offerwright.codec import (
    UNREADABLE,
    CodecRefused,
    Envelope,
    Later,
    Reader,
    opened,
    texts_from,
)
from offerwright.errors import BundleRefused
from offerwright.facts.schema import FactSchema
from offerwright.guards.plan import GuardSet
from offerwright.loadout import Loadout, Stamp
from offerwright.profile import staged
from offerwright.rules.plan import RuleSet
from offerwright.source.garbage import without_garbage_collection
from offerwright.source.repository import Repository


@staged("unpacking")
def unpack(data: bytes, root: Path, name: str = "the bundle") -> Loadout:
    """
    What `pack` has written, ready to be evaluated.

    Args:
        data: the whole file.
        root: where the sources of facts, snapshots and the ledger lie.
        name: what to call the file in messages.

    What the shop and the marketplaces say is read when it is first asked for.

    Raises:
        BundleRefused: bytes that were changed or cut off, another format, or another engine.
    """
    try:
        with without_garbage_collection():
            return _loadout(opened(data, KIND), root)
    except CodecRefused as refused:
        hint = "write it anew with `offerwright bundle`"
        raise BundleRefused(f"{name} cannot be used: {refused}; {hint}") from refused


def bundle_digest(data: bytes) -> str:
    """The SHA-256 that a bundle is known by, as it stands in its first line."""
    return data[:200].partition(b"\n")[0].rpartition(b" ")[2].decode("ascii", "replace")


def _loadout(envelope: Envelope, root: Path) -> Loadout:
    try:
        table = shapes().expecting(envelope.head["classes"])
        sources, texts, *chunks = envelope.parts
        files = PackedFiles(envelope.head["files"], sources)
        value = Reader(texts_from(texts), chunks, table).value()
        rules, guards, schema, stamp, shop, marketplaces = value
        if [*map(type, value)] != [RuleSet, GuardSet, FactSchema, Stamp, Later, Later]:
            raise CodecRefused("it holds something else than rules")
        used = frozenset(plan.account.marketplace for plan in rules.plans)
    except UNREADABLE as fault:
        raise CodecRefused("its content cannot be read") from fault
    return Loadout(
        repository=Repository(root, files),
        shop=PackedShop(shop),
        schema=schema,
        rules=rules,
        guards=guards,
        marketplaces=PackedMarketplaces(marketplaces, used),
        documents=(),
        stamp=stamp,
    )
