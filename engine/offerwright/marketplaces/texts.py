"""
A frame of offers → its columns as JSON text, each written once for all payloads that name it.

What a whole column says is asked first: where nothing is missing, or everything is, a condition is
decided for all rows at once and costs nothing in any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import polars as pl

from offerwright.marketplaces.cells import Cells, cells_of
from offerwright.marketplaces.encode import clean, escaped, written
from offerwright.marketplaces.encode_value import plain

T = TypeVar("T")
ATTRIBUTE = "attribute."
Truth = bool | pl.Expr
"""For all rows alike, or row by row."""


@dataclass(frozen=True)
class Texts:
    """The columns of `frames.OFFERS` as payloads need them; lists have no null elements.

    `known` keeps what was worked out, for as long as this frame is rendered.
    """

    offers: pl.DataFrame
    known: dict[tuple[object, ...], object] = field(default_factory=dict, repr=False, compare=False)
    above: tuple[Texts, pl.Series] | None = None
    """Texts of more offers, and which of their rows these are."""

    def has(self, name: str) -> bool:
        """Whether there is such a column; of a list's element, whether there is the list."""
        names = self._once(("names",), lambda: frozenset(self.offers.columns))
        return _list_of(name) in names

    def attributes(self) -> list[str]:
        """The ids of the attribute columns, sorted: their order does not change the bytes."""
        names = self.offers.columns
        return sorted(c.removeprefix(ATTRIBUTE) for c in names if c.startswith(ATTRIBUTE))

    def values(self, name: str) -> pl.Series:
        """A column, or one element of each list: null where there is none."""
        column = _list_of(name)
        if column != name:
            return self._once(
                ("element", name),
                lambda: self.values(column).list.get(_index(name), null_on_oob=True),
            )
        held = self.offers[name]
        if not isinstance(held.dtype, pl.List):
            return held
        return self._once(("list", name), lambda: _without_nulls(held))

    def present(self, name: str) -> Truth:
        """Where a column has a value."""
        return self._once(("present", name), lambda: self._presence(name))

    def filled(self, name: str) -> Truth:
        """Where a list has an element."""
        least, most = self._lengths(name)
        return True if least else most > 0 and pl.lit(self.values(name)).list.len().fill_null(0) > 0

    def text(self, names: Sequence[str], encoding: str) -> str | pl.Series:
        """
        The first present of some columns, as text: null where there is none, or it is unfit.

        One text for all rows where the column says the same in all of them.
        """
        how = "string" if encoding == "raw" else encoding
        return self._once(("text", *names, how), lambda: self._written(names, how))

    def clean_list(self, name: str) -> pl.Series:
        """A list of texts as they stand inside JSON strings."""
        return self._once(("clean", name), lambda: self._cleaned(name))

    def at(self, rows: pl.Series) -> Texts:
        """Some of the rows, by position; what was written of all is kept."""
        kept = {
            key: value.gather(rows)
            for key, value in self.known.items()
            if isinstance(value, pl.Series)
        }
        return Texts(self.offers[rows], dict(kept))

    def group(self, rows: pl.Series) -> Texts:
        """Some of the rows, by position, as part of all: what they need is written of all."""
        return Texts(self.offers[rows], above=(self, rows))

    def cells(self) -> Cells:
        """The columns as lists of Python values, for a few hundred offers."""
        return self._once(("cells",), lambda: cells_of(self.offers))

    def _presence(self, name: str) -> Truth:
        """Of a list's element the lengths tell, without looking for it."""
        column = _list_of(name)
        if column != name:
            least, most = self._lengths(column)
            if least > _index(name) or most <= _index(name):
                return least > _index(name)
        return presence(self.values(name))

    def _lengths(self, name: str) -> tuple[int, int]:
        """The least and the greatest length of a list."""
        return self._once(("lengths", name), lambda: _lengths(self.values(name)))

    def _written(self, names: Sequence[str], encoding: str) -> str | pl.Series:
        if len(names) == 1:
            same = _same(self.values(names[0])) if encoding == "string" else None
            if same is not None:
                return plain(same)
        if self.above is not None:
            texts, rows = self.above
            found = texts.text(names, encoding)
            return found if isinstance(found, str) else found.gather(rows)
        if len(names) == 1:
            if _list_of(names[0]) != names[0] and encoding == "string":
                lists = self.clean_list(_list_of(names[0]))
                return lists.list.get(_index(names[0]), null_on_oob=True)
            return written(self.values(names[0]), encoding)
        several = pl.DataFrame([self.values(name).alias(name) for name in names])
        return written(several.select(pl.coalesce(names)).to_series(), encoding)

    def _cleaned(self, name: str) -> pl.Series:
        if self.above is None:
            return _clean(self.values(name))
        texts, rows = self.above
        return texts.clean_list(name).gather(rows)

    def _once(self, key: tuple[object, ...], work: Callable[[], T]) -> T:
        if key not in self.known:
            self.known[key] = work()
        found: T = self.known[key]  # type: ignore[assignment]  # the key's first word tells the type
        return found


def presence(values: pl.Series) -> Truth:
    """Where a series is not null."""
    nulls = values.null_count()
    if nulls == 0:
        return True
    return False if nulls == len(values) else pl.lit(values).is_not_null()


def _same(values: pl.Series) -> str | None:
    """The text that stands in every row, if one does: a currency, a description for all."""
    if values.dtype != pl.String or values.null_count() or values[0] != values[-1]:
        return None
    first: str = values[0]
    return first if (values == first).all() else None


def _list_of(name: str) -> str:
    return "images" if name.startswith("images.") else name


def _index(name: str) -> int:
    return int(name.rpartition(".")[2])


def _lengths(lists: pl.Series) -> tuple[int, int]:
    lengths = lists.list.len().fill_null(0).cast(pl.Int64)
    least, most = lengths.min(), lengths.max()
    assert isinstance(least, int) and isinstance(most, int), "a frame without rows"
    return least, most


def _elements(lists: pl.Series) -> pl.Series:
    return lists.explode(empty_as_null=False, keep_nulls=False)


def _without_nulls(lists: pl.Series) -> pl.Series:
    """Looked for first: dropping costs as much as rendering."""
    return lists.list.drop_nulls() if _elements(lists).null_count() else lists


def _clean(lists: pl.Series) -> pl.Series:
    elements = _elements(lists)
    return lists if clean(elements) is elements else lists.list.eval(escaped(pl.element()))
