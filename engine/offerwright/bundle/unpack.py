"""The bytes of a bundle → a linked repository, or why they cannot be used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from offerwright.bundle.classes import KIND, shapes
from offerwright.codec import UNREADABLE, CodecRefused, Envelope, Reader, opened, texts_from
from offerwright.errors import BundleRefused
from offerwright.facts.schema import FactSchema
from offerwright.guards.plan import GuardSet
from offerwright.loadout import Loadout, Stamp
from offerwright.profile import staged
from offerwright.rules.plan import RuleSet
from offerwright.source.garbage import without_garbage_collection
from offerwright.source.located import Loaded, Located
from offerwright.source.repository import SHOP_FILE, Repository


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


@staged("unpacking")
def unpack(data: bytes, root: Path, name: str = "the bundle") -> Loadout:
    """
    What `pack` has written, ready to be evaluated.

    Args:
        data: the whole file.
        root: where the sources of facts, snapshots and the ledger lie.
        name: what to call the file in messages.

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
    table = shapes()
    try:
        table.check(envelope.head["classes"])
        sources, texts, *chunks = envelope.parts
        files = PackedFiles(envelope.head["files"], sources)
        value = Reader(texts_from(texts), chunks, table).value()
        rules, guards, schema, shop, marketplaces, stamp = value
    except UNREADABLE as fault:
        raise CodecRefused("its content cannot be read") from fault
    # The rest are models, which are heavy to import and are built as what they are named.
    made = (rules, guards, schema, stamp, marketplaces)
    if [type(one) for one in made] != [RuleSet, GuardSet, FactSchema, Stamp, dict]:
        raise CodecRefused("it holds something else than rules")
    return Loadout(
        repository=Repository(root, files),
        shop=Loaded(shop, Located(SHOP_FILE, None, {}, {})),
        schema=schema,
        rules=rules,
        guards=guards,
        marketplaces=marketplaces,
        documents=(),
        stamp=stamp,
    )
