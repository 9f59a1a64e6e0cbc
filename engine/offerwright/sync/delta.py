"""What differs from the ledger → operations; what is withheld, and why."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from offerwright.frames import ASPECTS, Aspect
from offerwright.marketplaces.operation import Action
from offerwright.sync.ports import GUARD_REFUSED
from offerwright.sync.told import Bodies, Known, Parts, Told, bodies, parts_hash

Why = Literal["new", "changed", "gone"]
REFUSED = ("rejected", "quarantined")
UNSENT = ("none", "queued")


@dataclass(frozen=True, slots=True)
class Change:
    """One operation to be: what to say, and on which state of the ledger it stands."""

    sku: str
    aspect: Aspect
    action: Action
    payload: str
    parts: Parts
    covers: Mapping[Aspect, str]
    why: Why
    base: Mapping[Aspect, int]
    """The ledger's desired generation of every covered aspect when the plan was made."""


@dataclass(frozen=True, slots=True)
class RefusedBefore:
    """What would be said and was refused in the same words; it is not said again."""

    sku: str
    aspect: Aspect
    state: str
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Doubt:
    """SKUs that may be missing from a snapshot only because their rows were refused."""

    skus: frozenset[str] = frozenset()
    anyone: bool = False
    """Rows were refused whose SKU nobody can read: it may be any."""

    def of(self, sku: str) -> bool:
        return self.anyone or sku in self.skus


NO_DOUBT = Doubt()


@dataclass(frozen=True)
class Delta:
    """Everything one account must be told now. `unchanged` counts aspects that are in step."""

    changes: tuple[Change, ...]
    unchanged: int
    refused: tuple[RefusedBefore, ...]
    waiting: tuple[tuple[str, str], ...] = field(default=())
    """SKUs that cannot be listed yet, with the aspect that lacks."""
    held: tuple[str, ...] = field(default=())
    """Live listings that are not ended, because their rows may have been refused."""


def delta(told: Told, known: Known, doubt: Doubt = NO_DOUBT) -> Delta:
    """
    The changes of one account, in snapshot order; ends of vanished SKUs come last.

    A desired value that is submitted or refused already is not said again; a listing that is to be
    created waits until all its aspects are there; one in `doubt` is not ended, and where the
    inventory says that a stock nobody can compute is shown as nought, it is.
    """
    changes: list[Change] = []
    refused: list[RefusedBefore] = []
    waiting: list[tuple[str, str]] = []
    unchanged = 0
    skus = told.offers.frame["sku"].to_list()
    for sku in skus:
        if told.create is not None and sku not in known.listed:
            created = _create(sku, told, told.create, known)
            if isinstance(created, Change):
                changes.append(created)
            elif created:
                waiting.append((sku, created))
            elif before := _refused(known, sku, "content"):
                refused.append(before)
            else:
                unchanged += 1
            continue
        for aspect, said in told.updates.items():
            change = _update(sku, aspect, said, known)
            if change is not None:
                changes.append(change)
            elif sku in said.hashes and (before := _refused(known, sku, aspect)):
                refused.append(before)
            elif sku in said.hashes:
                unchanged += 1
    ends = list(_ends(frozenset(skus), told, known))
    changes.extend(e for e in ends if not doubt.of(e.sku))
    held = tuple(e.sku for e in ends if doubt.of(e.sku))
    changes.extend(_zeros([sku for sku in held if sku in doubt.skus], told, known))
    return Delta(tuple(changes), unchanged, tuple(refused), tuple(waiting), held)


def settled(row: Mapping[str, Any], hash_: str) -> bool:
    """
    Whether the ledger has this value, is on its way to it, or knows it to be refused.

    What is queued is not on its way: it is planned anew, so that guards judge it by the bounds of
    now, and the plan that is applied replaces it.
    """
    nothing_under_way = row.get("sent_generation") == row.get("confirmed_generation")
    if row.get("confirmed_hash") == hash_ and row.get("state") in UNSENT and nothing_under_way:
        return True
    if row.get("rejected_hash") == hash_ and row.get("state") in REFUSED:
        # What a guard refused at send is judged anew at every plan: an approval may have come.
        return all(p["code"] != GUARD_REFUSED for p in _problems(row))
    on_its_way = row.get("state") in ("sending", "submitted", "in_doubt", "confirmed")
    return bool(on_its_way and row.get("desired_hash") == hash_)


def _problems(row: Mapping[str, Any]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(row.get("problems") or "[]")
    return found


def _refused(known: Known, sku: str, aspect: Aspect) -> RefusedBefore | None:
    """The refusal that keeps an aspect from being said; None where it is in step."""
    row = known.row(sku, aspect)
    if row.get("state") not in REFUSED:
        return None
    words = tuple(f"{p['code']} {p['message']}".strip() for p in _problems(row))
    return RefusedBefore(sku, aspect, row["state"], words)


def _update(sku: str, aspect: Aspect, said: Bodies, known: Known) -> Change | None:
    hash_ = said.hashes.get(sku)
    row = known.row(sku, aspect)
    if hash_ is None or settled(row, hash_):
        return None
    why: Why = "changed" if row.get("confirmed_hash") else "new"
    base: dict[Aspect, int] = {aspect: int(row.get("desired_generation") or 0)}
    return Change(
        sku, aspect, "update", said.payload.name, said.parts[sku], {aspect: hash_}, why, base
    )


def _create(sku: str, told: Told, create: Bodies, known: Known) -> Change | str:
    """The change, the aspect that lacks, or "" when nothing is to be done."""
    parts = create.parts.get(sku)
    if parts is None:
        return next(
            (a for a in ASPECTS if a in told.updates and sku not in told.updates[a].hashes),
            "stock",
        )
    covers: dict[Aspect, str] = {}
    for aspect in create.payload.covers:
        own = told.updates.get(aspect)
        covers[aspect] = (
            own.hashes[sku] if own is not None and sku in own.hashes else create.hashes[sku]
        )
    if all(settled(known.row(sku, aspect), hash_) for aspect, hash_ in covers.items()):
        return ""
    base = {a: int(known.row(sku, a).get("desired_generation") or 0) for a in covers}
    return Change(sku, "content", "create", create.payload.name, parts, covers, "new", base)


def _zeros(skus: Sequence[str], told: Told, known: Known) -> Iterator[Change]:
    """Nought for live listings whose rows were refused: what they have in stock is not known."""
    stock, inventory = told.updates.get("stock"), told.offers.plan.inventory
    if not skus or stock is None or inventory is None or inventory.on_block != "zero":
        return
    import polars as pl

    frame = pl.DataFrame({"sku": skus, "quantity": [0] * len(skus)})
    said = bodies(stock.payload, frame, told.settings)
    for sku in skus:
        change = _update(sku, "stock", said, known)
        if change is not None:
            yield change


def _ends(skus: frozenset[str], told: Told, known: Known) -> Iterator[Change]:
    """Live listings whose SKU is no longer in the catalogue."""
    if told.end is None:
        return
    gone = sorted(known.listed - skus)
    if not gone:
        return
    import polars as pl

    frame = pl.DataFrame({"sku": gone}, schema={"sku": pl.String})
    said = bodies(told.end, frame, told.settings)
    for sku in gone:
        parts = said.parts.get(sku)
        if parts is None:
            continue
        hash_ = parts_hash(parts)
        covers = dict.fromkeys(told.end.covers, hash_)
        if all(settled(known.row(sku, a), hash_) for a in covers):
            continue
        base = {a: int(known.row(sku, a).get("desired_generation") or 0) for a in covers}
        yield Change(sku, told.end.aspect, "end", told.end.name, parts, covers, "gone", base)
