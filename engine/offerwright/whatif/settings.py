"""`fact=value` → the rows of a snapshot with another value for one SKU, typed as the fact is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from offerwright.errors import OfferwrightError
from offerwright.expressions.types import Type, TypeName
from offerwright.facts.literals import parse_literal
from offerwright.facts.schema import UNIT_FACTORS, FactDef, FactSchema, FactValue
from offerwright.frames import map_column
from offerwright.rules.plan import AccountPlan
from offerwright.source.suggest import suggest
from offerwright.sync.known import LIVE_SCHEMA

MISSING = "missing"
LIVE: dict[str, TypeName] = {"live_price": "money", "live_quantity": "integer"}
"""What the marketplace last confirmed, which is no fact and may be set like one."""
_SCALE = 8
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_COMMA = re.compile(r"[+-]?[0-9.]*,[0-9]+")
_ELSEWHERE = {
    "as_of": "give --as-of",
    "today": "give --as-of",
    "account": "give --account",
    "marketplace": "give --account",
    "sku": "give another SKU",
    "price": "it is what the rules give",
    "sale_price": "it is what the rules give",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One value for one SKU: `column` of the snapshot, or of what is live. None is missing."""

    name: str
    written: str
    column: str
    value: FactValue | None
    is_live: bool = False


@dataclass(frozen=True)
class Known:
    """What may be set: the facts, the columns that the snapshot has, and for which account."""

    schema: FactSchema
    columns: Sequence[str]
    plan: AccountPlan


def settings(texts: Sequence[str], known: Known) -> tuple[Setting, ...]:
    """All that is set. Raises `OfferwrightError` as `setting`, and for a fact that is set twice."""
    found: dict[str, Setting] = {}
    for text in texts:
        one = setting(text, known)
        if one.column in found:
            raise OfferwrightError(f"--set {text}: `{one.name}` is set twice; give one value")
        found[one.column] = one
    return tuple(found.values())


def setting(text: str, known: Known) -> Setting:
    """
    One `fact=value`, `fact.key=value` of a map, or `live_price=value`.

    `missing` is what an empty cell is: no value, or the `missing` of its fact. Raises
    `OfferwrightError` for an unknown fact, for one that is computed, and for a value that is not of
    its type or outside its bounds.
    """
    name, equals, written = text.partition("=")
    name, written = name.strip(), written.strip()
    if not equals or not name:
        raise OfferwrightError(f"--set {text}: write fact=value, such as --set cost=12.00")
    if name in LIVE:
        kind = Type(LIVE[name], currency=known.plan.account.currency if "price" in name else "")
        value = _value(text, written, kind, "", known)
        if isinstance(value, int | Decimal) and value < 0:
            raise OfferwrightError(f"--set {text}: `{name}` is at least 0")
        return Setting(name, written, name, value, is_live=True)
    fact, column = _fact(name, known)
    value = _value(text, written, fact.cell, fact.separator, known)
    value = fact.missing if value is None else value
    _check_bounds(text, fact, value)
    return Setting(name, written, column, value)


def _fact(name: str, known: Known) -> tuple[FactDef, str]:
    plain, dot, key = name.partition(".")
    fact = known.schema.facts.get(plain)
    if fact is None:
        raise OfferwrightError(f"--set {name}: {_unknown(plain, known)}")
    place = f"{fact.span.file}:{fact.span.line}"
    if fact.type.name == "map":
        return fact, _key_column(name, fact, key, known)
    if dot:
        raise OfferwrightError(f"--set {name}: `{plain}` is {fact.type} without keys ({place})")
    if fact.per is None:
        return fact, fact.name
    account = known.plan.account
    scopes = {
        "marketplace": account.marketplace, "account": account.name,
        "trade_policy": account.trade_policy,
    }  # fmt: skip
    return fact, fact.scoped(scopes[fact.per])


def _key_column(name: str, fact: FactDef, key: str, known: Known) -> str:
    prefix = map_column(fact.name, "")
    keys = [one.removeprefix(prefix) for one in known.columns if one.startswith(prefix)]
    if key in keys:
        return map_column(fact.name, key)
    if not key:
        shown = ", ".join(map_column(fact.name, one) for one in keys[:6])
        raise OfferwrightError(
            f"--set {name}: `{fact.name}` is {fact.type}; name one of its keys: {shown}"
        )
    raise OfferwrightError(f"--set {name}: no row has the key {key!r}; {suggest(key, keys)}")


def _unknown(name: str, known: Known) -> str:
    derived = known.schema.derived.get(name)
    if derived is not None:
        return f"`{name}` is computed from other facts ({derived.span}); set those"
    for decision in known.plan.decisions:
        if name in dict(decision.results):
            return f"`{name}` is what the decision {decision.name} gives; set what it looks at"
    if name in _ELSEWHERE:
        return f"`{name}` is no fact; {_ELSEWHERE[name]}"
    return f"no fact is called {name!r}; {suggest(name, [*known.schema.facts, *LIVE])}"


