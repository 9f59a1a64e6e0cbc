"""Source tables → one row per SKU: joins, map keys and scopes as columns, defaults, scales."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from offerwright.errors import SnapshotRefused
from offerwright.facts.cells import dtype_of
from offerwright.facts.schema import FactDef, FactSchema, FactValue, SourceDef
from offerwright.facts.table import ID, KEY, SourceTable
from offerwright.frames import map_column
from offerwright.money import SCALE

MAX_KEYS = 2_000
MAX_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Note:
    """Something a reader of a snapshot should know; `examples` are sorted, at most 5."""

    code: str
    source: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Joined:
    """The frame (`frames.SNAPSHOT`) and what was noticed."""

    frame: pl.DataFrame
    notes: tuple[Note, ...]


def join_tables(schema: FactSchema, tables: Mapping[str, SourceTable]) -> Joined:
    """One row per SKU of the universe, in its order; columns `sku`, then facts by name.

    A `missing:` default stands where the SKU has no row or a blank cell, never where a row of
    that SKU was refused.
    """
    joined = join_some(schema, tables)
    return Joined(with_least_scales(joined.frame), joined.notes)


def join_some(schema: FactSchema, tables: Mapping[str, SourceTable]) -> Joined:
    """The same of some SKUs with all their rows; decimals keep the scale of their facts."""
    base = tables[schema.universe].frame.select(ID)
    notes = list(_lookalikes(schema.universe, base[ID]))
    # What others join on stands in sources that are keyed by SKU: those come first.
    for name in sorted(schema.sources, key=lambda one: schema.sources[one].join is not None):
        table = tables[name]
        on = table.source.join or ID
        known = table.frame.filter(pl.col(ID).is_in(base[on].drop_nulls().unique().implode()))
        notes += unknown_ids(table, known)
        notes += _unknown_scopes(schema, table)
        wide = _wide(schema, table.source, known)
        joined = base.join(wide, left_on=on, right_on=ID, how="left", maintain_order="left")
        base = _with_defaults(schema, joined, table.source, tables)
    return Joined(base.select(columns_in_order(schema, base.columns)), tuple(notes))


def columns_in_order(schema: FactSchema, names: Iterable[str]) -> list[str]:
    """The columns of a snapshot that has these: `sku`, then those of every fact by name."""
    there = list(names)
    return [ID, *(c for fact in sorted(schema.facts) for c in _columns(schema, fact, there))]


def _columns(schema: FactSchema, fact: str, names: Iterable[str]) -> list[str]:
    if schema.facts[fact].type.name != "map":
        return list(schema.fixed_columns(fact))
    return sorted(name for name in names if name.startswith(map_column(fact, "")))


def _with_defaults(
    schema: FactSchema,
    frame: pl.DataFrame,
    source: SourceDef,
    tables: Mapping[str, SourceTable],
) -> pl.DataFrame:
    trusted = trusted_rows(schema, source, tables)
    return frame.with_columns(
        pl.when(pl.col(column).is_null() & trusted)
        .then(default_of(schema.facts[name]))
        .otherwise(pl.col(column))
        .alias(column)
        for name in source.facts
        if schema.facts[name].missing is not None
        for column in _columns(schema, name, frame.columns)
    )


def trusted_rows(
    schema: FactSchema, source: SourceDef, tables: Mapping[str, SourceTable]
) -> pl.Expr:
    """True for SKUs whose cell is missing for certain, not because a row was refused."""
    doubts = [(source.join or ID, tables[source.name].doubtful)]
    if source.join:
        doubts.append((ID, tables[schema.facts[source.join].source].doubtful))
    return pl.all_horizontal(
        ~pl.col(column).is_in(ids.implode()).fill_null(False) for column, ids in doubts
    )


def default_of(fact: FactDef) -> pl.Expr:
    """The `missing:` value of a fact as a literal of its column's dtype."""
    dtype = dtype_of(fact.type)
    plain: FactValue | list[object] | None = fact.missing
    if isinstance(plain, tuple):
        plain = list(plain)
    return pl.lit(pl.Series([plain], dtype=dtype)).first()


def _wide(schema: FactSchema, source: SourceDef, known: pl.DataFrame) -> pl.DataFrame:
    """One row per id: the columns of all facts of a source."""
    if source.is_one_per_id:
        return known
    wide = known.select(ID).unique()
    for name in source.facts:
        fact = schema.facts[name]
        columns = _keyed_columns(fact, known) if source.key else _scoped_columns(schema, fact)
        if columns:
            pivoted = _pivoted(name, known, columns)
            wide = wide.join(pivoted, on=ID, how="left")
    return wide


def _keyed_columns(fact: FactDef, known: pl.DataFrame) -> dict[str, str]:
    keys = known[KEY].unique().sort().to_list()
    refuse_too_many_keys(fact, len(keys))
    return {key: map_column(fact.name, key) for key in keys}


