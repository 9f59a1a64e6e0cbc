"""Two states of all offers → which offers are new, gone or changed, and in which aspects."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from offerwright.compare.offer_state import AccountState, OfferState
from offerwright.compare.stable_hash import Hashes
from offerwright.frames import ASPECTS, Aspect

Bits: TypeAlias = NDArray[np.uint8]


@dataclass(frozen=True)
class AccountDifference:
    """
    What differs for one account. All keys rise.

    `aspects` says of every changed key what changed, a bit per aspect in the order of
    `frames.ASPECTS`.
    """

    account: str
    before: int
    after: int
    added: Hashes
    removed: Hashes
    changed: Hashes
    aspects: Bits

    @property
    def unchanged(self) -> int:
        return self.after - len(self.added) - len(self.changed)

    @property
    def differs(self) -> bool:
        return bool(len(self.added) or len(self.removed) or len(self.changed))

    def counted(self, aspect: Aspect) -> int:
        """How many offers changed in an aspect."""
        return int((self.aspects & bit(aspect) > 0).sum())


@dataclass(frozen=True)
class Difference:
    """What differs, account by account, sorted by name; accounts that do not differ included."""

    accounts: tuple[AccountDifference, ...]

    @property
    def differs(self) -> bool:
        return any(one.differs for one in self.accounts)


def bit(aspect: Aspect) -> np.uint8:
    return np.uint8(1 << ASPECTS.index(aspect))


def aspects_of(bits: int) -> tuple[Aspect, ...]:
    """The aspects that bits stand for."""
    return tuple(aspect for n, aspect in enumerate(ASPECTS) if bits >> n & 1)


def difference(
    before: OfferState, after: OfferState, aspects: Collection[Aspect] = ASPECTS
) -> Difference:
    """
    What differs between two states: a merge of sorted keys per account.

    Args:
        before: how it was.
        after: how it is.
        aspects: only these count as changed.
    """
    names = sorted({one.account for one in (*before.accounts, *after.accounts)})
    asked = np.uint8(sum(int(bit(a)) for a in set(aspects)))
    return Difference(tuple(_of_account(before.of(n), after.of(n), asked) for n in names))


def _of_account(before: AccountState, after: AccountState, asked: np.uint8) -> AccountDifference:
    if np.array_equal(before.keys, after.keys):
        nothing = before.keys[:0]
        bits = _differing(before.aspects, after.aspects) & asked
        added, removed, keys = nothing, nothing, before.keys
    else:
        at = np.searchsorted(before.keys, after.keys)
        at[at == len(before.keys)] = 0
        both = before.keys[at] == after.keys if len(before) else np.zeros(len(after), dtype=bool)
        stays = np.zeros(len(before), dtype=bool)
        stays[at[both]] = True
        bits = _differing(before.aspects[:, at[both]], after.aspects[:, both]) & asked
        added, removed, keys = after.keys[~both], before.keys[~stays], after.keys[both]
    changed = bits > 0
    return AccountDifference(
        after.account, len(before), len(after), added, removed, keys[changed], bits[changed]
    )


def _differing(before: Hashes, after: Hashes) -> Bits:
    found = np.zeros(before.shape[1], dtype=np.uint8)
    for number in range(len(ASPECTS)):
        found |= (before[number] != after[number]).view(np.uint8) << np.uint8(number)
    return found
