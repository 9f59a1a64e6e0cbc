"""What templates write: titles, descriptions, attribute texts; every text within its limits."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from offerwright.evaluate.blanks import folded, not_blank
from offerwright.evaluate.cut_texts import cut_column
from offerwright.evaluate.draft import Draft
from offerwright.evaluate.text_columns import (
    Texts,
    Truth,
    changed,
    constant_text,
    missing,
    shown,
    sizes,
)
from offerwright.expressions.templates import Template
from offerwright.frames import attribute_column
from offerwright.rules.plan import AttributePlan, MappingPlan, TitlePlan

Wrong: TypeAlias = tuple[str, Truth, str]
"""A code, where it holds, and the part of the mapping that says so."""


def worded(
    plan: MappingPlan, attributes: Sequence[AttributePlan], draft: Draft
) -> tuple[dict[str, Texts], list[Wrong]]:
    """The columns of attribute templates, `title` and `description`."""
    columns: dict[str, Texts] = {}
    wrong: list[Wrong] = []
    for attribute in attributes:
        text, found = limited(attribute, _attribute(attribute, draft), draft)
        columns[attribute_column(attribute.id)] = text
        wrong += found
    if plan.title is not None:
        title = plan.title
        what = ("title", title.max, title.count, title.forbid, title.cut)
        columns["title"] = draft.once(what, title.templates, lambda: _title(title, draft))
        wrong.append(("NO_TITLE", missing(columns["title"]), "title"))
    if plan.description is not None:
        template, most, _ = plan.description
        text = columns["description"] = draft.template(template)
        wrong.append(("TOO_LONG", sizes(text, "characters") > most, "description"))
    return columns, wrong


def _attribute(plan: AttributePlan, draft: Draft) -> Texts:
    template = plan.source
    if not isinstance(template, Template):
        raise TypeError("a template stands here")
    return draft.once("not blank", [template], lambda: not_blank(draft.template(template)))


def limited(plan: AttributePlan, text: Texts, draft: Draft) -> tuple[Texts, list[Wrong]]:
    """The texts of an attribute within its `max`, and what is missing or too long."""
    step, attribute = f"attributes.{plan.id}", plan.attribute
    wrong = [("MISSING_ATTRIBUTE", missing(text), step)] if attribute.required else []
    if attribute.max is None:
        return text, wrong
    long = sizes(text, attribute.count) > attribute.max
    if not attribute.cut:
        return text, [*wrong, ("TOO_LONG", long, step)]
    most, count = attribute.max, attribute.count
    cut = draft.rows.memo.once(
        ("cut", most, count), (text,), lambda: _cut_where(text, long, most, count)
    )
    return cut, wrong


def _cut_where(text: Texts, mask: Truth, most: int, count: str) -> Texts:
    """Cut the texts of these rows."""
    at = np.flatnonzero(mask)
    if not len(at):
        return text
    cut = cut_column(text.take(pa.array(at)), most, count)
    return changed(text, at, cut)


def _title(plan: TitlePlan, draft: Draft) -> Texts:
    """The first template that renders, fits and holds no forbidden word.

    A later template is rendered only when an offer needs it.
    """
    best = constant_text(None, draft.rows.size)
    last = best
    for template in plan.templates:
        text = _folded(template, draft)
        best = pc.coalesce(best, shown(text, _fits(text, plan)))
        last = pc.coalesce(text, last)
        if not best.null_count:
            return best
    return _with_cut(plan, best, last) if plan.cut else best


def _folded(template: Template, draft: Draft) -> Texts:
    return draft.once("folded", [template], lambda: folded(draft.template(template)))


def _with_cut(plan: TitlePlan, best: Texts, last: Texts) -> Texts:
    """Where none fits, the last one that rendered, cut at a word, if it then fits."""
    at = np.flatnonzero(missing(best) & ~missing(last))
    if not len(at):
        return best
    cut = cut_column(last.take(pa.array(at)), plan.max, plan.count)
    return changed(best, at, shown(cut, _fits(cut, plan)))


def _fits(texts: Texts, plan: TitlePlan) -> Truth:
    """Where there is a text within `max` without a forbidden word."""
    fits = (sizes(texts, plan.count) <= plan.max) & ~missing(texts)
    return fits & ~_forbidden(texts, plan.forbid) if plan.forbid else fits


def _forbidden(texts: Texts, forbid: Sequence[str]) -> Truth:
    words = "|".join(re.escape(plain_words(word)) for word in forbid)
    pattern = rf"(?:^|[^\p{{L}}\p{{N}}])(?:{words})(?:$|[^\p{{L}}\p{{N}}])"
    plain = pc.string_is_ascii(texts).fill_null(True)
    held = pc.match_substring_regex(pc.ascii_lower(texts), pattern).fill_null(False)
    found = held.to_numpy(zero_copy_only=False)
    accented = np.flatnonzero(~plain.to_numpy(zero_copy_only=False))
    if len(accented):
        # Polars takes accents off as `plain_words` does; a text of ASCII has none.
        series = pl.Series(texts.take(pa.array(accented)))
        bare = series.str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.to_lowercase()
        found = found.copy()
        found[accented] = bare.str.contains(pattern).to_numpy()
    return np.asarray(found, dtype=bool)


def plain_words(text: str) -> str:
    """Small letters without accents, single blanks: how forbidden words are compared."""
    bare = "".join(x for x in unicodedata.normalize("NFKD", text) if not unicodedata.combining(x))
    return " ".join(bare.lower().split())
