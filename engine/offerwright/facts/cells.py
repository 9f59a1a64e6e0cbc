"""Columns of text → typed columns: what is not written in a type's grammar becomes null."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from offerwright.expressions.types import Type
from offerwright.facts.literals import MAX_INTEGER_DIGITS, MAX_NUMBER_DIGITS, SECONDS
from offerwright.facts.read import MAX_CELL
from offerwright.facts.schema import UNIT_FACTORS, FactDef
from offerwright.money import SCALE

BLANKS = " \t\r\n"
WIDE = pl.Decimal(38, SCALE)

_NUMBER = r"^[+-]?[0-9]+(\.[0-9]+)?$"
_COMMA_NUMBER = r"^[+-]?([0-9]+|[0-9]{1,3}(\.[0-9]{3})+)(,[0-9]+)?$"
_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_DATETIME = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?$"
)
_SECONDS_WRITTEN = r":[0-9]{2}:[0-9]{2}"


@dataclass(frozen=True, slots=True)
class CellFormat:
    """How the cells of one fact are written."""

    type: Type
    time_zone: str
    decimal_comma: bool = False
    unit: str = ""
    separator: str = "|"

    @property
    def factor(self) -> Decimal:
        """Source unit → the type's own; a percent is a hundredth."""
        if self.type.name == "percent":
            return Decimal("0.01")
        return UNIT_FACTORS.get(self.type.name, {}).get(self.unit, Decimal(1))

    @property
    def decimals(self) -> int:
        """How many decimals a cell may have so that the value has at most 8."""
        return SCALE + min(0, int(self.factor.adjusted()))


def cell_format(fact: FactDef, time_zone: str, decimal_comma: bool) -> CellFormat:
    """How one written value of a fact looks: for a list or map that of an element."""
    return CellFormat(fact.element, time_zone, decimal_comma, fact.unit, fact.separator)


def dtype_of(type_: Type) -> pl.DataType:
    """The Polars dtype of a fact's column while it is built; decimals are at the widest scale."""
    if type_.name == "list" and type_.of:
        return pl.List(dtype_of(type_.of))
    if type_.name == "map" and type_.of:
        return dtype_of(type_.of)
    if type_.is_text:
        return pl.String()
    words: dict[str, pl.DataType] = {
        "boolean": pl.Boolean(),
        "integer": pl.Int64(),
        "date": pl.Date(),
        "datetime": pl.Datetime("us", "UTC"),
        "duration": pl.Int64(),
    }
    return words.get(type_.name, WIDE)


def is_blank(cell: pl.Expr) -> pl.Expr:
    """True for a missing cell: null, or nothing but ASCII blanks."""
    return cell.is_null() | (cell.str.strip_chars(BLANKS) == "")


def parse_scalars(cells: pl.Series, format_: CellFormat) -> pl.Series:
    """Text cells as values of a type (`dtype_of`); null where blank or not in the grammar.

    ASCII blanks around a value do not count, but a `text` stays exactly as written.
    """
    kept = pl.col("cell") if format_.type.name == "text" else pl.col("cell").str.strip_chars(BLANKS)
    present = pl.when(~is_blank(pl.col("cell"))).then(kept)
    frame = pl.DataFrame({"cell": cells}).select(present.alias("cell"))
    parsed = frame.select(_PARSERS[format_.type.name](pl.col("cell"), format_).alias("value"))
    return parsed["value"].cast(dtype_of(format_.type))


def _keep(cell: pl.Expr, valid: pl.Expr) -> pl.Expr:
    return pl.when(valid).then(cell)


def _text(cell: pl.Expr, format_: CellFormat) -> pl.Expr:
    nul = cell.str.contains("\0", literal=True)
    return _keep(cell, ~nul & (cell.str.len_chars() <= MAX_CELL))


def _enum(cell: pl.Expr, format_: CellFormat) -> pl.Expr:
    return _keep(cell, cell.is_in(list(format_.type.values)))


def _path(cell: pl.Expr, format_: CellFormat) -> pl.Expr:
    joined = _text(cell, format_).str.replace_all(r"[ \t]*/[ \t]*", "/")
    return _keep(joined, ~joined.str.contains(r"^/|//|/$"))


