"""Inventory and mapping documents, drawn so that `check` accepts them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from evaluate.generated_cells import OF_THE_ACCOUNT, TESTED, when
from evaluate.generated_pricing import Drawn, head
from evaluate.generated_shop import NODES, Pick

_CONTENT = {**TESTED, **OF_THE_ACCOUNT}


def inventory(pick: Pick, drawn: Drawn) -> None:
    for number, scope in enumerate(pick.some([{}, {"marketplace": "alpha"}], 0, 2)):
        document = head(pick, "inventory", f"stock{number}", scope)
        document.pop("override", None)
        drawn.documents.append({**document, "pool": _pool(pick), "allocate": _allocate(pick)})


def _pool(pick: Pick) -> dict[str, Any]:
    pool: dict[str, Any] = {"on_hand": "stock"}
    if pick.chance(50):
        pool["nodes"] = pick.some(NODES, 1, 2)
    if pick.chance(40):
        pool["allocated"] = "promised"
    if pick.chance(30):
        pool["reserved"] = "promised"
    if pick.chance(40):
        pool["reservations"] = "open_orders"
    kind = pick.number(0, 3)
    if kind == 1:
        pool["safety_stock"] = pick.number(0, 4)
    elif kind > 1:
        pool["safety_stock"] = _safety(pick)
    return pool


def _safety(pick: Pick) -> dict[str, Any]:
    hit = pick.one("unique", "first", "any")
    units = [Decimal(1), Decimal(3), Decimal(0), "sold", "ceiling(score)", "pack + 1"]
    rows = [
        {"id": f"r{i}", "when": when(pick, TESTED, 2), "then": {"units": pick.one(*units)}}
        for i in range(pick.number(1, 3))
    ]
    table: dict[str, Any] = {"hit": hit, "rules": rows}
    if hit == "first" or pick.chance(60):
        table["otherwise"] = {"units": pick.one(*units)}
    return {**table, "per": "node"} if pick.chance(30) else table


def _allocate(pick: Pick) -> dict[str, Any]:
    method = pick.one("partition", "shared")
    left = 100
    entries = []
    for who in pick.some([{"account": "a1"}, {"account": "a2"}, {"marketplace": "beta"}], 1, 3):
        entry: dict[str, Any] = dict(who)
        if method == "partition" or pick.chance(70):
            share = pick.number(0, left)
            left -= share if method == "partition" else 0
            entry["share"] = f"{share}%"
        for key, most in (("cap", 12), ("buffer", 3), ("min_list", 4)):
            if pick.chance(25):
                entry[key] = pick.number(0, most)
        entries.append(entry)
    allocate: dict[str, Any] = {"method": method, "marketplaces": entries}
    if pick.chance(30):
        allocate["redistribute"] = True
    if method == "shared" and pick.chance(40):
        allocate["last_units"] = pick.number(0, 12)
    return allocate


# --- content ----------------------------------------------------------------------------------

TEMPLATES = [
    "{{ brand }} {{ name }}", "{{ name }}", "{{ brand | upper }} - {{ specs.Cor | default('x') }}",
    "{{ name | truncate_chars(12) }}", "{{ tier }} {{ sold }} {{ mass }}kg",
    "{% if fragile %}Frágil {% endif %}{{ brand }}", "{{ name if tier == 'gold' else brand }}",
    "{{ brand | replace('A', 'B') | lower | title }}", "  {{ specs.Cor }}  ", "{{ listed_on }}",
    "{% if brand and not specs.Cor %}{{ name | trim }}{% else %}{{ brand }}{% endif %}",
]  # fmt: skip


def mapping(pick: Pick, drawn: Drawn) -> None:
    for number, scope in enumerate(
        pick.some([{}, {"marketplace": "alpha"}, {"account": "a1"}], 0, 2)
    ):
        document = head(pick, "mapping", f"content{number}", scope)
        if pick.chance(60):
            document["category"] = _category(pick)
        document["attributes"] = {
            name: _attribute(pick, name)
            for name in pick.some(["BRAND", "COLOR", "WEIGHT", "X"], 0, 3)
        }
        if pick.chance(60):
            document["title"] = _title(pick)
        if pick.chance(40):
            document["description"] = {
                "text": pick.one(*TEMPLATES),
                "max": Decimal(pick.one(8, 100)),
            }
        if pick.chance(40):
            document["images"] = _images(pick)
        drawn.documents.append(document)


def _category(pick: Pick) -> dict[str, Any]:
    hit = pick.one("unique", "first", "any")
    words = ["MLB1", "MLB2", {"expr": "category"}, {"expr": "brand"}, Decimal(77)]
    rows = [
        {"id": f"r{i}", "when": when(pick, _CONTENT, 2), "then": {"category": pick.one(*words)}}
        for i in range(pick.number(1, 3))
    ]
    table: dict[str, Any] = {"hit": hit, "rules": rows}
    if hit == "first" or pick.chance(60):
        table["otherwise"] = pick.one({"block": "NO_CATEGORY"}, {"category": "REST"})
    return table


def _attribute(pick: Pick, name: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "BRAND": lambda: {"from": pick.one("brand", "tier", "fragile", "sold", "discount")},
        "COLOR": lambda: _coloured(pick),
        "WEIGHT": lambda: pick.one(
            {"from": "mass", "to": "g", "decimals": Decimal(1)}, {"from": "mass", "to": "kg"},
            {"from": "size", "to": "mm"}, {"from": "size", "to": "m", "decimals": Decimal(3)},
            {"from": "score", "decimals": Decimal(1)},
        ),
        "X": lambda: pick.one({"text": pick.one(*TEMPLATES)}, {"value": "constant"}),
    }[name]()  # fmt: skip
    if pick.chance(30):
        found["required"] = True
    if pick.chance(30):
        found["max"] = Decimal(pick.one(3, 5, 20))
        found["count"] = pick.one("characters", "bytes")
        if pick.chance(50):
            found["cut"] = True
    return found


def _coloured(pick: Pick) -> dict[str, Any]:
    found: dict[str, Any] = {"from": "specs.Cor", "table": {"Azul": "blue", "Preto": "black"}}
    otherwise = pick.one(None, {"block": "UNMAPPED_COLOR"}, {"value": "other"}, {"same": True})
    return found if otherwise is None else {**found, "otherwise": otherwise}


def _title(pick: Pick) -> dict[str, Any]:
    title: dict[str, Any] = {"max": Decimal(pick.one(6, 12, 60)), "try": pick.some(TEMPLATES, 1, 3)}
    if pick.chance(40):
        title["forbid"] = pick.some(["promo", "GRATIS", "phone x"], 1, 2)
    if pick.chance(40):
        title["cut"] = True
    if pick.chance(30):
        title["count"] = "bytes"
    return title


def _images(pick: Pick) -> dict[str, Any]:
    images: dict[str, Any] = {"from": "image_urls"}
    if pick.chance(50):
        images["min"] = pick.number(0, 2)
    if pick.chance(50):
        images["max"] = pick.number(1, 3)
    if pick.chance(30):
        images["https_only"] = False
    return images
