"""
Offers → payload bodies, in bulk: a payload's pieces as one string concatenation per part.

No row is touched by Python; the cost is that of the bytes that are written. Quotes around columns
without a null join the constants beside them, which halves the number of intermediate columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from offerwright.marketplaces.nodes import Condition, Slot, Source
from offerwright.marketplaces.payload import CompiledPayload
from offerwright.marketplaces.pieces import Join, Piece, Repeat, merged

if TYPE_CHECKING:
    import polars as pl

ROW = "row"
ATTRIBUTE = "attribute."
_KEPT = "__kept"


def render(
    payload: CompiledPayload, offers: pl.DataFrame, account: Mapping[str, str]
) -> pl.DataFrame:
    """
    Write a payload's bodies.

    Args:
        payload: what to write.
        offers: one row per SKU of one account, `frames.OFFERS`; absent columns count as missing.
        account: the account's settings (see `Marketplace.account_settings`).

    Returns:
        `row` UInt32 (position in `offers`) and one String column per part, in the order of
        `offers`. Rows without a value that the payload requires are left out. A part is null where
        its own `$when` fails: it is not sent. Same offers, same bytes.

    Raises:
        KeyError: the account lacks a setting in `payload.needs`.
    """
    import polars as pl

    offers = _without_null_elements(offers)
    scope = _Scope(
        schema=dict(offers.schema),
        full=frozenset(c for c in offers.columns if offers[c].null_count() == 0),
        constants=_settings(payload, account),
    )
    written = offers.with_row_index(ROW).select(
        pl.col(ROW).cast(pl.UInt32),
        *(scope.text(part.pieces).alias(part.name) for part in payload.parts),
        scope.holds(payload.requires).alias(_KEPT),
    )
    return written.filter(_KEPT).drop(_KEPT)


def _settings(payload: CompiledPayload, account: Mapping[str, str]) -> dict[str, str]:
    needed = {name: account[name] for name in payload.needs}
    wished = {name: account[name] for name in payload.optional if name in account}
    return {f"account.{name}": value for name, value in (needed | wished).items()}


def _without_null_elements(offers: pl.DataFrame) -> pl.DataFrame:
    """Lists without null elements; checked first, because dropping costs as much as rendering."""
    import polars as pl

    lists = [c for c, dtype in offers.schema.items() if isinstance(dtype, pl.List)]
    holed = [
        c
        for c in lists
        if offers[c].drop_nulls().list.eval(pl.element().is_null().any()).list.first().any()
    ]
    return offers.with_columns(pl.col(holed).list.drop_nulls()) if holed else offers


@dataclass(frozen=True)
class _Scope:
    """What the names of a body mean here: columns, constants, the words of an `$each`.

    `full` are the names that are never null.
    """

    schema: Mapping[str, pl.DataType]
    full: frozenset[str]
    constants: Mapping[str, str]
    words: Mapping[str, pl.Expr] = field(default_factory=dict)

    def text(self, pieces: tuple[Piece, ...]) -> pl.Expr:
        """The concatenation of the pieces; null only where an item is left out."""
        import polars as pl

        parts = [
            pl.lit(part, dtype=pl.String) if isinstance(part, str) else part
            for part in merged(part for piece in pieces for part in self._parts(piece))
        ]
        return parts[0] if len(parts) == 1 else pl.concat_str(parts)

    def holds(self, condition: Condition) -> pl.Expr:
        """Whether a condition is true, row by row."""
        import polars as pl

        present = [self._present(name) for name in condition.present]
        missing = [~self._present(name) for name in condition.missing]
        return pl.all_horizontal(pl.lit(True), *present, *missing)

    def _parts(self, piece: Piece) -> Iterator[str | pl.Expr]:
        import polars as pl

        if isinstance(piece, str):
            yield piece
        elif isinstance(piece, Slot):
            yield from self._slot(piece)
        elif isinstance(piece, Repeat):
            yield self._repeat(piece)
        elif isinstance(piece, Join):
            items = [self._item(item) for item in piece.items]
            yield pl.concat_str(items, separator=",", ignore_nulls=True)
        elif all(self._never_null(name) for name in piece.condition.present) and not (
            piece.condition.missing
        ):
            yield from (part for inner in piece.then for part in self._parts(inner))
        else:
            otherwise = None if piece.otherwise is None else self.text(piece.otherwise)
            yield (
                pl.when(self.holds(piece.condition))
                .then(self.text(piece.then))
                .otherwise(otherwise)
            )

    def _item(self, item: tuple[Piece, ...]) -> pl.Expr:
        """One item of a join: null where it is left out, so that it takes its comma along."""
        import polars as pl

        text = self.text(item)
        repeats = item[0].source if isinstance(item[0], Repeat) else None
        return text if repeats is None else pl.when(self._present(repeats)).then(text)

    def _slot(self, slot: Slot) -> Iterator[str | pl.Expr]:
        import polars as pl

        from offerwright.marketplaces.encode import ENCODERS, QUOTED, TEXT_ONLY, constant

        first = slot.names[0]
        if first in self.constants:
            yield constant(self.constants[first], slot.encoding)
            return
        dtype = next((self._type(n) for n in slot.names if self._known(n)), None)
        assert dtype is None or not dtype.is_float(), f"{first} is a float"
        if dtype is None:
            yield "" if slot.encoding == "raw" else "null"
            return
        values = [self._value(name) for name in slot.names if self._known(name)]
        text = ENCODERS[slot.encoding](
            values[0] if len(values) == 1 else pl.coalesce(values), dtype
        )
        quote = '"' if slot.encoding in QUOTED else ""
        always = any(self._never_null(name) for name in slot.names)
        if always and not (slot.encoding in TEXT_ONLY and dtype == pl.String):
            yield from (quote, text, quote)
        elif slot.encoding == "raw":
            yield text.fill_null("")
        else:
            quoted = pl.concat_str([pl.lit(quote), text, pl.lit(quote)]) if quote else text
            yield quoted.fill_null("null")

    def _repeat(self, piece: Repeat) -> pl.Expr:
        import polars as pl

        if piece.source.name == "attributes":
            items = [self._attribute(column, piece) for column in self._attributes(piece.source)]
            return pl.concat_str([pl.lit(""), *items], separator=",", ignore_nulls=True).str.slice(
                1
            )
        if not self._known(piece.source.name):
            return pl.lit("")
        item = self._element(piece.source.name).text(piece.item)
        return self._value(piece.source.name).list.eval(item).list.join(",").fill_null("")

    def _element(self, name: str) -> _Scope:
        """What the words of an `$each` mean inside one element of a list."""
        import polars as pl

        if name != "tiers":
            return replace(self, words={"item": pl.element()}, full=self.full | {"item"})
        part = pl.element().struct
        words = {"tier_quantity": part.field("quantity"), "tier_price": part.field("price")}
        held = self.schema[name]
        assert isinstance(held, pl.List) and isinstance(held.inner, pl.Struct), f"{held} as tiers"
        types: dict[str, Any] = {f"tier_{f.name}": f.dtype for f in held.inner.fields}
        return replace(
            self, words=words, full=self.full | words.keys(), schema={**self.schema, **types}
        )

    def _attribute(self, column: str, piece: Repeat) -> pl.Expr:
        import polars as pl

        inside = replace(
            self,
            words={"item": pl.col(column)},
            full=self.full | {"item"},
            constants={**self.constants, "key": column.removeprefix(ATTRIBUTE)},
        )
        item = inside.text(piece.item)
        return item if column in self.full else pl.when(pl.col(column).is_not_null()).then(item)

    def _attributes(self, source: Source) -> list[str]:
        """The attribute columns, by id: a mapping's layout does not change the bytes."""
        ids = sorted(c.removeprefix(ATTRIBUTE) for c in self.schema if c.startswith(ATTRIBUTE))
        chosen = (i for i in ids if i not in source.skip and i in (source.only or (i,)))
        return [ATTRIBUTE + i for i in chosen]

    def _value(self, name: str) -> pl.Expr:
        import polars as pl

        if name in self.words:
            return self.words[name]
        column, _, index = name.partition(".")
        if column == "images" and index:
            return pl.col(column).list.get(int(index), null_on_oob=True)
        return pl.col(name)

    def _known(self, name: str) -> bool:
        column = "images" if name.startswith("images.") else name
        return name in self.words or column in self.schema

    def _type(self, name: str) -> pl.DataType:
        import polars as pl

        return self.schema.get(name, pl.String())

    def _never_null(self, name: str | Source) -> bool:
        return name in self.full or name in self.constants

    def _present(self, name: str | Source) -> pl.Expr:
        import polars as pl

        if isinstance(name, Source) and name.name == "attributes":
            columns = self._attributes(name)
            return pl.any_horizontal(pl.lit(False), *(pl.col(c).is_not_null() for c in columns))
        column = name.name if isinstance(name, Source) else name
        if self._never_null(name):
            return pl.lit(True)
        if not self._known(column):
            return pl.lit(False)
        value = self._value(column)
        return (
            (value.list.len() > 0).fill_null(False)
            if isinstance(name, Source)
            else value.is_not_null()
        )
