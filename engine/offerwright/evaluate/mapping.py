"""Content of the offers of one account: category, attributes, title, description, images."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Decimals, Words
from offerwright.evaluate.match import Walks, match, result
from offerwright.evaluate.operations import Rows, evaluate
from offerwright.evaluate.pricing import Block
from offerwright.evaluate.texts import (
    as_words,
    cut_words,
    measured_words,
    rendered,
    series,
    size_of,
)
from offerwright.expressions.templates import Template
from offerwright.frames import attribute_column
from offerwright.rules.document import Attribute
from offerwright.rules.plan import AttributePlan, MappingPlan, TablePlan, TitlePlan

Kinds = Callable[[str], str]
_FACTORS = {
    "kg": Decimal(1),
    "g": Decimal(1000),
    "cm": Decimal(1),
    "mm": Decimal(10),
    "m": Decimal("0.01"),
}
# A host name with a top-level word: no address in digits, however it is written, passes.
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}"
_PRIVATE = r"(?i)^https?://(?:[^/:?#]*\.)?(?:localhost|local|internal|localdomain|home\.arpa)[:/?#]"


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
    kinds: Kinds
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
    here = _Here(rows, plan.document, kinds, rows.size)
    columns: dict[str, pl.Series] = {}
    blocks: list[Block] = []
    if plan.category is not None:
        columns["category"], found = _category(plan.category, here, as_of, walks)
        blocks += found
    for attribute in plan.attributes:
        column, found = _attribute(attribute, here)
        columns[attribute_column(attribute.id)] = column
        blocks += found
    if plan.title is not None:
        columns["title"], found = _title(plan.title, here)
        blocks += found
    if plan.description is not None:
        columns["description"], found = _description(plan, here)
        blocks += found
    if plan.images is not None:
        columns["images"], found = _images(plan, here)
        blocks += found
    return Content(columns, tuple(b for b in blocks if b.mask.any()))


def _category(
    table: TablePlan, here: _Here, as_of: int, walks: Walks
) -> tuple[pl.Series, list[Block]]:
    found = match(table, here.rows, as_of, walks)
    blocks = [
        Block("content", code, np.asarray(found.picked == number), "category", here.document, found)
        for number, code in ((-1, "NO_RULE_MATCHES"), (-2, "TABLE_OVERLAP"))
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
    nothing = found.found & ~blocked & ~c.known(column)
    blocks.append(here.block("MISSING_VALUE", nothing, "category"))
    return series(column), blocks


def _attribute(plan: AttributePlan, here: _Here) -> tuple[pl.Series, list[Block]]:
    if isinstance(plan.source, Template):
        return _limited_text(plan, rendered(plan.source, here.rows, here.kinds), here)
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
    mapped = [_mapped(plan.attribute, word) for word in words.vocabulary]
    blocks = [
        here.block(code, known & np.isin(words.codes, codes), step)
        for code, codes in _reasons(mapped).items()
    ]
    if plan.attribute.required:
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


def _limited_text(
    plan: AttributePlan, text: pl.Series, here: _Here
) -> tuple[pl.Series, list[Block]]:
    step, attribute = f"attributes.{plan.id}", plan.attribute
    blank = text.is_null() | (text.str.strip_chars() == "")
    text = text.set(blank.fill_null(True), None)
    blocks = []
    if attribute.required:
        blocks.append(here.block("MISSING_ATTRIBUTE", text.is_null().to_numpy(), step))
    if attribute.max is not None:
        long = _sizes(text, attribute.count) > attribute.max
        if attribute.cut:
            text = _cut_where(text, long, attribute.max, attribute.count)
        else:
            blocks.append(here.block("TOO_LONG", long, step))
    return text, blocks


def _sizes(text: pl.Series, count: str) -> NDArray[np.int64]:
    sizes = text.str.len_bytes() if count == "bytes" else text.str.len_chars()
    return np.asarray(sizes.fill_null(0).to_numpy(), dtype=np.int64)


def _cut_where(text: pl.Series, mask: NDArray[np.bool_], most: int, count: str) -> pl.Series:
    """Cut the texts at these rows, which are few."""
    at = np.flatnonzero(mask)
    if not len(at):
        return text
    cut = [cut_words(text[int(row)], most, count) for row in at]
    return text.scatter(at.tolist(), cut)


def _title(plan: TitlePlan, here: _Here) -> tuple[pl.Series, list[Block]]:
    """The first template that renders, fits and holds no forbidden word."""
    best = pl.Series([None], dtype=pl.String).new_from_index(0, here.size)
    last = best
    for template in plan.templates:
        text = _folded(rendered(template, here.rows, here.kinds))
        last = text.zip_with(text.is_not_null(), last)
        open_ = best.is_null() & _fits(text, plan)
        best = text.zip_with(open_, best)
        if best.null_count() == 0:
            break
    if plan.cut and best.null_count():
        long = (best.is_null() & last.is_not_null()).to_numpy()
        cut = _cut_where(last, long, plan.max, plan.count)
        best = cut.zip_with(best.is_null() & _fits(cut, plan), best)
    return best, [here.block("NO_TITLE", best.is_null().to_numpy(), "title")]


def _folded(text: pl.Series) -> pl.Series:
    folded = text.str.replace_all(r"\s+", " ").str.strip_chars()
    return folded.set((folded == "").fill_null(False), None)


def _fits(text: pl.Series, plan: TitlePlan) -> pl.Series:
    fits = pl.Series(_sizes(text, plan.count) <= plan.max) & text.is_not_null()
    if not plan.forbid:
        return fits
    words = "|".join(re.escape(plain_words(word)) for word in plan.forbid)
    plain = text.str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.to_lowercase()
    held = plain.str.contains(rf"(?:^|[^\p{{L}}\p{{N}}])(?:{words})(?:$|[^\p{{L}}\p{{N}}])")
    return fits & ~held.fill_null(False)


def plain_words(text: str) -> str:
    """Small letters without accents, single blanks: how forbidden words are compared."""
    bare = "".join(x for x in unicodedata.normalize("NFKD", text) if not unicodedata.combining(x))
    return " ".join(bare.lower().split())


def _description(plan: MappingPlan, here: _Here) -> tuple[pl.Series, list[Block]]:
    if plan.description is None:
        raise TypeError("no description")
    template, most, _ = plan.description
    text = rendered(template, here.rows, here.kinds)
    long = _sizes(text, "characters") > most
    return text, [here.block("TOO_LONG", long, "description")]


def _images(plan: MappingPlan, here: _Here) -> tuple[pl.Series, list[Block]]:
    if plan.images is None:
        raise TypeError("no images")
    source, images, _ = plan.images
    urls = _url_lists(source, here)
    scheme = "https" if images.https_only else "https?"
    usable = rf"^{scheme}://{_HOST}(?::[0-9]{{1,5}})?(?:[/?#][^\s]*)?$"
    element = pl.element()
    kept = pl.DataFrame({"urls": urls}).select(
        pl.col("urls").list.eval(
            element.filter(element.str.contains(usable) & ~(element + "/").str.contains(_PRIVATE))
        )
    )["urls"]
    few = (kept.list.len().fill_null(0) < images.min).to_numpy()
    return kept.list.head(images.max), [here.block("NO_IMAGE", few, "images")]


def _url_lists(source: object, here: _Here) -> pl.Series:
    lists = here.rows.facts
    name = getattr(source, "name", "")
    read = getattr(lists, "lists", None)
    found: pl.Series | None = read(name) if read is not None else None
    if found is None:
        return pl.Series([[]], dtype=pl.List(pl.String)).new_from_index(0, here.size)
    return found
