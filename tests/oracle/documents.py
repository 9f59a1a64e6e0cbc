"""Which documents are in force for an account at a moment, and in which order (sections 1 and 5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from oracle.values import in_window
from oracle.world import Document, World

PHASES = ("base", "adjust", "fees", "competitor", "bounds", "round")

Step = Mapping[str, Any]


def width(document: Document) -> int:
    """0 everywhere, 1 one marketplace, 2 one account: a larger number is narrower."""
    scope = document.get("for") or {}
    return 2 if scope.get("account") else 1 if scope.get("marketplace") else 0


def in_force(documents: Iterable[Document], kind: str, world: World) -> list[Document]:
    """The documents of a kind that apply to the account now, wider `for` first, then by name."""
    own = {key: world.value(key) for key in ("marketplace", "account")}
    found = [
        document
        for document in documents
        if document["kind"] == kind
        and all(wanted in (None, own[key]) for key, wanted in (document.get("for") or {}).items())
        and in_window(document.get("valid"), world.as_of, world.zone)
    ]
    return sorted(found, key=lambda document: (width(document), document["name"]))


def pricing_steps(documents: Iterable[Document], world: World) -> dict[str, list[tuple[str, Step]]]:
    """By phase: (document name, step) in the order in which they run, overrides applied."""
    pricing = in_force(documents, "pricing", world)
    steps: dict[str, list[tuple[str, Step]]] = {}
    for phase in PHASES:
        own = {d["name"]: [s for s in d["steps"] if s["phase"] == phase] for d in pricing}
        overriding = [width(d) for d in pricing if d.get("override") and own[d["name"]]]
        kept = [d for d in pricing if width(d) >= max(overriding, default=0)]
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
    widths = [-1 if d.get("own") else width(d) for d in fees]
    narrowest = max((w for w, d in zip(widths, fees, strict=True) if d.get("override")), default=-1)
    kept = [d for w, d in zip(widths, fees, strict=True) if w >= narrowest]
    return [(d["name"], table) for d in kept for table in d["fees"]]


def inventory_document(documents: Iterable[Document], world: World) -> Document | None:
    """The narrowest inventory document that matches; of equals the first by name."""
    found = in_force(documents, "inventory", world)
    return min(found, key=lambda d: (-width(d), d["name"]), default=None)


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
        if width(document) >= max(overriding, default=0):
            attributes = {**merged["attributes"], **(document.get("attributes") or {})}
            merged = {**merged, **document, "attributes": attributes}
    return merged
