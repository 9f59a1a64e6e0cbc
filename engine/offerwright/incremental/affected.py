"""Which offers a change can reach: rows whose inputs differ, and all of an account's where its
rules or the time say something else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from offerwright.compare.stable_hash import Hashes
from offerwright.incremental.footing import Footing, Side
from offerwright.incremental.memory import Before, Mask, Places, Remembered

NOWHERE = -1


@dataclass(frozen=True)
class Standing:
    """What the offers of now stand on: as in `Memory`, without the offers."""

    keys: Hashes
    families: Places
    footings: Mapping[str, Mapping[Side, Footing]]
    inputs: Mapping[str, Mapping[Side, Hashes]]
    documents: Mapping[str, Mapping[str, str]]
    files: str = ""


@dataclass(frozen=True)
class Reason:
    """Why a side of all offers of an account is computed again."""

    account: str
    side: Side
    why: str


@dataclass(frozen=True)
class Affected:
    """
    What is to be computed again, by account and side, as masks over the rows of now.

    `old` is where each row stood before, `NOWHERE` for what is new.
    """

    old: Places
    masks: Mapping[str, Mapping[Side, Mask]]
    reasons: tuple[Reason, ...]


def affected(memory: Remembered | None, now: Standing) -> Affected:
    """What a change can reach since a run was remembered; everything if none was."""
    nowhere = np.full(len(now.keys), NOWHERE, dtype=np.int64)
    if memory is None or _has_twins(memory.keys) or _has_twins(now.keys):
        why = "nothing was remembered" if memory is None else "two SKUs have one key"
        return _everything(now, nowhere, why)
    old = _positions(memory.keys, now.keys)
    gone = np.ones(len(memory.keys), dtype=bool)
    gone[old[old != NOWHERE]] = False
    masks: dict[str, dict[Side, Mask]] = {}
    reasons: list[Reason] = []
    for account in now.footings:
        masks[account] = {}
        for side in now.footings[account]:
            why = _why_all(memory.accounts.get(account), now, account, side)
            if why:
                reasons.append(Reason(account, side, why))
                masks[account][side] = np.ones(len(old), dtype=bool)
            else:
                masks[account][side] = _changed(memory.accounts[account], now, account, side, old)
        stock = with_kin(masks[account]["stock"], gone, old, memory.families, now.families)
        masks[account]["stock"] = stock
    return Affected(old, masks, tuple(reasons))


def _everything(now: Standing, nowhere: Places, why: str) -> Affected:
    everywhere = np.ones(len(nowhere), dtype=bool)
    return Affected(
        nowhere,
        {account: dict.fromkeys(sides, everywhere) for account, sides in now.footings.items()},
        tuple(Reason(account, side, why) for account, own in now.footings.items() for side in own),
    )


def _has_twins(keys: Hashes) -> bool:
    ordered = np.sort(keys)
    return bool((ordered[1:] == ordered[:-1]).any())


def _positions(before: Hashes, after: Hashes) -> Places:
    if np.array_equal(before, after):
        return np.arange(len(after), dtype=np.int64)
    found = np.full(len(after), NOWHERE, dtype=np.int64)
    if len(before):
        order = np.argsort(before)
        at = np.searchsorted(before[order], after)
        at[at == len(before)] = 0
        place = order[at]
        there = before[place] == after
        found[there] = place[there]
    return found


def _why_all(held: Before | None, now: Standing, account: str, side: Side) -> str:
    """Why every offer is to be computed; empty where it need not be."""
    if held is None:
        return "the account was not remembered"
    before, after = held.footings[side], now.footings[account][side]
    if before.meaning != after.meaning:
        return "; ".join(_changed_documents(held, now.documents[account])) or (
            "facts, lists or decisions behind its rules have changed"
        )
    return "the moment decides otherwise" if before.clock != after.clock else ""


def _changed_documents(held: Before, documents: Mapping[str, str]) -> Iterator[str]:
    for name in sorted({*held.documents, *documents}):
        before, after = held.documents.get(name), documents.get(name)
        if before is None or after is None:
            yield f"{name} is {'new' if before is None else 'gone'}"
        elif before != after:
            yield f"{name} has changed"


def _changed(held: Before, now: Standing, account: str, side: Side, old: Places) -> Mask:
    """Rows that are new or read otherwise; and, where rules moved in their files, what they block
    and name with its line."""
    footing = now.footings[account][side]
    new = old == NOWHERE
    if len(held.inputs[side]) == 0:
        return np.ones(len(old), dtype=bool)
    mask: Mask = new | (held.inputs[side][old] != now.inputs[account][side])
    if held.footings[side].places != footing.places:
        mask |= held.blocked[side][old]
    return mask


def with_kin(mask: Mask, gone: Mask, old: Places, before: Places, after: Places) -> Mask:
    """With all that shared stock with a changed or vanished SKU, or shares it now."""
    if not (before >= 0).any() and not (after >= 0).any():
        return mask
    was = np.where(old == NOWHERE, -1, before[old] if len(before) else -1)
    touched_before = _numbers(before[gone], before)
    mask = mask.copy()
    while True:
        touched_before |= _numbers(was[mask], before)
        touched_after = _numbers(after[mask], after)
        more = ~mask & (_in(was, touched_before) | _in(after, touched_after))
        if not more.any():
            return mask
        mask |= more


def _numbers(found: Places, of: Places) -> Mask:
    """Which families these are, as a mask over all families."""
    touched = np.zeros(int(of.max(initial=-1)) + 1, dtype=bool)
    touched[found[found >= 0]] = True
    return touched


def _in(families: Places, touched: Mask) -> Mask:
    if not len(touched):
        return np.zeros(len(families), dtype=bool)
    return np.asarray((families >= 0) & touched[families])
