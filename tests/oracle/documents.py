"""Which documents are in force for an account at a moment, and in which order (sections 1 and 5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from oracle.values import in_window
from oracle.world import Document, World

PHASES = ("base", "adjust", "fees", "competitor", "tiers", "bounds", "round")

Step = Mapping[str, Any]


_ACCOUNT_KEYS = ("marketplace", "account", "trade_policy")


def _named(document: Document, key: str) -> list[str]:
    """What `for` names under a key: a value or a list."""
    value = (document.get("for") or {}).get(key)
    return (
        []
        if value is None
        else [str(v) for v in value]
        if isinstance(value, list)
        else [str(value)]
    )


def width(document: Document) -> tuple[int, ...]:
    """A greater one is narrower: SKU first, then brand, category by depth, policy, account, market."""
    depths = [len(path.strip("/").split("/")) for path in _named(document, "category")]
    written = {key: int(bool(_named(document, key))) for key in (*_ACCOUNT_KEYS, "brand", "sku")}
    return (
        written["sku"], written["brand"], min(depths, default=0),
        written["trade_policy"], written["account"], written["marketplace"],
    )  # fmt: skip


def is_for_account(document: Document, world: World) -> bool:
    return all(
        not _named(document, key) or world.value(key) in _named(document, key)
        for key in _ACCOUNT_KEYS
    )


def is_for_offer(document: Document, world: World) -> bool:
    """A missing fact is in no category, of no brand."""
    for key in ("brand", "sku"):
        if _named(document, key) and world.value(key) not in _named(document, key):
            return False
    paths = [path.strip("/") for path in _named(document, "category")]
    own = world.value("category") if paths else None
    return not paths or (own is not None and any(_is_below(own, path) for path in paths))


def _is_below(own: str, path: str) -> bool:
    return own.split("/")[: len(path.split("/"))] == path.split("/")


def for_account(documents: Iterable[Document], kind: str, world: World) -> list[Document]:
    """The documents of a kind in force for the account, wider `for` first, then by name."""
    found = [
        document
        for document in documents
        if document["kind"] == kind
        and is_for_account(document, world)
        and in_window(document.get("valid"), world.as_of, world.zone)
    ]
    return sorted(found, key=lambda document: (width(document), document["name"]))


def in_force(documents: Iterable[Document], kind: str, world: World) -> list[Document]:
    """Those of them that are for this offer."""
    return [d for d in for_account(documents, kind, world) if is_for_offer(d, world)]


def prices_anything(documents: Iterable[Document], world: World) -> bool:
    """Whether the account has a pricing document in force, for whatever offers."""
    return bool(for_account(documents, "pricing", world))


def pricing_steps(documents: Iterable[Document], world: World) -> dict[str, list[tuple[str, Step]]]:
    """By phase: (document name, step) in the order in which they run, overrides applied."""
    pricing = in_force(documents, "pricing", world)
    steps: dict[str, list[tuple[str, Step]]] = {}
    for phase in PHASES:
        own = {d["name"]: [s for s in d["steps"] if s["phase"] == phase] for d in pricing}
        overriding = [width(d) for d in pricing if d.get("override") and own[d["name"]]]
        kept = [d for d in pricing if width(d) >= max(overriding, default=())]
        steps[phase] = [
            (d["name"], {**step, "document_valid": d.get("valid")})
            for d in kept
            for step in own[d["name"]]
        ]
    return steps


def fee_tables(documents: Iterable[Document], world: World) -> list[tuple[str, Step]]:
    """(document name, fee table) of all fees in force.

    A marketplace's own schedule (`own: True`) is wider than any document of the seller, so every
    override replaces it.
    """
    fees = in_force(documents, "fees", world)
    # The empty tuple is below every other one.
    widths = [() if d.get("own") else width(d) for d in fees]
    narrowest = max((w for w, d in zip(widths, fees, strict=True) if d.get("override")), default=())
    kept = [d for w, d in zip(widths, fees, strict=True) if w >= narrowest]
    return [(d["name"], table) for d in kept for table in d["fees"]]


def inventory_document(documents: Iterable[Document], world: World) -> Document | None:
    """The narrowest inventory document that matches; of equals the first by name."""
    found = in_force(documents, "inventory", world)
    narrowest = max(map(width, found), default=())
    return next((d for d in found if width(d) == narrowest), None)


def mapping_of(documents: Iterable[Document], world: World) -> Document | None:
    """All mapping documents as one: a narrower one replaces parts, and attributes by their id.

    With `override: true` it replaces the wider documents whole.
    """
    found = in_force(documents, "mapping", world)
    if not found:
        return None
    overriding = [width(d) for d in found if d.get("override")]
    merged: Document = {"attributes": {}}
    for document in found:
        if width(document) >= max(overriding, default=()):
            attributes = {**merged["attributes"], **(document.get("attributes") or {})}
            merged = {**merged, **document, "attributes": attributes}
    return merged