def _boolean(cell: pl.Expr, format_: CellFormat) -> pl.Expr:
    word = cell.str.to_lowercase()
    return pl.when(word == "true").then(True).when(word == "false").then(False)


def _digits(cell: pl.Expr, format_: CellFormat) -> pl.Expr:
    """A number with a point, null where it is not one of at most 30 digits."""
    pattern = _COMMA_NUMBER if format_.decimal_comma else _NUMBER
    few = cell.str.count_matches("[0-9]") <= MAX_NUMBER_DIGITS
    number = _keep(cell, cell.str.contains(pattern) & few)
    if format_.decimal_comma:
        number = number.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    return number


def _integer(cell: pl.Expr, format_: CellFormat) -> pl.Expr:
    whole = _digits(cell, format_).str.replace(r"\.0+$", "")
    short = whole.str.contains(rf"^[+-]?[0-9]{{1,{MAX_INTEGER_DIGITS}}}$")
    return _keep(whole, short).str.strip_prefix("+").cast(pl.Int64)


def _decimal(cell: pl.Expr, format_: CellFormat) -> pl.Expr:
    number = _digits(cell, format_)
    # Digits of the whole part are bounded too, so that changing the unit cannot overflow.
    fits = number.str.contains(rf"^[+-]?[0-9]{{1,26}}(\.[0-9]{{1,{format_.decimals}}})?$")
    value = _keep(number, fits).cast(WIDE)
    if format_.factor == 1:
        return value
    # Exact: the decimals allowed above leave the product at most 8.
    scale = max(0, -int(format_.factor.adjusted()))
    return (value * pl.lit(format_.factor, dtype=pl.Decimal(38, scale))).cast(WIDE)


def _percent(cell: pl.Expr, format_: CellFormat) -> pl.Expr:
    signed = cell.str.extract(r"^([^%]*[^% ]) ?%$", 1)
    return _decimal(signed, format_)


def _date(cell: pl.Expr, format_: CellFormat) -> pl.Expr:
    written = cell.str.contains(_DATE) & ~cell.str.starts_with("0000")
    return _keep(cell, written).str.to_date("%Y-%m-%d", strict=False)


def _datetime(cell: pl.Expr, format_: CellFormat) -> pl.Expr:
    written = cell.str.contains(_DATETIME) & ~cell.str.starts_with("0000")
    leap = cell.str.contains(r":60")
    text = _keep(cell, written & ~leap).str.replace("T", " ", literal=True)
    text = text.str.replace("Z", "+00:00", literal=True)
    text = (
        pl.when(text.str.contains(_SECONDS_WRITTEN + r"|^.{16}$"))
        .then(text)
        .otherwise(text.str.head(16) + ":00" + text.str.slice(16))
    )
    text = pl.when(text.str.len_chars() == 16).then(text + ":00").otherwise(text)
    has_offset = text.str.contains(r"[+-][0-9]{2}:[0-9]{2}$")
    moment = text.str.to_datetime("%Y-%m-%d %H:%M:%S%.f%z", time_unit="us", strict=False)
    local = _keep(text, ~has_offset).str.to_datetime(
        "%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False
    )
    zoned = local.dt.replace_time_zone(
        format_.time_zone, ambiguous="null", non_existent="null"
    ).dt.convert_time_zone("UTC")
    return pl.when(has_offset).then(moment).otherwise(zoned)


def _duration(cell: pl.Expr, format_: CellFormat) -> pl.Expr:
    pattern = r"^([0-9]{1,9}) ?(second|minute|hour|day)s?$"
    count = cell.str.extract(pattern, 1).cast(pl.Int64)
    seconds = cell.str.extract(pattern, 2).replace_strict(SECONDS, return_dtype=pl.Int64)
    return count * seconds


_PARSERS: dict[str, Callable[[pl.Expr, CellFormat], pl.Expr]] = {
    "text": _text,
    "enum": _enum,
    "path": _path,
    "boolean": _boolean,
    "integer": _integer,
    "number": _decimal,
    "money": _decimal,
    "weight": _decimal,
    "length": _decimal,
    "percent": _percent,
    "date": _date,
    "datetime": _datetime,
    "duration": _duration,
}
