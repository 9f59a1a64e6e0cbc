"""
Many offers → payload bodies, column by column: a part's pieces as one string concatenation.

No row is touched by Python; the cost is that of the bytes, and each is written once. A piece that
is left out of some rows is a column that is empty there and brings its comma along; what is left
out of all rows, or of none, is decided beforehand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from offerwright.marketplaces.compiled import CompiledPayload
from offerwright.marketplaces.encode import ENCODERS
from offerwright.marketplaces.encode_value import QUOTED, TEXT_ONLY, constant
from offerwright.marketplaces.nodes import Condition, Slot, Source
from offerwright.marketplaces.pieces import Choose, Join, Piece, Repeat, merged
from offerwright.marketplaces.texts import ATTRIBUTE, Texts, Truth, presence

Part = str | pl.Expr
Item = tuple[Truth, list[Part]]
"""Where it is there, and what it says there."""


def render_columns(
    payload: CompiledPayload, texts: Texts, settings: Mapping[str, str], row: str
) -> pl.DataFrame:
    """`render` of any number of rows; `row` is the column of their positions."""
    size = len(texts.offers)
    scope = _Scope(texts, settings)
    kept = scope.holds(payload.requires)
    if kept is False or not size:
        return pl.DataFrame(schema={row: pl.UInt32, **{p.name: pl.String for p in payload.parts}})
    positions = pl.int_range(size, dtype=pl.UInt32, eager=True).alias(row).to_frame()
    written = positions.select(
        row,
        *(_concat(scope.parts(part.pieces)).alias(part.name) for part in payload.parts),
    )
    return written if kept is True else written.filter(kept)


def _concat(parts: Iterable[Part]) -> pl.Expr:
    """One text; null where a part is."""
    whole = merged(parts)
    columns = [part for part in whole if not isinstance(part, str)]
    if len(whole) == len(columns) == 1:
        return columns[0]
    # A template takes two thirds of the time that constants between columns take in a `concat_str`.
    written = ("{}" if not isinstance(p, str) else _braced(p) for p in whole)
    return pl.format("".join(written), *columns) if columns else pl.lit("".join(map(str, whole)))


def _braced(constant: str) -> str:
    return constant.replace("{", "{{").replace("}", "}}")


def _every(truths: Iterable[Truth]) -> Truth:
    mixed = [truth for truth in truths if truth is not True]
    if any(truth is False for truth in mixed):
        return False
    return pl.all_horizontal(mixed) if mixed else True


def _not(truth: Truth) -> Truth:
    return not truth if isinstance(truth, bool) else ~truth


@dataclass(frozen=True)
class _Scope:
    """
    What the names of a body mean here.

    `settings` are constants; `words` name the column behind the word of an `$each`, `element` the
    expression behind it inside a list; `decided` is what holds in all rows that are looked at.
    """

    texts: Texts
    settings: Mapping[str, str]
    words: Mapping[str, str] = field(default_factory=dict)
    element: Mapping[str, tuple[pl.Expr, pl.DataType]] = field(default_factory=dict)
    decided: Mapping[str | Source, bool] = field(default_factory=dict)

    def parts(self, pieces: Iterable[Piece]) -> Iterator[Part]:
        """What is concatenated; a null among them: left out."""
        for piece in pieces:
            if isinstance(piece, str):
                yield piece
            elif isinstance(piece, Slot):
                yield from self._slot(piece)
            elif isinstance(piece, Repeat):
                yield from self._repeat(piece)
            elif isinstance(piece, Join):
                yield from _joined([i for item in piece.items for i in self._items(item)])
            else:
                yield from self._choose(piece)

    def holds(self, condition: Condition) -> Truth:
        """Where a condition is true."""
        missing = (_not(self._present(name)) for name in condition.missing)
        return _every([*map(self._present, condition.present), *missing])

    def _present(self, name: str | Source) -> Truth:
        if name in self.decided:
            return self.decided[name]
        if isinstance(name, Source):
            return self._filled(name)
        if name in self.settings or name in self.element:
            return True
        column = self.words.get(name, name)
        return self.texts.has(column) and self.texts.present(column)

    def _filled(self, source: Source) -> Truth:
        if source.name != "attributes":
            return self.texts.has(source.name) and self.texts.filled(source.name)
        return _not(_every(_not(self.texts.present(c)) for c in self._attributes(source)))

    def _where(self, condition: Condition) -> _Scope:
        """The scope of the rows in which a condition holds."""
        present, missing = (dict.fromkeys(condition.present, True), condition.missing)
        return replace(self, decided={**self.decided, **present, **dict.fromkeys(missing, False)})

    def _choose(self, piece: Choose) -> Iterator[Part]:
        truth = self.holds(piece.condition)
        if truth is True:
            yield from self.parts(piece.then)
        elif truth is not False:
            then = _concat(self._where(piece.condition).parts(piece.then))
            other = piece.otherwise
            yield (
                pl.when(truth)
                .then(then)
                .otherwise(None if other is None else _concat(self.parts(other)))
            )
        elif piece.otherwise is None:
            yield pl.lit(None, dtype=pl.String)
        else:
            yield from self.parts(piece.otherwise)

    def _items(self, item: tuple[Piece, ...]) -> Iterator[Item]:
        """An item of a join; the attributes are as many."""
        first = item[0]
        if isinstance(first, Choose) and first.otherwise is None:
            there = self.holds(first.condition)
            if there is not False:
                yield there, list(self._where(first.condition).parts(first.then))
        elif isinstance(first, Repeat) and first.source.name == "attributes":
            yield from self._attribute_items(first)
        elif isinstance(first, Repeat):
            yield self._filled(first.source), list(self._elements(first))
        else:
            yield True, list(self.parts(item))

    def _slot(self, slot: Slot) -> Iterator[Part]:
        names, other = self._candidates(slot)
        if isinstance(other, pl.Expr):
            yield from ('"', other, '"') if slot.encoding in QUOTED else (other,)
            return
        nothing = other if other is not None else "" if slot.encoding == "raw" else "null"
        if not names:
            yield nothing
            return
        text = self.texts.text(names, slot.encoding)
        if isinstance(text, str):
            yield f'"{text}"' if slot.encoding in QUOTED else text
            return
        quoted = ('"', pl.lit(text), '"') if slot.encoding in QUOTED else (pl.lit(text),)
        is_text = slot.encoding in TEXT_ONLY and self.texts.values(names[-1]).dtype == pl.String
        sure = self.decided.get(names[-1]) is True and not is_text
        if sure or presence(text) is True:
            yield from quoted
        elif is_text and other is not None:
            # A text that is no number is null; only where there is none the setting stands.
            missing = _every(_not(self._present(name)) for name in names)
            unfit = pl.when(missing).then(pl.lit(other)).otherwise(pl.lit("null"))
            yield pl.coalesce(pl.lit(text), unfit)
        else:
            yield _concat(quoted).fill_null(nothing)

    def _candidates(self, slot: Slot) -> tuple[tuple[str, ...], Part | None]:
        """The columns that may hold the value, and what stands behind them all."""
        names: list[str] = []
        for name in slot.names:
            if name in self.settings:
                return tuple(names), constant(self.settings[name], slot.encoding)
            if name in self.element:
                value, dtype = self.element[name]
                text = ENCODERS[slot.encoding](value, dtype)
                return (), text.fill_null("null") if slot.encoding in TEXT_ONLY else text
            truth = self._present(name)
            if truth is not False:
                names.append(self.words.get(name, name))
            if truth is True:
                break
        return tuple(names), None

    def _repeat(self, piece: Repeat) -> Iterator[Part]:
        if piece.source.name == "attributes":
            yield from _joined(list(self._attribute_items(piece)))
        else:
            yield from _joined([(self._filled(piece.source), list(self._elements(piece)))])

    def _elements(self, piece: Repeat) -> Iterator[Part]:
        """The elements of a list, in the rows where there are some."""
        name = piece.source.name
        if self._filled(piece.source) is False:
            return
        inside = self._element(name)
        mixed = next(
            (n for n in _asked(piece.item) if not isinstance(inside._present(n), bool)), None
        )
        if mixed is not None:
            # Inside a list there are no columns: each answer is rendered where it is the one.
            sides = [replace(self, decided={**self.decided, mixed: t}) for t in (True, False)]
            yes, no = (_concat(side._elements(piece)) for side in sides)
            yield pl.when(inside._present(mixed)).then(yes).otherwise(no)
            return
        around = _around(piece.item, inside.settings)
        if around is not None:
            before, after = around
            yield from (before, pl.lit(self.texts.clean_list(name)).list.join(f"{after},{before}"))
            yield after
        else:
            item = _concat(inside.parts(piece.item))
            yield pl.lit(self.texts.values(name)).list.eval(item).list.join(",")

    def _element(self, name: str) -> _Scope:
        """What the words of an `$each` mean inside one element of a list."""
        if name != "tiers":
            return replace(self, words={}, element={"item": (pl.element(), pl.String())})
        held = self.texts.values(name).dtype
        assert isinstance(held, pl.List) and isinstance(held.inner, pl.Struct), f"{held} as tiers"
        part = pl.element().struct
        fields: dict[str, Any] = {
            f"tier_{f.name}": (part.field(f.name), f.dtype) for f in held.inner.fields
        }
        return replace(self, words={}, element=fields)

    def _attribute_items(self, piece: Repeat) -> Iterator[Item]:
        for column in self._attributes(piece.source):
            there = self.texts.present(column)
            if there is not False:
                named = {**self.settings, "key": column.removeprefix(ATTRIBUTE)}
                inside = replace(
                    self, settings=named, words={"item": column}, element={},
                    decided={**self.decided, "item": True, column: True},
                )  # fmt: skip
                yield there, list(inside.parts(piece.item))

    def _attributes(self, source: Source) -> Sequence[str]:
        chosen = (i for i in self.texts.attributes() if i not in source.skip)
        return [ATTRIBUTE + i for i in chosen if i in (source.only or (i,))]


def _joined(items: list[Item]) -> Iterator[Part]:
    """Items with a comma between those that are there."""
    items = [item for item in items if item[0] is not False]
    sure = next((i for i, (there, _) in enumerate(items) if there is True), None)
    if sure is None and len(items) > 1:
        # Nobody knows which is the first: the commas are counted row by row.
        each = [pl.when(there).then(_concat(parts)) for there, parts in items]
        yield pl.concat_str(each, separator=",", ignore_nulls=True)
        return
    for at, (there, parts) in enumerate(items):
        before = [","] if sure is not None and at > sure else []
        after = [","] if sure is not None and at < sure else []
        if there is True:
            yield from (*before, *parts)
        else:
            yield pl.when(there).then(_concat([*before, *parts, *after])).otherwise(pl.lit(""))


def _around(item: tuple[Piece, ...], settings: Mapping[str, str]) -> tuple[str, str] | None:
    """What stands before and after each element, where the element itself is the one value."""
    flat: list[str] = []
    at = None
    for piece in item:
        if isinstance(piece, str):
            flat.append(piece)
            continue
        if not isinstance(piece, Slot) or piece.encoding not in ("string", "raw"):
            return None
        first = piece.names[0]
        if first in settings:
            flat.append(constant(settings[first], piece.encoding))
        elif first == "item" and at is None:
            quote = '"' if piece.encoding in QUOTED else ""
            flat.append(quote)
            at = len(flat)
            flat.append(quote)
        else:
            return None
    return None if at is None else ("".join(flat[:at]), "".join(flat[at:]))


def _asked(pieces: Iterable[Piece]) -> Iterator[str | Source]:
    """The names that conditions among some pieces ask for."""
    for piece in pieces:
        if isinstance(piece, Choose):
            yield from (*piece.condition.present, *piece.condition.missing)
            yield from _asked((*piece.then, *(piece.otherwise or ())))
        elif isinstance(piece, Repeat):
            yield from _asked(piece.item)
        elif isinstance(piece, Join):
            for item in piece.items:
                yield from _asked(item)
