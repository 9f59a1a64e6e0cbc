"""Content of the offers of one account: category, attributes, title, description, images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Decimals, Words
from offerwright.evaluate.draft import Draft, Kinds
from offerwright.evaluate.facts import words_of
from offerwright.evaluate.match import Walks, match, reasons, result
from offerwright.evaluate.operations import Rows, evaluate
from offerwright.evaluate.pictures import pictures
from offerwright.evaluate.state import Block
from offerwright.evaluate.text_columns import (
    Texts,
    Truth,
    constant_text,
    number_text,
    source_of,
    text_of,
)
from offerwright.evaluate.texts import as_words, cut_words, size_of
from offerwright.evaluate.wording import Wrong, limited, worded
from offerwright.expressions.syntax import Col, Typed
from offerwright.expressions.templates import Template
from offerwright.frames import attribute_column
from offerwright.rules.plan import AttributePlan, MappingPlan, TablePlan

if TYPE_CHECKING:
    from offerwright.rules.content_plan import AttributeForm

_FACTORS = {
    "kg": Decimal(1),
    "g": Decimal(1000),
    "cm": Decimal(1),
    "mm": Decimal(10),
    "m": Decimal("0.01"),
}


@dataclass(frozen=True)
class Content:
    """Arrow columns by name (frames.OFFERS), and what withholds the content of some offers."""

    columns: dict[str, Any] = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()


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
    draft = Draft(rows, kinds)
    columns: dict[str, Any] = {}
    blocks: list[Block] = []
    if plan.category is not None:
        columns["category"], blocks = _category(plan, plan.category, rows, as_of, walks)
    templates = [a for a in plan.attributes if isinstance(a.source, Template)]
    wrong: list[Wrong] = []
    for attribute in plan.attributes:
        if not isinstance(attribute.source, Template):
            name = attribute_column(attribute.id)
            columns[name], found = _attribute(attribute, draft)
            wrong += found
    said, found = worded(plan, templates, draft)
    wrong += found
    if plan.images is not None:
        source, images, _ = plan.images
        picked = pictures(source, images, rows)
        said["images"] = picked.lists
        wrong.append(("NO_IMAGE", picked.few, "images"))
    blocks += [Block("content", code, mask, step, plan.document) for code, mask, step in wrong]
    return Content(columns | said, tuple(b for b in blocks if b.mask.any()))


def _category(
    plan: MappingPlan, table: TablePlan, rows: Rows, as_of: int, walks: Walks
) -> tuple[Texts, list[Block]]:
    found = match(table, rows, as_of, walks)

    def block(code: str, mask: Truth, *, by_row: bool = True) -> Block:
        picked = found if by_row else None
        return Block("content", code, mask, "category", plan.document, picked)

    wrong = reasons(found, rows)
    blocks = [block(code, mask) for code, mask in wrong.items()]
    reason = table.result("block")
    blocked = np.zeros(rows.size, dtype=bool)
    if reason is not None:
        words = result(found, reason, rows)
        if isinstance(words, Words):
            blocked = c.known(words)
            codes = np.where(blocked, words.codes, -1)
            for code in np.unique(codes).tolist():
                if code >= 0:
                    blocks.append(block(words.vocabulary[code], np.asarray(codes == code)))
    column = table.result("category")
    if column is None:
        return constant_text(None, rows.size), blocks
    words = as_words(result(found, column, rows))
    nothing = found.found & ~wrong["TABLE_CONFLICT"] & ~blocked & ~c.known(words)
    blocks.append(block("MISSING_VALUE", nothing, by_row=False))
    return text_of(words, "", rows.size), blocks


def _attribute(plan: AttributePlan, draft: Draft) -> tuple[Texts, list[Wrong]]:
    rows = draft.rows
    if isinstance(plan.source, str):
        what = ("constant", plan.source)
        source = plan.source
        text = rows.memo.once(what, (), lambda: constant_text(source, rows.size))
    elif plan.attribute.table is not None:
        return _mapped_text(plan, draft)
    else:
        text = _source_text(plan, draft)
    return limited(plan, text, draft)


def _source_text(plan: AttributePlan, draft: Draft) -> Texts:
    """The fact as text, a measure in the unit that is asked for."""
    typed, attribute = _typed(plan), plan.attribute
    source = _source(typed, draft.rows)
    kind, rows = typed.type.name, draft.rows
    what = ("fact", kind, attribute.to, attribute.decimals)
    if isinstance(source, Decimals) and kind not in ("date", "percent"):
        number = source
        return rows.memo.once(what, (source,), lambda: _measured(number, attribute))
    return rows.memo.once(what, (source,), lambda: text_of(source, kind, rows.size))


def _typed(plan: AttributePlan) -> Typed:
    if isinstance(plan.source, Template | str):
        raise TypeError("a fact stands here")
    return plan.source


def _source(typed: Typed, rows: Rows) -> object:
    found = source_of(rows, typed.name) if isinstance(typed, Col) else None
    return evaluate(typed, rows) if found is None else found


def _measured(column: Decimals, attribute: AttributeForm) -> Texts:
    """A number in another unit; with `decimals`, exactly so many, half away from zero."""
    factor = _FACTORS[attribute.to or "kg"]
    number = c.multiply(column, c.constant(factor, len(column)))
    if attribute.decimals is None:
        return number_text(number)
    return number_text(c.rounded(number, attribute.decimals), attribute.decimals)


def _mapped_text(plan: AttributePlan, draft: Draft) -> tuple[Texts, list[Wrong]]:
    """Map, check and cut every distinct value once."""
    step, attribute = f"attributes.{plan.id}", plan.attribute
    words = _source_words(plan, draft)
    known = c.known(words)
    mapped = [_mapped(attribute, word) for word in words.vocabulary]
    wrong = [(code, known & np.isin(words.codes, codes), step) for code, codes in _reasons(mapped)]
    if attribute.required:
        wrong.append(("MISSING_ATTRIBUTE", ~known, step))
    vocabulary = tuple(value for value, _ in mapped)
    text = text_of(Words(words.codes, vocabulary, words.state), "", draft.rows.size)
    return text, wrong


def _source_words(plan: AttributePlan, draft: Draft) -> Words:
    typed = _typed(plan)
    column = evaluate(typed, draft.rows)
    if isinstance(column, Decimals) and typed.type.name not in ("date", "percent"):
        return words_of(_source_text(plan, draft))
    return as_words(column, typed.type.name)


def _reasons(mapped: Sequence[tuple[str, str]]) -> Iterator[tuple[str, list[int]]]:
    """The codes that block, and the words that they block."""
    found: dict[str, list[int]] = {}
    for word, (_, reason) in enumerate(mapped):
        if reason:
            found.setdefault(reason, []).append(word)
    yield from found.items()


def _mapped(attribute: AttributeForm, word: str) -> tuple[str, str]:
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


def _fitted(attribute: AttributeForm, word: str) -> tuple[str, str]:
    if attribute.max is None or size_of(word, attribute.count) <= attribute.max:
        return word, ""
    if attribute.cut:
        return cut_words(word, attribute.max, attribute.count), ""
    return word, "TOO_LONG"
