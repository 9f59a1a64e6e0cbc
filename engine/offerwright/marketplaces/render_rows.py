"""
A few offers → payload bodies, one by one: the pieces of a part walked for one row.

What one call of the frame library costs would be most of the time here. `render_columns` says the
same of many rows; tests hold the two against each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from offerwright.marketplaces.compiled import CompiledPayload
from offerwright.marketplaces.encode_value import ENCODERS, QUOTED, constant
from offerwright.marketplaces.nodes import Condition, Slot, Source
from offerwright.marketplaces.pieces import Choose, Join, Piece, Repeat

ATTRIBUTE = "attribute."
LISTS = ("images", "tiers")


def render_rows(
    payload: CompiledPayload, offers: Iterable[Mapping[str, Any]], settings: Mapping[str, str]
) -> list[tuple[int, *tuple[str | None, ...]]]:
    """Position and parts of every row that has what the payload requires."""
    found: list[tuple[int, *tuple[str | None, ...]]] = []
    attributes: tuple[str, ...] | None = None
    for position, offer in enumerate(offers):
        if attributes is None:
            names = (c.removeprefix(ATTRIBUTE) for c in offer if c.startswith(ATTRIBUTE))
            attributes = tuple(sorted(names))
        row = _Row({**offer, **_whole_lists(offer)}, settings, attributes)
        if row.holds(payload.requires):
            found.append((position, *(row.text(part.pieces) for part in payload.parts)))
    return found


def _whole_lists(offer: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The lists without their missing elements."""
    return {n: [e for e in offer[n] if e is not None] for n in LISTS if offer.get(n) is not None}


@dataclass(frozen=True, slots=True)
class _Row:
    """One offer: its values by name, the account's settings, the ids of all attribute columns."""

    values: Mapping[str, Any]
    settings: Mapping[str, str]
    attributes: tuple[str, ...]

    def text(self, pieces: Iterable[Piece]) -> str | None:
        """The text of some pieces; None: left out."""
        found: list[str] = []
        for piece in pieces:
            text = piece if isinstance(piece, str) else self._piece(piece)
            if text is None:
                return None
            found.append(text)
        return "".join(found)

    def holds(self, condition: Condition) -> bool:
        return all(map(self._present, condition.present)) and not any(
            map(self._present, condition.missing)
        )

    def _piece(self, piece: Slot | Choose | Repeat | Join) -> str | None:
        if isinstance(piece, Slot):
            return self._slot(piece)
        if isinstance(piece, Choose):
            chosen = piece.then if self.holds(piece.condition) else piece.otherwise
            return None if chosen is None else self.text(chosen)
        if isinstance(piece, Repeat):
            return ",".join(self._elements(piece))
        texts = (self._item(item) for item in piece.items)
        return ",".join(text for text in texts if text is not None)

    def _item(self, item: tuple[Piece, ...]) -> str | None:
        """One item of a join; a repetition of nothing takes its comma along."""
        first = item[0]
        if isinstance(first, Repeat):
            return ",".join(self._elements(first)) or None
        return self.text(item)

    def _present(self, name: str | Source) -> bool:
        if not isinstance(name, Source):
            return name in self.settings or self._value(name) is not None
        if name.name == "attributes":
            return any(self.values[ATTRIBUTE + i] is not None for i in self.attributes)
        return bool(self.values.get(name.name))

    def _value(self, name: str) -> Any:
        column, _, index = name.partition(".")
        if column != "images":
            return self.values.get(name)
        images, at = self.values.get("images") or (), int(index)
        return images[at] if at < len(images) else None

    def _slot(self, slot: Slot) -> str:
        for name in slot.names:
            if name in self.settings:
                return constant(self.settings[name], slot.encoding)
            value = self._value(name)
            if value is not None:
                text = ENCODERS[slot.encoding](value)
                if text is None:
                    return "null"
                return f'"{text}"' if slot.encoding in QUOTED else text
        return "" if slot.encoding == "raw" else "null"

    def _elements(self, piece: Repeat) -> Iterator[str]:
        for words in self._words(piece.source):
            settings = {**self.settings, "key": words["key"]} if "key" in words else self.settings
            inside = replace(self, values={**self.values, **words}, settings=settings)
            text = inside.text(piece.item)
            assert text is not None, "an element is never left out"
            yield text

    def _words(self, source: Source) -> Iterator[dict[str, Any]]:
        """What the words of an `$each` mean, element by element."""
        if source.name == "attributes":
            for key in self.attributes:
                value = self.values[ATTRIBUTE + key]
                chosen = key not in source.skip and key in (source.only or (key,))
                if chosen and value is not None:
                    yield {"item": value, "key": key}
        elif source.name == "tiers":
            for tier in self.values.get("tiers") or ():
                yield {f"tier_{name}": value for name, value in tier.items()}
        else:
            yield from ({"item": element} for element in self.values.get(source.name) or ())