def _value(text: str, written: str, type_: Type, separator: str, known: Known) -> FactValue | None:
    if written == MISSING:
        return None
    try:
        return parse_literal(_raw(written, type_, separator), type_, known.schema.time_zone)
    except ValueError as wrong:
        raise OfferwrightError(f"--set {text}: this is {type_}; {wrong}") from None


def _raw(written: str, type_: Type, separator: str) -> Any:
    """The text of a command line as YAML would give the value of this type."""
    if type_.name == "list" and type_.of is not None:
        inner = written.removeprefix("[").removesuffix("]")
        cut = "," if written.startswith("[") else separator
        return [_raw(one.strip(), type_.of, "") for one in inner.split(cut) if one.strip()]
    if type_.name == "boolean":
        return {"true": True, "false": False}.get(written.lower(), written)
    if not type_.is_decimal or type_.name == "percent":
        return written
    number, unit = _with_unit(written, type_)
    if _COMMA.fullmatch(number):
        if type_.name == "integer":
            raise ValueError("write a whole number with digits only")
        raise ValueError(
            f"write the number with a point: {number.replace('.', '').replace(',', '.')}"
        )
    if not _NUMBER.fullmatch(number):
        return written
    return Decimal(number) * unit


def _with_unit(written: str, type_: Type) -> tuple[str, Decimal]:
    """`500 g` as a number and what one of it is in the type's own unit; `12.00 BRL` likewise."""
    number, _, word = written.partition(" ")
    units = UNIT_FACTORS.get(type_.name, {})
    if type_.name == "money" and word == type_.currency:
        return number, Decimal(1)
    if word and word in units:
        return number, units[word]
    if word and units:
        raise ValueError(f"write one of the units {', '.join(units)}")
    if word and type_.name == "money":
        raise ValueError(f"write an amount in {type_.currency}")
    return written, Decimal(1)


def _check_bounds(text: str, fact: FactDef, value: FactValue | None) -> None:
    for one in value if isinstance(value, tuple) else (value,):
        if isinstance(one, bool) or not isinstance(one, int | Decimal):
            continue
        for bound, word, is_outside in (
            (fact.minimum, "at least", fact.minimum is not None and one < fact.minimum),
            (fact.maximum, "at most", fact.maximum is not None and one > fact.maximum),
        ):
            if is_outside:
                place = f"{fact.span.file}:{fact.span.line}"
                raise OfferwrightError(
                    f"--set {text}: `{fact.name}` is {word} {bound:f} ({place}); "
                    "a source with this value would have its row refused"
                )


def with_settings(rows: pl.DataFrame, sku: str, settings: Sequence[Setting]) -> pl.DataFrame:
    """The rows with the facts that are set for one SKU; other SKUs keep theirs."""
    here = pl.col("sku") == sku
    for one in settings:
        if one.is_live:
            continue
        dtype = _dtype(rows.schema[one.column], one.value)
        value = list(one.value) if isinstance(one.value, tuple) else one.value
        column = pl.col(one.column).cast(dtype)
        rows = rows.with_columns(
            pl.when(here).then(pl.lit(value, dtype=dtype)).otherwise(column).alias(one.column)
        )
    return rows


def with_live(live: pl.DataFrame, sku: str, settings: Sequence[Setting]) -> pl.DataFrame:
    """What is confirmed, with the live values that are set for one SKU."""
    for one in settings:
        if not one.is_live:
            continue
        if not len(live.filter(pl.col("sku") == sku)):
            nothing = {"sku": [sku], "was_sent": [False]}
            more = pl.DataFrame(nothing, schema_overrides={"sku": pl.String})
            live = pl.concat([live, more], how="diagonal_relaxed").cast(pl.Schema(LIVE_SCHEMA))
        names = ("live_price", "live_paid") if one.name == "live_price" else (one.name,)
        here = pl.col("sku") == sku
        live = live.with_columns(
            pl.when(here)
            .then(pl.lit(one.value, dtype=LIVE_SCHEMA[name]))
            .otherwise(name)
            .alias(name)
            for name in names
        )
        if one.name == "live_price":
            sent = pl.lit(one.value is not None)
            live = live.with_columns(
                pl.when(here).then(sent).otherwise("was_sent").alias("was_sent")
            )
    return live


def _dtype(dtype: pl.DataType, value: FactValue | None) -> pl.DataType:
    """The type of the column, with room for the decimals of the value."""
    if not isinstance(dtype, pl.Decimal) or not isinstance(value, Decimal):
        return dtype
    exponent = value.normalize().as_tuple().exponent
    needed = -exponent if isinstance(exponent, int) else 0
    return pl.Decimal(38, min(max(dtype.scale, needed, 0), _SCALE))