def refuse_too_many_keys(fact: FactDef, keys: int) -> None:
    """Raises SnapshotRefused where a map has more keys than a snapshot has room for."""
    if keys > MAX_KEYS:
        raise SnapshotRefused(
            f"The column `{fact.key}` (fact `{fact.name}`) has {keys:,} different keys; "
            f"a map may have {MAX_KEYS:,}. Is it the right column?"
        )


def _scoped_columns(schema: FactSchema, fact: FactDef) -> dict[str, str]:
    scopes = schema.scopes[fact.per] if fact.per else ()
    return {scope: fact.scoped(scope) for scope in scopes}


def _pivoted(fact: str, known: pl.DataFrame, columns: Mapping[str, str]) -> pl.DataFrame:
    # Named first: a key may be any text, `sku` too.
    column = pl.col(KEY).replace_strict(columns, default=None, return_dtype=pl.String)
    named = known.select(ID, column, fact).drop_nulls(KEY)
    return named.pivot(on=KEY, on_columns=list(columns.values()), index=ID, values=fact)


def unknown_ids(table: SourceTable, known: pl.DataFrame) -> Iterator[Note]:
    """The rows of a source that nothing is joined with."""
    count = table.frame.height - known.height
    if count:
        unknown = table.frame.select(ID).unique().join(known.select(ID).unique(), on=ID, how="anti")
        code = "UNKNOWN_KEY" if table.source.join else "UNKNOWN_SKU"
        yield _note(code, table.source.name, count, unknown[ID].to_list())


def _unknown_scopes(schema: FactSchema, table: SourceTable) -> Iterator[Note]:
    if table.source.per:
        names = list(schema.scopes[table.source.per])
        other = table.frame.filter(~pl.col(KEY).is_in(names))
        if other.height:
            yield _note("UNKNOWN_SCOPE", table.source.name, other.height, other[KEY].unique())


def _lookalikes(source: str, skus: pl.Series) -> Iterator[Note]:
    """SKUs that differ only by case, blanks around them, or composed against decomposed letters."""
    texts = skus.to_list()
    folded = [unicodedata.normalize("NFC", sku.strip()).casefold() for sku in texts]
    if len(set(folded)) == len(folded):
        return
    often = Counter(folded)
    alike = [sku for sku, fold in zip(texts, folded, strict=True) if often[fold] > 1]
    yield _note("LOOKALIKE_SKU", source, len(alike), alike)


def merged_notes(schema: FactSchema, notes: Iterable[Note]) -> tuple[Note, ...]:
    """The notes of parts as those of the whole, in the order in which the whole says them."""
    found: dict[tuple[str, str], Note] = {}
    for one in notes:
        before = found.get((one.source, one.code), Note(one.code, one.source, 0, ()))
        examples = {*before.examples, *one.examples}
        found[one.source, one.code] = _note(
            one.code, one.source, before.count + one.count, examples
        )
    ordered = sorted(schema.sources, key=lambda one: schema.sources[one].join is not None)
    codes = ("UNKNOWN_KEY", "UNKNOWN_SKU", "UNKNOWN_SCOPE")
    keys = [(schema.universe, "LOOKALIKE_SKU"), *((n, code) for n in ordered for code in codes)]
    return tuple(found[key] for key in keys if key in found)


def _note(code: str, source: str, count: int, examples: Iterable[str]) -> Note:
    return Note(code, source, count, tuple(sorted(examples)[:MAX_EXAMPLES]))


def with_least_scales(frame: pl.DataFrame) -> pl.DataFrame:
    """Every decimal column at the least scale that holds all its values exactly."""
    return at_scales(frame, least_scales(frame))


def least_scales(frame: pl.DataFrame) -> dict[str, int]:
    """The least scale of every decimal column that holds all its values exactly."""
    return {n: _least_scale(frame[n]) for n, dtype in frame.schema.items() if _is_decimal(dtype)}


def at_scales(frame: pl.DataFrame, scales: Mapping[str, int]) -> pl.DataFrame:
    """Decimal columns at these scales."""
    schema = frame.schema
    return frame.with_columns(
        pl.col(name).cast(_narrowed(schema[name], scale)) for name, scale in scales.items()
    )


def _is_decimal(dtype: pl.DataType) -> bool:
    inner = dtype.inner if isinstance(dtype, pl.List) else dtype
    return isinstance(inner, pl.Decimal)


def _narrowed(dtype: pl.DataType, scale: int) -> pl.DataType:
    narrow = pl.Decimal(38, scale)
    return pl.List(narrow) if isinstance(dtype, pl.List) else narrow


def _least_scale(values: pl.Series) -> int:
    flat = values.explode() if isinstance(values.dtype, pl.List) else values
    units = pl.DataFrame({"unit": flat.cast(pl.Decimal(38, SCALE)).to_physical()})
    for zeros in range(SCALE, 0, -1):
        divisor = pl.lit(10**zeros, dtype=pl.Int128)
        if units.select((pl.col("unit") % divisor == 0).all()).item():
            return SCALE - zeros
    return SCALE
