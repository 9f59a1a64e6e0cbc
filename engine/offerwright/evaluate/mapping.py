"""Content of the offers of one account: category, attributes, title, description, images."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import polars as pl

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Decimals, Words
from offerwright.evaluate.draft import Kinds
from offerwright.evaluate.match import Walks, match, reasons, result
from offerwright.evaluate.operations import Rows, evaluate
from offerwright.evaluate.state import Block
from offerwright.evaluate.texts import (
    as_words,
    cut_words,
    measured_words,
    series,
    size_of,
)
from offerwright.evaluate.wording import worded
from offerwright.expressions.templates import Template
from offerwright.frames import attribute_column
from offerwright.rules.mapping_document import Attribute
from offerwright.rules.plan import AttributePlan, MappingPlan, TablePlan

_FACTORS = {
    "kg": Decimal(1),
    "g": Decimal(1000),
    "cm": Decimal(1),
    "mm": Decimal(10),
    "m": Decimal("0.01"),
}


@dataclass(frozen=True)
class Content:
    """Text columns by name (frames.OFFERS), and what withholds the content of some offers."""

    columns: dict[str, pl.Series]
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class _Here:
    """What every part needs."""

    rows: Rows
    document: int
    size: int

    def block(self, code: str, mask: object, step: str) -> Block:
        return Block("content", code, np.asarray(mask, dtype=bool), step, self.document)


def content(plan: MappingPlan, rows: Rows, as_of: int, walks: Walks, kinds: Kinds) -> Content:
    """
    The content of every offer.

    Args:
        plan: what the account's listings say.
        rows: the offers, with facts and prices.
        as_of: the moment, in microseconds.
        walks: what the tables have learned.
        kinds: the type name of a column, which says how it is written as text.
    """
    here = _Here(rows, plan.document, rows.size)
    columns: dict[str, pl.Series] = {}
    blocks: list[Block] = []
    if plan.category is not None:
        columns["category"], blocks = _category(plan.category, here, as_of, walks)
    templates = []
    for attribute in plan.attributes:
        if isinstance(attribute.source, Template):
            templates.append(attribute)
            continue
        columns[attribute_column(attribute.id)], found = _attribute(attribute, here)
        blocks += found
    said, wrong = worded(plan, templates, rows, kinds)
    blocks += [here.block(code, mask, step) for code, mask, step in wrong]
    return Content(columns | said, tuple(b for b in blocks if b.mask.any()))


def _category(
    table: TablePlan, here: _Here, as_of: int, walks: Walks
) -> tuple[pl.Series, list[Block]]:
    found = match(table, here.rows, as_of, walks)
    wrong = reasons(found, here.rows)
    blocks = [
        Block("content", code, mask, "category", here.document, found)
        for code, mask in wrong.items()
    ]
    reason = table.result("block")
    blocked = np.zeros(here.size, dtype=bool)
    if reason is not None:
        words = result(found, reason, here.rows)
        if isinstance(words, Words):
            blocked = c.known(words)
            for code, word in enumerate(words.vocabulary):
                mask = blocked & (words.codes == code)
                blocks.append(Block("content", word, mask, "category", here.document, found))
    plan = table.result("category")
    if plan is None:
        return pl.Series([None], dtype=pl.String).new_from_index(0, here.size), blocks
    column = as_words(result(found, plan, here.rows))
    nothing = found.found & ~wrong["TABLE_CONFLICT"] & ~blocked & ~c.known(column)
    blocks.append(here.block("MISSING_VALUE", nothing, "category"))
    return series(column), blocks


def _attribute(plan: AttributePlan, here: _Here) -> tuple[pl.Series, list[Block]]:
    if isinstance(plan.source, str):
        words = Words(np.zeros(here.size, dtype=np.int32), (plan.source,))
    else:
        words = _source_words(plan, here)
    return _attribute_words(plan, words, here)


def _source_words(plan: AttributePlan, here: _Here) -> Words:
    if isinstance(plan.source, Template | str):
        raise TypeError("a fact stands here")
    column = evaluate(plan.source, here.rows)
    kind = plan.source.type.name
    if isinstance(column, Decimals) and kind not in ("date", "percent"):
        factor = _FACTORS[plan.attribute.to or "kg"]
        return measured_words(column, factor, plan.attribute.decimals)
    return as_words(column, kind)


def _attribute_words(
    plan: AttributePlan, words: Words, here: _Here
) -> tuple[pl.Series, list[Block]]:
    """Map, check and cut every distinct value once."""
    step = f"attributes.{plan.id}"
    known = c.known(words)
    attribute = plan.attribute
    if attribute.table is None and attribute.max is None:
        missing = [here.block("MISSING_ATTRIBUTE", ~known, step)] if attribute.required else []
        return series(words), missing
    mapped = [_mapped(attribute, word) for word in words.vocabulary]
    blocks = [
        here.block(code, known & np.isin(words.codes, codes), step)
        for code, codes in _reasons(mapped).items()
    ]
    if attribute.required:
        blocks.append(here.block("MISSING_ATTRIBUTE", ~known, step))
    vocabulary = tuple(value for value, _ in mapped)
    return series(Words(words.codes, vocabulary, words.state)), blocks


def _reasons(mapped: list[tuple[str, str]]) -> dict[str, list[int]]:
    reasons: dict[str, list[int]] = {}
    for code, (_, reason) in enumerate(mapped):
        if reason:
            reasons.setdefault(reason, []).append(code)
    return reasons


def _mapped(attribute: Attribute, word: str) -> tuple[str, str]:
    """The marketplace's value of one of ours, and the code that blocks it ("" = none)."""
    if attribute.table is not None:
        if word in attribute.table:
            word = attribute.table[word]
        else:
            otherwise = attribute.otherwise
            if otherwise is not None and otherwise.value is not None:
                word = otherwise.value
            elif otherwise is None or not otherwise.same:
                return word, (otherwise.block if otherwise else None) or "UNMAPPED_VALUE"
    return _fitted(attribute, word)


def _fitted(attribute: Attribute, word: str) -> tuple[str, str]:
    if attribute.max is None or size_of(word, attribute.count) <= attribute.max:
        return word, ""
    if attribute.cut:
        return cut_words(word, attribute.max, attribute.count), ""
    return word, "TOO_LONG"
