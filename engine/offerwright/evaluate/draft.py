"""
Templates over the rows of an account as columns of text.

What a template says depends on its source, on the columns that it names and on how they are
written. Accounts that agree in these get the same column, computed once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Decimals, Truths, Words
from offerwright.evaluate.operations import Rows
from offerwright.evaluate.text_columns import (
    TEXT,
    Texts,
    Truth,
    constant_text,
    sizes,
    source_of,
    text_of,
)
from offerwright.evaluate.texts import FILTERS, as_words
from offerwright.expressions.templates import Check, Field, Piece, Template, Text, field_names

Kinds: TypeAlias = Callable[[str], str]
T = TypeVar("T")


@dataclass(frozen=True)
class Draft:
    """
    What templates are written over.

    `kinds` gives the type name of a column, which says how it is written as text.
    """

    rows: Rows
    kinds: Kinds

    def once(self, what: object, templates: Sequence[Template], make: Callable[[], T]) -> T:
        """What `make` gives: computed once for these templates over these columns."""
        names = [name for template in templates for name in field_names(template.pieces)]
        sources = tuple(source_of(self.rows, name) for name in names)
        written = tuple(template.source for template in templates)
        return self.rows.memo.once((what, written, *map(self.kinds, names)), sources, make)

    def template(self, template: Template) -> Texts:
        """The text of every row; null where a name that is shown is missing."""
        return self.once("template", [template], lambda: self._rendered(template))

    def _rendered(self, template: Template) -> Texts:
        found = self._joined(template.pieces)
        whole: bool = isinstance(found, pa.Array)
        return found if whole else constant_text(found.as_py(), self.rows.size)

    def _joined(self, pieces: tuple[Piece, ...]) -> Any:
        """A column, or one text for all rows."""
        between, parts = _separated(pieces)
        joined = [self._piece(piece) for piece in parts]
        if len(joined) == 1:
            return joined[0]
        text = pa.scalar(between, TEXT)
        return pc.binary_join_element_wise(*joined, text) if joined else text

    def _piece(self, piece: Piece) -> Any:
        if isinstance(piece, Text):
            return pa.scalar(piece.text, TEXT)
        if isinstance(piece, Field):
            return self._field(piece)
        check = pa.array(self._checked(piece.check))
        return pc.if_else(check, self._joined(piece.then), self._joined(piece.otherwise))

    def _field(self, piece: Field) -> Texts:
        source, kind = source_of(self.rows, piece.name), self.kinds(piece.name)
        return self.rows.memo.once(
            ("field", piece.filters, kind), (source,), lambda: self._filtered(piece, source, kind)
        )

    def _filtered(self, piece: Field, source: object, kind: str) -> Texts:
        """The texts of a name, after its filters; each distinct one is changed once."""
        default = None
        changes = [(name, arguments) for name, arguments in piece.filters if name != "default"]
        for name, arguments in piece.filters:
            if name == "default":
                default = str(arguments[0]) if default is None else default
            elif default is not None:
                default = FILTERS[name](default, *arguments)
        if changes and source is not None:
            words = as_words(self.rows.get(piece.name), kind)
            vocabulary = words.vocabulary
            for name, arguments in changes:
                vocabulary = tuple(FILTERS[name](word, *arguments) for word in vocabulary)
            source = Words(words.codes, vocabulary, words.state)
        texts = text_of(source, kind, self.rows.size)
        return texts if default is None else pc.coalesce(texts, pa.scalar(default, TEXT))

    def _checked(self, check: Check) -> Truth:
        """Where a template's condition holds; a missing name is false, and equals nothing."""
        if check.operation == "not":
            return ~self._checked(check.parts[0])
        if check.operation in ("and", "or"):
            left, right = (self._checked(part) for part in check.parts)
            return left & right if check.operation == "and" else left | right
        source = source_of(self.rows, check.name)
        if check.operation == "present" and isinstance(source, Truths | Decimals):
            return np.asarray((source.values != 0) & c.known(source), dtype=bool)
        texts = text_of(source, self.kinds(check.name), self.rows.size)
        if check.operation == "present":
            return sizes(texts, "bytes") > 0
        same = pc.equal(texts, pa.scalar(check.value, TEXT)).fill_null(False)
        equal = np.asarray(same.to_numpy(zero_copy_only=False), dtype=bool)
        return equal if check.operation == "eq" else ~equal


def _separated(pieces: tuple[Piece, ...]) -> tuple[str, tuple[Piece, ...]]:
    """The text that stands between all pieces, and the pieces: one join instead of two."""
    between = set(pieces[1::2])
    if len(pieces) < 3 or len(pieces) % 2 == 0 or len(between) > 1:
        return "", pieces
    (only,) = between
    return (only.text, pieces[::2]) if isinstance(only, Text) else ("", pieces)
