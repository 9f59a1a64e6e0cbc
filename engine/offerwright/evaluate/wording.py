"""What templates write: titles, descriptions, attribute texts; and which images are shown."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from offerwright.evaluate.draft import Draft, Kinds
from offerwright.evaluate.operations import Rows
from offerwright.evaluate.texts import cut_words
from offerwright.expressions.templates import Template
from offerwright.frames import attribute_column
from offerwright.rules.plan import AttributePlan, MappingPlan, TitlePlan

Truth: TypeAlias = NDArray[np.bool_]
Wrong: TypeAlias = tuple[str, Truth, str]
"""A code, where it holds, and the part of the mapping that says so."""

# A host name with a top-level word: no address in digits, however it is written, passes.
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}"
_PRIVATE = r"(?i)^https?://(?:[^/:?#]*\.)?(?:localhost|local|internal|localdomain|home\.arpa)[:/?#]"
_LAST = "title, last"
_FEW = "images, too few"


def worded(
    plan: MappingPlan, attributes: Sequence[AttributePlan], rows: Rows, kinds: Kinds
) -> tuple[dict[str, pl.Series], list[Wrong]]:
    """The columns `title`, `description`, `images` and those of attribute templates."""
    draft = Draft(rows, kinds)
    for attribute in attributes:
        _draft_attribute(attribute, draft)
    if plan.title is not None:
        _draft_title(plan.title, draft)
    if plan.description is not None:
        draft.picks["description"] = draft.template(plan.description[0])
    if plan.images is not None:
        _draft_images(plan, draft)
    if not draft.picks:
        return {}, []
    frame = draft.run()
    columns: dict[str, pl.Series] = {}
    wrong: list[Wrong] = []
    for attribute in attributes:
        name = attribute_column(attribute.id)
        columns[name] = _limited(attribute, frame[name], wrong)
    if plan.title is not None:
        columns["title"] = _cut_title(plan.title, frame)
        wrong.append(("NO_TITLE", columns["title"].is_null().to_numpy(), "title"))
    if plan.description is not None:
        columns["description"] = frame["description"]
        long = sizes(frame["description"], "characters") > plan.description[1]
        wrong.append(("TOO_LONG", long, "description"))
    if plan.images is not None:
        columns["images"] = frame["images"]
        wrong.append(("NO_IMAGE", frame[_FEW].to_numpy(), "images"))
    return columns, wrong


def _draft_attribute(plan: AttributePlan, draft: Draft) -> None:
    if not isinstance(plan.source, Template):
        raise TypeError("a template stands here")
    text = draft.template(plan.source)
    draft.picks[attribute_column(plan.id)] = pl.when(text.str.strip_chars() != "").then(text)


def _limited(plan: AttributePlan, text: pl.Series, wrong: list[Wrong]) -> pl.Series:
    step, attribute = f"attributes.{plan.id}", plan.attribute
    if attribute.required:
        wrong.append(("MISSING_ATTRIBUTE", text.is_null().to_numpy(), step))
    if attribute.max is None:
        return text
    long = sizes(text, attribute.count) > attribute.max
    if attribute.cut:
        return _cut_where(text, long, attribute.max, attribute.count)
    wrong.append(("TOO_LONG", long, step))
    return text


def sizes(text: pl.Series, count: str) -> NDArray[np.int64]:
    """Characters or bytes of every text; 0 where there is none."""
    found = text.str.len_bytes() if count == "bytes" else text.str.len_chars()
    return np.asarray(found.fill_null(0).to_numpy(), dtype=np.int64)


def _cut_where(text: pl.Series, mask: Truth, most: int, count: str) -> pl.Series:
    """Cut the texts at these rows, which are few."""
    at = np.flatnonzero(mask)
    if not len(at):
        return text
    cut = [cut_words(text[int(row)], most, count) for row in at]
    return text.scatter(at.tolist(), cut)


def _draft_title(plan: TitlePlan, draft: Draft) -> None:
    """The first template that renders, fits and holds no forbidden word; and the last rendered."""
    names = [f"title {number}" for number in range(len(plan.templates))]
    for name, template in zip(names, plan.templates, strict=True):
        folded = draft.template(template).str.replace_all(r"\s+", " ").str.strip_chars()
        draft.texts[name] = pl.when(folded != "").then(folded)
    fitting = [pl.when(_fits(pl.col(name), plan)).then(pl.col(name)) for name in names]
    draft.picks["title"] = pl.coalesce(fitting)
    draft.picks[_LAST] = pl.coalesce([pl.col(name) for name in reversed(names)])


def _fits(text: pl.Expr, plan: TitlePlan) -> pl.Expr:
    size = text.str.len_bytes() if plan.count == "bytes" else text.str.len_chars()
    fits = size <= plan.max
    if not plan.forbid:
        return fits
    words = "|".join(re.escape(plain_words(word)) for word in plan.forbid)
    plain = text.str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.to_lowercase()
    held = plain.str.contains(rf"(?:^|[^\p{{L}}\p{{N}}])(?:{words})(?:$|[^\p{{L}}\p{{N}}])")
    return fits & ~held


def plain_words(text: str) -> str:
    """Small letters without accents, single blanks: how forbidden words are compared."""
    bare = "".join(x for x in unicodedata.normalize("NFKD", text) if not unicodedata.combining(x))
    return " ".join(bare.lower().split())


def _cut_title(plan: TitlePlan, frame: pl.DataFrame) -> pl.Series:
    """Where none fits, the last one cut at a word, if that is allowed and then fits."""
    best, last = frame["title"], frame[_LAST]
    if not plan.cut or not best.null_count():
        return best
    open_ = (best.is_null() & last.is_not_null()).to_numpy()
    cut = _cut_where(last, open_, plan.max, plan.count)
    fits = pl.DataFrame({"cut": cut}).select(_fits(pl.col("cut"), plan).fill_null(False))["cut"]
    return cut.zip_with(fits & pl.Series(open_), best)


def _draft_images(plan: MappingPlan, draft: Draft) -> None:
    if plan.images is None:
        raise TypeError("no images")
    source, images, _ = plan.images
    urls = draft.input(_url_lists(source, draft.rows))
    scheme = "https" if images.https_only else "https?"
    usable = rf"^{scheme}://{_HOST}(?::[0-9]{{1,5}})?(?:[/?#][^\s]*)?$"
    element = pl.element()
    private = (element + "/").str.contains(_PRIVATE)
    kept = urls.list.eval(element.filter(element.str.contains(usable) & ~private))
    draft.picks["images"] = kept.list.head(images.max)
    draft.picks[_FEW] = kept.list.len().fill_null(0) < images.min


def _url_lists(source: Any, rows: Rows) -> pl.Series:
    """The list fact as it stands in the snapshot."""
    read = getattr(rows.facts, "lists", None)
    found: pl.Series | None = read(source.name) if read is not None else None
    if found is None:
        return pl.Series([[]], dtype=pl.List(pl.String)).new_from_index(0, rows.size)
    return found
