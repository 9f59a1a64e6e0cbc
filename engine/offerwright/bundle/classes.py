"""Every class that a bundle may hold: the closed table that reading looks names up in."""

from __future__ import annotations

from offerwright.codec import Shapes
from offerwright.rules.packed import LATER, RULE_CLASSES

KIND = "bundle"
_FACTS, _SHOP = "offerwright.facts.schema", "offerwright.facts.document"
_GUARDS = "offerwright.guards.plan"
_MARKETPLACE, _PAYLOAD = "offerwright.marketplaces.document", "offerwright.marketplaces.compiled"
_NODES, _PIECES = "offerwright.marketplaces.nodes", "offerwright.marketplaces.pieces"
_POINTER = "offerwright.marketplaces.pointer"
CLASSES: dict[str, str] = {
    **RULE_CLASSES,
    "AccountSettings": _SHOP,
    "ApprovalSettings": _SHOP,
    "ApprovalPlan": _GUARDS,
    "At": _POINTER,
    "Choose": _PIECES,
    "CompiledPart": _PAYLOAD,
    "CompiledPayload": _PAYLOAD,
    "Condition": _NODES,
    "Contract": "offerwright.marketplaces.contract",
    "DerivedDef": _FACTS,
    "FactDef": _FACTS,
    "FactSchema": _FACTS,
    "Fixed": _POINTER,
    "FromContext": _POINTER,
    "GuardPlan": _GUARDS,
    "GuardSet": _GUARDS,
    "Join": _PIECES,
    "Limits": _MARKETPLACE,
    "Marketplace": "offerwright.marketplaces.marketplace",
    "MarketplaceDocument": _MARKETPLACE,
    "Range": _MARKETPLACE,
    "Readback": _POINTER,
    "Repeat": _PIECES,
    "Revision": "offerwright.loadout",
    "Setting": _MARKETPLACE,
    "ShopDocument": _SHOP,
    "Site": _MARKETPLACE,
    "Slot": _NODES,
    "SnapshotBounds": _SHOP,
    "Source": _NODES,
    "SourceDef": _FACTS,
    "SourceFile": _SHOP,
    "Stamp": "offerwright.loadout",
    "TiersAt": _POINTER,
}


def shapes() -> Shapes:
    """The table as the codec takes it."""
    return Shapes(CLASSES, LATER)
