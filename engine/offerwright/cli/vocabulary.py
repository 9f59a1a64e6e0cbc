"""A linked repository and its snapshot → the vocabulary that editors complete."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from offerwright.expressions.types import Type
from offerwright.facts.document import FactsDocument
from offerwright.facts.schema import FactDef
from offerwright.guards.document import GuardsDocument
from offerwright.money import CURRENCY_DIGITS
from offerwright.pipeline import Loadout
from offerwright.rules.document import ListsDocument
from offerwright.rules.inventory_document import InventoryDocument
from offerwright.source.document import Document
from offerwright.source.located import Loaded
from offerwright.source.vocabulary import (
    MOST_VALUES,
    FactWords,
    Vocabulary,
    sorted_names,
    worth_offering,
)

if TYPE_CHECKING:
    import polars as pl

    from offerwright.facts.snapshot import StoredSnapshot

# Names that every condition may use and no source delivers.
_ENGINE = (
    ("account", "text", "The account of the offer."),
    ("marketplace", "text", "The marketplace of the offer."),
    ("sku", "text", "The SKU."),
    ("today", "date", "The day of the computation, in the shop's time zone."),
    ("live_price", "money", "The last price that the marketplace has confirmed."),
    ("live_quantity", "integer", "The last quantity that the marketplace has confirmed."),
    ("price", "money", "In pricing: the price so far."),
    ("sale_price", "money", "In pricing: the sale price so far."),
)


@dataclass(frozen=True)
class _Seen:
    """What the cells of a fact hold: how often each value, or the least and the greatest."""

    counts: dict[str, int] = field(default_factory=dict)
    low: Any = None
    high: Any = None


def shop_vocabulary(loadout: Loadout, snapshot: StoredSnapshot) -> Vocabulary:
    """The words of a shop: facts with the values of the snapshot, and what its documents name."""
    facts = [*_engine_words(loadout), *_facts(loadout, snapshot.frame)]
    facts += [FactWords(name, "computed", _code(str(derived.expression)))
              for name, derived in loadout.schema.derived.items()]  # fmt: skip
    documents = loadout.documents
    lists = [one for one in documents if isinstance(one.document, ListsDocument)]
    names = {
        "accounts": loadout.shop.document.accounts,
        "guards": [guard.id for one in documents if isinstance(one.document, GuardsDocument)
                   for guard in one.document.guards],
        "lists": [one.name for one in lists if isinstance(one.document, ListsDocument)
                  and one.document.values is not None],
        "marketplaces": loadout.marketplaces,
        "nodes": _nodes(loadout, snapshot.frame),
        "rules": [name for one in documents for name in _rule_ids(one)],
        "sources": loadout.shop.document.sources,
    }  # fmt: skip
    kept = sorted({fact.name: fact for fact in facts}.values(), key=lambda fact: fact.name)
    return Vocabulary(tuple(kept[:MOST_VALUES]), {k: sorted_names(v) for k, v in names.items()})


def _engine_words(loadout: Loadout) -> list[FactWords]:
    values = {
        "account": sorted_names(loadout.shop.document.accounts),
        "marketplace": sorted_names(loadout.marketplaces),
    }
    return [FactWords(name, kind, about, values.get(name, ())) for name, kind, about in _ENGINE]


def _facts(loadout: Loadout, frame: pl.DataFrame) -> Iterator[FactWords]:
    """Every fact, and of a map every key that the snapshot has."""
    notes = {
        name: fact.note or ""
        for one in loadout.documents if isinstance(one.document, FactsDocument)
        for name, fact in one.document.facts.items()
    }  # fmt: skip
    for name, fact in loadout.schema.facts.items():
        about = ". ".join(filter(None, (notes.get(name, "").rstrip("."), _origin(fact))))
        columns = [c for c in frame.columns if c == name or c.startswith(f"{name}@")]
        yield _words(name, fact, about, [frame[column] for column in columns])
        if fact.type.name == "map":
            for column in sorted(c for c in frame.columns if c.startswith(f"{name}.")):
                yield _words(column, fact, about, [frame[column]])


def _words(name: str, fact: FactDef, about: str, columns: list[pl.Series]) -> FactWords:
    kind = fact.type if name == fact.name else fact.cell
    seen = _seen(columns)
    values = kind.values or worth_offering(seen.counts, fact.element.name == "path")
    shown = [_written(bound, kind) for bound in (seen.low, seen.high)]
    return FactWords(name, str(kind), about, tuple(values), len(seen.counts), shown[0], shown[1])


def _seen(columns: list[pl.Series]) -> _Seen:
    import polars as pl

    counts: dict[str, int] = {}
    bounds: list[Any] = []
    for column in columns:
        cells = column.explode() if isinstance(column.dtype, pl.List) else column
        cells = cells.drop_nulls()
        if cells.dtype == pl.String:
            for value, count in cells.value_counts().iter_rows():
                counts[value] = counts.get(value, 0) + count
        elif cells.dtype != pl.Boolean and len(cells):
            bounds += [cells.min(), cells.max()]
    return _Seen(counts, min(bounds, default=None), max(bounds, default=None))


def _written(bound: Any, kind: Type) -> str:
    """A bound as it is written in a rule."""
    if bound is None:
        return ""
    if isinstance(bound, Decimal) and kind.name == "percent":
        return f"{(bound * 100).normalize():f}%"
    if isinstance(bound, Decimal):
        # The scale of a column is that of its longest cell; money shows its cents in any case.
        digits = CURRENCY_DIGITS.get(kind.currency, 0) if kind.name == "money" else 0
        scale = -int(bound.as_tuple().exponent)
        return f"{bound:.{max(digits, scale)}f}"
    return str(bound)


def _origin(fact: FactDef) -> str:
    return f"From {_code(f'{fact.source}.{fact.column}')}"


def _code(text: str) -> str:
    return f"`{text.replace('`', ' ')}`"


def _rule_ids(loaded: Loaded[Document]) -> Iterator[str]:
    """The ids of steps and rows of a document and of its tables."""
    pending: list[Any] = [loaded.document]
    while pending:
        value = pending.pop()
        if isinstance(value, BaseModel):
            if isinstance(name := getattr(value, "id", None), str):
                yield name
            pending += [getattr(value, field) for field in type(value).model_fields]
        elif isinstance(value, list | tuple):
            pending += value
    for table in loaded.tables.values():
        at = table.position.get("id")
        yield from () if at is None else (row[at] for row in table.rows)


def _nodes(loadout: Loadout, frame: pl.DataFrame) -> list[str]:
    """The keys of every fact with stock by node."""
    inventories = [one.document for one in loadout.documents
                   if isinstance(one.document, InventoryDocument)]  # fmt: skip
    prefixes = {f"{inventory.pool.on_hand}." for inventory in inventories}
    return [c.removeprefix(p) for p in prefixes for c in frame.columns if c.startswith(p)]
