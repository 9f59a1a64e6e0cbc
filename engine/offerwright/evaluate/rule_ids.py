"""By offer, the ids of the table rows and steps that made its price."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from offerwright.evaluate.columns import Array
from offerwright.evaluate.match import Match
from offerwright.evaluate.state import Ran
from offerwright.evaluate.text_columns import TEXT

_NOTHING = -1


@dataclass(frozen=True)
class _Told:
    """The lists of ids that one step gives, and the one of each offer."""

    lists: Sequence[Sequence[str]]
    which: Array


def rules_column(ran: Sequence[Ran], size: int) -> pl.Series:
    """The ids of all steps, in order; an empty list where none ran."""
    told = [_told(one) for one in ran]
    if not told:
        return pl.Series([[]], dtype=pl.List(pl.String)).new_from_index(0, size)
    texts = [text for one in told for ids in one.lists for text in ids]
    starts, counts = _places(told)
    where, many = starts.ravel(), counts.ravel()
    if many.max(initial=0) > 1:
        # The first id of every list, and how far each of the others stands behind it.
        where = np.repeat(where - (np.cumsum(many) - many), many) + np.arange(many.sum())
    else:
        where = where[many > 0]
    ends = np.concatenate(([0], np.cumsum(counts.sum(axis=1))))
    held = pa.array(texts, TEXT).take(pa.array(where))
    return pl.Series(pa.LargeListArray.from_arrays(pa.array(ends), held))


def _places(told: Sequence[_Told]) -> tuple[Array, Array]:
    """Of every offer and step, where its ids begin among all, and how many they are."""
    rows = len(told[0].which)
    starts = np.empty((rows, len(told)), dtype=np.int64)
    counts = np.empty((rows, len(told)), dtype=np.int64)
    before = 0
    for step, one in enumerate(told):
        sizes = np.array([len(ids) for ids in one.lists], dtype=np.int64)
        starts[:, step] = (before + np.cumsum(sizes) - sizes)[one.which]
        counts[:, step] = sizes[one.which]
        before += int(sizes.sum())
    return starts, counts


def named_rules(ran: Sequence[Ran], documents: Sequence[str], size: int) -> pl.Series:
    """
    By offer, its steps and rows as members of a JSON list: `"shop/markups","shop/audio"`.

    `documents` are the names of documents by their number; a name of the list is `document/id`, of
    every step that ran and of every row that decided in it. The empty text where none did.
    """
    texts = {f"r{number}": _named(one, documents) for number, one in enumerate(ran)}
    if not texts:
        return pl.Series([""], dtype=pl.String).new_from_index(0, size)
    joined = pl.concat_str(pl.all(), separator=",", ignore_nulls=True)
    return pl.DataFrame(texts).select(joined.alias("rules"))["rules"]


def _named(ran: Ran, documents: Sequence[str]) -> pl.Series:
    told, document = _told(ran), documents[ran.step.document]
    texts = [
        ",".join(f'"{document}/{id_}"' for id_ in dict.fromkeys((ran.step.id, *ids)))
        if ids
        else None
        for ids in told.lists
    ]
    return pl.Series(texts, dtype=pl.String).gather(told.which)


def made_by(
    ran: Sequence[Ran], documents: Sequence[str], rule: str, size: int
) -> NDArray[np.bool_]:
    """Where a step, or a row of its table, ran: `rule` is `document/id`, as in `named_rules`."""
    document, _, id_ = rule.partition("/")
    found = np.zeros(size, dtype=bool)
    for one in ran:
        if documents[one.step.document] == document:
            told = _told(one)
            named = [bool(ids) and id_ in (one.step.id, *ids) for ids in told.lists]
            found |= np.array(named, dtype=bool)[told.which]
    return found


def rule_ids(ran: Ran, row: int) -> tuple[str, ...]:
    """The ids that one step gives to the offer of one row; none where it did not run."""
    return tuple(_ids_of(ran)(int(_number(ran)[row])))


def _told(ran: Ran) -> _Told:
    """Only the lists that some offer has: a table may have thousands of rows."""
    number, ids_of = _number(ran), _ids_of(ran)
    counts = np.bincount(number - _NOTHING)
    present = np.flatnonzero(counts)
    place = np.zeros(len(counts), dtype=np.int64)
    place[present] = np.arange(len(present))
    return _Told([ids_of(n + _NOTHING) for n in present.tolist()], place[number - _NOTHING])


def _number(ran: Ran) -> Array:
    """Which list of ids an offer has: a row of the table, a state under `collect`, or none."""
    if ran.match is None:
        return np.where(ran.active, 0, _NOTHING)
    found = ran.match
    if found.table.take is not None:
        return np.where(ran.active, found.states, _NOTHING)
    return np.where(ran.active & found.found, found.picked, _NOTHING)


def _ids_of(ran: Ran) -> Callable[[int], Sequence[str]]:
    step, found = ran.step.id, ran.match
    if found is None:
        return lambda number: (step,) if number >= 0 else ()
    return lambda number: _of_table(found, step, number) if number >= 0 else ()


def _of_table(found: Match, step: str, number: int) -> Sequence[str]:
    rows = found.table.rows
    if found.table.take is not None:
        return [rows[n].id for n in found.rows_of(number)]
    return [rows[number].id if number < len(rows) else f"{step}/otherwise"]
