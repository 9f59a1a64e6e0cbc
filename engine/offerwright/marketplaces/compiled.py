"""A compiled payload: per part a flat sequence of constant JSON text and value slots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from offerwright.frames import Aspect
from offerwright.marketplaces.contract import Contract
from offerwright.marketplaces.nodes import Condition
from offerwright.marketplaces.operation import Action
from offerwright.marketplaces.pieces import Piece
from offerwright.marketplaces.pointer import Readback


@dataclass(frozen=True, slots=True)
class CompiledPart:
    """One body: its pieces in order, and the contract its bytes must keep.

    `optional`: some offers have no such part.
    """

    name: str
    pieces: tuple[Piece, ...]
    optional: bool
    contract: Contract = field(compare=False)


@dataclass(frozen=True, slots=True)
class CompiledPayload:
    """A payload ready to be rendered, read back and checked.

    `covers` holds its own aspect too. `requires`: values without which an offer has no such
    payload. `only_if`: settings an account must have. `needs`: settings the bodies
    cannot do without; `optional`: those they use if the account has them.
    `attributes`: attribute ids it names. `revision` changes exactly when the meaning does.
    """

    marketplace: str
    name: str
    aspect: Aspect
    action: Action
    covers: tuple[Aspect, ...]
    requires: Condition
    only_if: Mapping[str, str]
    needs: tuple[str, ...]
    optional: tuple[str, ...]
    parts: tuple[CompiledPart, ...]
    readback: Readback
    attributes: frozenset[str]
    revision: str
