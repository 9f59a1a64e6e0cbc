"""
Offers → payload bodies: the same bytes for one offer and for a million.

Which way is taken is decided here, by the number of rows alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from offerwright.marketplaces.compiled import CompiledPayload

if TYPE_CHECKING:
    import polars as pl

    from offerwright.marketplaces.texts import Texts

ROW = "row"
# Up to so many rows, lists of texts cost less than what calls of the frame library do.
FEW = 256
# From so many rows on, rows that lack the same values are written together.
MANY = 2_000


def render(
    payload: CompiledPayload,
    offers: pl.DataFrame | Texts,
    account: Mapping[str, str],
    rows: pl.Series | None = None,
) -> pl.DataFrame:
    """
    Write a payload's bodies.

    Args:
        payload: what to write.
        offers: one row per SKU of one account, `frames.OFFERS`; absent columns count as missing.
            `Texts` of them where several payloads are to be written.
        account: the account's settings (see `Marketplace.account_settings`).
        rows: positions in `offers`, without nulls: only these, in this order; all if None.

    Returns:
        `row` UInt32 (position in `offers`) and one String column per part, in the order of
        `offers` or of `rows`. Rows without a value that the payload requires are left out. A part
        is null where its own `$when` fails: it is not sent. Same offers, same bytes.

    Raises:
        KeyError: the account lacks a setting in `payload.needs`.
    """
    from offerwright.marketplaces.texts import Texts

    settings = _settings(payload, account)
    texts = offers if isinstance(offers, Texts) else Texts(offers)
    if rows is None:
        return _written(payload, texts, settings)
    return _of(rows, _written(payload, texts.at(rows), settings))


def _written(payload: CompiledPayload, texts: Texts, settings: Mapping[str, str]) -> pl.DataFrame:
    from offerwright.marketplaces.groups import groups
    from offerwright.marketplaces.render_columns import render_columns

    size = len(texts.offers)
    if size <= FEW:
        return _listed(payload, texts, settings)
    found = groups(payload, texts) if size >= MANY else []
    if len(found) < 2:
        return render_columns(payload, texts, settings, ROW)
    apart = [render_columns(payload, texts.group(rows), settings, ROW) for rows in found]
    return _together(found, apart)


def _together(groups: list[pl.Series], apart: list[pl.DataFrame]) -> pl.DataFrame:
    """The bodies of all groups in the order of the offers."""
    import polars as pl

    return pl.concat([_of(rows, one) for rows, one in zip(groups, apart, strict=True)]).sort(ROW)


def _of(rows: pl.Series, written: pl.DataFrame) -> pl.DataFrame:
    """The positions among all offers instead of those among some."""
    import polars as pl

    return written.with_columns(pl.lit(rows.cast(pl.UInt32)).gather(pl.col(ROW)).alias(ROW))


def _listed(payload: CompiledPayload, texts: Texts, settings: Mapping[str, str]) -> pl.DataFrame:
    import polars as pl

    from offerwright.marketplaces.render_lists import render_lists

    rows, *parts = render_lists(payload, texts.cells(), settings)
    columns = [pl.Series(ROW, rows, dtype=pl.UInt32)]
    for part, texts_of in zip(payload.parts, parts, strict=True):
        columns.append(pl.Series(part.name, texts_of, dtype=pl.String))
    return pl.DataFrame(columns)


def _settings(payload: CompiledPayload, account: Mapping[str, str]) -> dict[str, str]:
    needed = {name: account[name] for name in payload.needs}
    wished = {name: account[name] for name in payload.optional if name in account}
    return {f"account.{name}": value for name, value in (needed | wished).items()}
