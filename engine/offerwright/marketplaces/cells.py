"""Some offers → their columns as lists of Python values and of JSON text, each made once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from offerwright.marketplaces.encode_value import ENCODERS, TEXT_ONLY

if TYPE_CHECKING:
    import polars as pl

T = TypeVar("T")
ATTRIBUTE = "attribute."
Truth = bool | list[bool]
"""For all rows alike, or row by row."""
LISTS = ("images", "tiers")


@dataclass(frozen=True)
class Cells:
    """
    The rows that are written: offers, or the elements of their lists.

    `names` are the columns that there are, `read` gives one of them as a list, `missing` in how
    many rows it has no value.
    """

    size: int
    names: frozenset[str]
    read: Callable[[str], list[Any]]
    missing: Callable[[str], int]
    known: dict[tuple[str, ...], Any] = field(default_factory=dict, repr=False, compare=False)

    def attributes(self) -> list[str]:
        """The ids of the attribute columns, sorted: their order does not change the bytes."""
        return self._once(
            ("attributes",),
            lambda: sorted(
                name.removeprefix(ATTRIBUTE) for name in self.names if name.startswith(ATTRIBUTE)
            ),
        )

    def values(self, name: str) -> list[Any]:
        """A column, lists without their missing elements; or one element of each list."""
        return self._once(("values", name), lambda: self._values(name))

    def present(self, name: str) -> Truth:
        """Where a column has a value; of a list's element, where the list is as long."""
        return self._once(("present", name), lambda: self._present(name))

    def filled(self, name: str) -> Truth:
        """Where a list has an element."""
        return self._once(("filled", name), lambda: self._filled(name))

    def texts(self, name: str, encoding: str) -> list[str | None]:
        """A column as text; None where it is missing, `null` where it is unfit."""
        how = "string" if encoding == "raw" else encoding
        return self._once(("text", name, how), lambda: _written(self.values(name), how))

    def whole_texts(self, name: str, encoding: str) -> list[str | None]:
        """The same with an empty text where it is missing: in rows that are not looked at."""

        def work() -> list[str | None]:
            texts = self.texts(name, encoding)
            return ["" if text is None else text for text in texts] if None in texts else texts

        return self._once(("whole", name, encoding), work)

    def elements(self, name: str) -> tuple[list[int], Cells]:
        """How many elements each row's list has, and the elements with what stands beside them."""
        lists = [held or () for held in self.values(name)]
        counts = [len(held) for held in lists]
        owners = [row for row, count in enumerate(counts) for _ in range(count)]
        words = _words(name, list(chain.from_iterable(lists)))

        def read(column: str) -> list[Any]:
            own = words.get(column)
            if own is not None:
                return own
            held = self.values(column)
            return [held[row] for row in owners]

        missing = lambda column: sum(value is None for value in read(column))  # noqa: E731
        return counts, Cells(len(owners), self.names | words.keys(), read, missing)

    def _values(self, name: str) -> list[Any]:
        if _column(name) != name:
            at = int(name.rpartition(".")[2])
            lists = self.values(_column(name))
            return [held[at] if held is not None and len(held) > at else None for held in lists]
        held = self.read(name)
        if name not in LISTS:
            return held
        return [one if one is None else [e for e in one if e is not None] for one in held]

    def _present(self, name: str) -> Truth:
        column = _column(name)
        if column not in self.names:
            return False
        missing = self.missing(column)
        if missing == self.size or (not missing and column == name):
            return not missing
        return alike([value is not None for value in self.values(name)])

    def _filled(self, name: str) -> Truth:
        return name in self.names and alike([bool(held) for held in self.values(name)])

    def _once(self, key: tuple[str, ...], work: Callable[[], T]) -> T:
        found: T | None = self.known.get(key)
        if found is None:
            found = self.known[key] = work()
        return found


def cells_of(offers: pl.DataFrame) -> Cells:
    """The cells of `frames.OFFERS`."""
    columns = dict(zip(offers.columns, offers.get_columns(), strict=True))
    return Cells(
        len(offers),
        frozenset(columns),
        lambda name: columns[name].to_list(),
        lambda name: columns[name].null_count(),
    )


def alike(truths: list[bool]) -> Truth:
    """What is true, or false, of all rows."""
    true = truths.count(True)
    return bool(true) if true in (0, len(truths)) else truths


def _column(name: str) -> str:
    return "images" if name.startswith("images.") else name


def _words(name: str, elements: list[Any]) -> Mapping[str, list[Any]]:
    """What the words of an `$each` mean, element by element."""
    if name != "tiers":
        return {"item": elements}
    fields = elements[0] if elements else ()
    return {f"tier_{field}": [tier[field] for tier in elements] for field in fields}


def _written(values: list[Any], encoding: str) -> list[str | None]:
    kind = type(next((value for value in values if value is not None), None))
    if kind is str and encoding == "string":
        return values if _clean(values) else _escaped(values)
    encode = _AMOUNTS[kind] if kind in _AMOUNTS and encoding in _PLAIN else ENCODERS[encoding]
    texts = [None if v is None else encode(v) for v in values]
    if kind is not str or encoding not in TEXT_ONLY:
        return texts
    return [
        "null" if t is None and v is not None else t for t, v in zip(texts, values, strict=True)
    ]


def _clean(values: list[str | None]) -> bool:
    """Whether these are texts that stand in JSON as they are: looked at as one text."""
    whole = "".join([value for value in values if value is not None])
    return whole.isprintable() and '"' not in whole and "\\" not in whole


def _escaped(values: list[str | None]) -> list[str | None]:
    """Different texts once each, as a description may be the same everywhere."""
    encode = ENCODERS["string"]
    texts = {value: encode(value) for value in set(values) if value is not None}
    return [None if value is None else texts[value] for value in values]


# What `ENCODERS` says of amounts and counts, without asking each value what it is.
_PLAIN = frozenset({"string", "number"})
_AMOUNTS: Mapping[type, Callable[[Any], str]] = {int: str, Decimal: "{:f}".format}
