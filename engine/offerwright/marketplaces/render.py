"""
Offers → payload bodies, in bulk: a payload's pieces as one string concatenation per part.

No row is touched by Python; the cost is the bytes that are written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from offerwright.marketplaces.body import Condition, Slot, Source
from offerwright.marketplaces.payload import (
    Choose,
    CompiledPayload,
    Join,
    Piece,
    Repeat,
    escaped,
    json_text,
    merged,
)

if TYPE_CHECKING:
    import polars as pl

ROW = "row"
ATTRIBUTE = "attribute."
# A whole JSON number; anything else in a text that must be written as a number becomes null.
NUMBER = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"
# JSON's two own characters and the 32 control characters; U+2028 and all else stay as they are.
ESCAPES = {chr(code): escaped(chr(code)) for code in (34, 92, *range(32))}


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

    settings = {f"account.{name}": account[name] for name in payload.needs}
    scope = _Scope(dict(offers.schema), settings)
    required = scope.holds(payload.requires)
    rows = offers.with_row_index(ROW)
    kept = rows.select(
        pl.col(ROW).cast(pl.UInt32),
        *(scope.text(part.pieces).alias(part.name) for part in payload.parts),
        required.alias("__required"),
    )
    return kept.filter("__required").drop("__required")


@dataclass(frozen=True)
class _Scope:
    """What the names of a body mean: columns of a schema, constants, the words of an `$each`."""

    schema: Mapping[str, pl.DataType]
    constants: Mapping[str, str]
    words: Mapping[str, pl.Expr | str] | None = None

    def text(self, pieces: tuple[Piece, ...]) -> pl.Expr:
        """The concatenation of the pieces; null only where an item is left out."""
        import polars as pl

        known = merged(piece for p in pieces for piece in [self._constant(p)])
        parts = [
            pl.lit(p, dtype=pl.String) if isinstance(p, str) else self._piece(p) for p in known
        ]
        return parts[0] if len(parts) == 1 else pl.concat_str(parts)

    def _constant(self, piece: Piece) -> Piece:
        """A slot of a setting as text; anything else as it is."""
        if isinstance(piece, Slot):
            value = self._setting(piece.names[0])
            if value is not None:
                return CONSTANTS[piece.encoding](value)
        return piece

    def _setting(self, name: str) -> str | None:
        found = self.constants.get(name)
        if found is None and self.words is not None:
            word = self.words.get(name)
            found = word if isinstance(word, str) else None
        return found

    def _piece(self, piece: Piece) -> pl.Expr:
        import polars as pl

        if isinstance(piece, Slot):
            return self._slot(piece)
        if isinstance(piece, Join):
            items = [self.text(item) for item in piece.items]
            return pl.concat_str(items, separator=",", ignore_nulls=True)
        if isinstance(piece, Repeat):
            return self._repeat(piece)
        assert isinstance(piece, Choose)
        otherwise = None if piece.otherwise is None else self.text(piece.otherwise)
        condition = self.holds(piece.condition)
        return pl.when(condition).then(self.text(piece.then)).otherwise(otherwise)

    def _slot(self, slot: Slot) -> pl.Expr:
        import polars as pl

        values = [self._value(name) for name in slot.names]
        value = values[0] if len(values) == 1 else pl.coalesce(values)
        written = ENCODERS[slot.encoding](value, self._type(slot.names[0]))
        return written.fill_null("" if slot.encoding == "raw" else "null")

    def _value(self, name: str) -> pl.Expr:
        import polars as pl

        if self.words is not None and name in self.words:
            word = self.words[name]
            return pl.lit(word) if isinstance(word, str) else word
        if name.startswith("images."):
            return self._value("images").list.get(int(name[7:]), null_on_oob=True)
        if name not in self.schema:
            return pl.lit(None, dtype=pl.List(pl.String) if name == "images" else pl.String)
        return pl.col(name)

    def _type(self, name: str) -> pl.DataType:
        import polars as pl

        return self.schema.get(name, pl.String())

    def holds(self, condition: Condition) -> pl.Expr:
        """Whether a condition is true, row by row."""
        import polars as pl

        present = [self._present(name) for name in condition.present]
        missing = [~self._present(name) for name in condition.missing]
        return pl.all_horizontal(pl.lit(True), *present, *missing)

    def _present(self, name: str | Source) -> pl.Expr:
        import polars as pl

        if isinstance(name, str):
            return (
                pl.lit(True) if self._setting(name) is not None else self._value(name).is_not_null()
            )
        if name.name == "attributes":
            columns = self._attributes(name)
            return pl.any_horizontal(pl.lit(False), *(pl.col(c).is_not_null() for c in columns))
        return (self._value(name.name).list.drop_nulls().list.len() > 0).fill_null(False)

    def _attributes(self, source: Source) -> list[str]:
        """The attribute columns by id, so that the order does not depend on the mapping's layout."""
        ids = sorted(c[len(ATTRIBUTE):] for c in self.schema if c.startswith(ATTRIBUTE))  # fmt: skip
        return [
            ATTRIBUTE + i for i in ids if i not in source.skip and i in (source.only or (i,))
        ]  # fmt: skip

    def _repeat(self, piece: Repeat) -> pl.Expr:
        import polars as pl

        if piece.source.name == "attributes":
            items = [
                pl.when(pl.col(column).is_not_null()).then(
                    self._inside({"item": pl.col(column), "key": column[len(ATTRIBUTE):]})
                    .text(piece.item)
                )
                for column in self._attributes(piece.source)
            ]  # fmt: skip
            joined = pl.concat_str([pl.lit(""), *items], separator=",", ignore_nulls=True)
            return pl.when(self._present(piece.source)).then(joined.str.slice(1))
        item = self._inside({"item": pl.element()}).text(piece.item)
        joined = self._value(piece.source.name).list.drop_nulls().list.eval(item).list.join(",")
        return pl.when(joined != "").then(joined)

    def _inside(self, words: Mapping[str, pl.Expr | str]) -> _Scope:
        return _Scope(self.schema, self.constants, words)


