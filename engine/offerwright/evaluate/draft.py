"""
The texts of an account as one set of column expressions, run together.

Templates become expressions over the columns they name. A frame library's cost is per query, so
everything that an account's content needs is collected in a `Draft` and computed in one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import polars as pl

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Decimals, Truths, Words
from offerwright.evaluate.operations import Rows
from offerwright.evaluate.texts import FILTERS, as_words, series
from offerwright.expressions.templates import Check, Field, Piece, Template, Text

Kinds: TypeAlias = Callable[[str], str]


class Draft:
    """
    What is to be computed: `inputs` (columns), `texts` over them, `picks` over both.

    `kinds` gives the type name of a column, which says how it is written as text.
    """

    def __init__(self, rows: Rows, kinds: Kinds) -> None:
        self.rows = rows
        self.kinds = kinds
        self.inputs: dict[str, pl.Series] = {"row": pl.Series(np.arange(rows.size))}
        self.texts: dict[str, pl.Expr] = {}
        self.picks: dict[str, pl.Expr] = {}
        self._fields: dict[Field, pl.Expr] = {}

    def input(self, column: pl.Series) -> pl.Expr:
        """A column to compute with."""
        name = f"input {len(self.inputs)}"
        self.inputs[name] = column
        return pl.col(name)

    def template(self, template: Template) -> pl.Expr:
        """The text of every row; null where a name that is shown is missing."""
        return self._joined(template.pieces)

    def run(self) -> pl.DataFrame:
        """The picks as columns, one row per offer."""
        frame = pl.DataFrame(self.inputs).lazy()
        texts = [text.alias(name) for name, text in self.texts.items()]
        picks = [pick.alias(name) for name, pick in self.picks.items()]
        return frame.with_columns(*texts).select("row", *picks).collect()

    def _joined(self, pieces: tuple[Piece, ...]) -> pl.Expr:
        parts = [self._piece(piece) for piece in pieces]
        if len(parts) == 1:
            return parts[0]
        return pl.concat_str(parts, ignore_nulls=False) if parts else pl.lit("")

    def _piece(self, piece: Piece) -> pl.Expr:
        if isinstance(piece, Text):
            return pl.lit(piece.text)
        if isinstance(piece, Field):
            if piece not in self._fields:
                self._fields[piece] = self.input(_field(piece, self.rows, self.kinds))
            return self._fields[piece]
        check = self.input(pl.Series(_checked(piece.check, self.rows, self.kinds)))
        then, otherwise = self._joined(piece.then), self._joined(piece.otherwise)
        return pl.when(check).then(then).otherwise(otherwise)


def _field(piece: Field, rows: Rows, kinds: Kinds) -> pl.Series:
    found = rows.find(piece.name)
    words = _nothing(rows.size) if found is None else as_words(found, kinds(piece.name))
    default: str | None = None
    vocabulary = words.vocabulary
    for name, arguments in piece.filters:
        if name == "default":
            default = str(arguments[0]) if default is None else default
        else:
            change = FILTERS[name]
            vocabulary = tuple(change(w, *arguments) for w in vocabulary)
            default = None if default is None else change(default, *arguments)
    text = series(Words(words.codes, vocabulary, words.state))
    return text if default is None else text.fill_null(default)


def _nothing(rows: int) -> Words:
    state = np.full(rows, c.MISSING, dtype=np.uint8)
    return Words(np.full(rows, -1, dtype=np.int32), (), state)


def _checked(check: Check, rows: Rows, kinds: Kinds) -> Any:
    """Where a template's condition holds; a missing name is false, and equals nothing."""
    if check.operation == "not":
        return ~_checked(check.parts[0], rows, kinds)
    if check.operation in ("and", "or"):
        left, right = (_checked(part, rows, kinds) for part in check.parts)
        return left & right if check.operation == "and" else left | right
    found = rows.find(check.name)
    if check.operation == "present" and isinstance(found, Truths | Decimals):
        return (found.values != 0) & c.known(found)
    words = _nothing(rows.size) if found is None else as_words(found, kinds(check.name))
    if check.operation == "present":
        wanted = np.array([*(bool(w) for w in words.vocabulary), False], dtype=bool)
        return wanted[words.codes] & c.known(words)
    equal = np.array([*(w == check.value for w in words.vocabulary), False], dtype=bool)
    same = equal[words.codes] & c.known(words)
    return same if check.operation == "eq" else ~same