def _escape(value: pl.Expr) -> pl.Expr:
    return value.str.replace_many(list(ESCAPES), list(ESCAPES.values()))


def _plain(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """The text of a value, not yet escaped: amounts with the digits of their column."""
    import polars as pl

    if dtype == pl.Datetime:
        return value.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value if dtype == pl.String else value.cast(pl.String)


def _raw(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    import polars as pl

    plain = _plain(value, dtype)
    return _escape(plain) if dtype == pl.String else plain


def _quoted(value: pl.Expr) -> pl.Expr:
    import polars as pl

    return pl.concat_str([pl.lit('"'), value, pl.lit('"')])


def _string(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    return _quoted(_raw(value, dtype))


def _number(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    import polars as pl

    if dtype == pl.String:
        return pl.when(value.str.contains(NUMBER)).then(value)
    return value.cast(pl.String)


def _boolean(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    import polars as pl

    if dtype == pl.String:
        return pl.when(value.is_in(["true", "false"])).then(value)
    return (value > 0).replace_strict({True: "true", False: "false"}, return_dtype=pl.String)


def _cents(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    import polars as pl

    return value.to_physical().cast(pl.String)


def _micros(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    import polars as pl

    assert isinstance(dtype, pl.Decimal)
    zeros = 10 ** (6 - dtype.scale)
    return _quoted((value.to_physical() * zeros).cast(pl.String))


def _comma(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    return _quoted(_plain(value, dtype).str.replace(".", ",", literal=True))


def _date(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    return _quoted(value.dt.strftime("%Y-%m-%d"))


ENCODERS: dict[str, Callable[[pl.Expr, pl.DataType], pl.Expr]] = {
    "raw": _raw,
    "string": _string,
    "number": _number,
    "boolean": _boolean,
    "cents": _cents,
    "micros": _micros,
    "comma": _comma,
    "date": _date,
}


def _if_number(text: str) -> str:
    import re

    return text if re.fullmatch(NUMBER, text, re.ASCII) else "null"


CONSTANTS: dict[str, Callable[[str], str]] = {
    "raw": escaped,
    "string": json_text,
    "number": _if_number,
    "boolean": lambda text: text if text in ("true", "false") else "null",
}
