"""What one account is to be told: offers → payload bodies and their hashes, as columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from offerwright.evaluate.run import Offers
from offerwright.frames import ASPECTS, Aspect
from offerwright.marketplaces.marketplace import Marketplace, missing_settings
from offerwright.marketplaces.payload import CompiledPayload
from offerwright.marketplaces.render import ROW, render
from offerwright.marketplaces.texts import Texts
from offerwright.profile import stage, staged
from offerwright.rules.plan import Account, AccountPlan
from offerwright.sync.hashes import said_hashes
from offerwright.sync.known import Known


@dataclass(frozen=True)
class Bodies:
    """
    The bodies of one payload.

    `frame`: `row` UInt32 (position in the offers, ascending), `hash` String, and one String column
    per part, named `part.NAME`; null where an offer has no such part.
    """

    payload: CompiledPayload
    frame: pl.DataFrame

    def hashes(self, size: int) -> pl.Series:
        """The hash beside each of `size` offers; null where nothing is said of it."""
        if self.frame.height == size:
            return self.frame["hash"]
        rows = pl.DataFrame({ROW: pl.int_range(size, dtype=pl.UInt32, eager=True)})
        said = self.frame.select(ROW, "hash")
        return rows.join(said, on=ROW, how="left", maintain_order="left")["hash"]


@dataclass(frozen=True)
class Told:
    """
    All bodies of one account by what they do; `create` and `end` may be absent.

    `create` holds the bodies of what is not live: nothing else can be created.
    """

    offers: Offers
    frame: pl.DataFrame
    """The offers as they are told: blocked stock of live listings is zero where that is written."""
    marketplace: Marketplace
    settings: Mapping[str, str]
    updates: Mapping[Aspect, Bodies]
    create: Bodies | None
    end: CompiledPayload | None


Wanted = Callable[[CompiledPayload, Texts], bool]


def everything(payload: CompiledPayload, texts: Texts) -> bool:
    """Every payload is wanted."""
    return True


@staged("payloads")
def told(
    offers: Offers, marketplace: Marketplace, known: Known, wanted: Wanted = everything
) -> Told:
    """
    Render every payload of an account that is wanted.

    A live listing whose stock is blocked is told zero where the inventory document says so.
    """
    settings = settings_of(offers.account, marketplace)
    is_listed = known.is_listed(offers.frame["sku"])
    frame = _zeroed(offers, is_listed)
    texts = Texts(frame)
    updates: dict[Aspect, Bodies] = {}
    for aspect in ASPECTS:
        payload = marketplace.payload_for(aspect, "update", settings)
        is_told = aspect in marketplace.document.aspects and _says(offers, aspect)
        if payload is not None and is_told and wanted(payload, texts):
            updates[aspect] = bodies(payload, texts, settings)
    create = None
    if marketplace.document.create and offers.plan.mapping is not None:
        payload = marketplace.payload_for("content", "create", settings)
        if payload is not None and wanted(payload, texts):
            creatable = ~is_listed & _is_whole(frame, marketplace)
            create = bodies(payload, texts, settings, creatable)
    end = marketplace.payload_for("content", "end", settings)
    return Told(offers, frame, marketplace, settings, updates, create, end)


def settings_of(account: Account, marketplace: Marketplace) -> Mapping[str, str]:
    """The settings of an account as payloads see them."""
    return marketplace.account_settings(
        account.site or None, account.currency, account.settings, account.trade_policy or None
    )


def zero_payload(
    plan: AccountPlan, marketplace: Marketplace, settings: Mapping[str, str]
) -> CompiledPayload | None:
    """What tells a stock of nought where nobody can compute it; None where it is left as it is."""
    if plan.inventory is None or plan.inventory.on_block != "zero":
        return None
    if "stock" not in marketplace.document.aspects:
        return None
    return marketplace.payload_for("stock", "update", settings)


def _says(offers: Offers, aspect: Aspect) -> bool:
    plan = offers.plan
    return bool({"price": plan.steps, "stock": plan.inventory, "content": plan.mapping}[aspect])


def _zeroed(offers: Offers, is_listed: pl.Series) -> pl.DataFrame:
    inventory = offers.plan.inventory
    if inventory is None or inventory.on_block != "zero":
        return offers.frame
    blocked = pl.Series(offers.withheld("stock"))
    zero = pl.when(pl.lit(is_listed & blocked)).then(0).otherwise(pl.col("quantity"))
    return offers.frame.with_columns(zero.alias("quantity"))


def _is_whole(frame: pl.DataFrame, marketplace: Marketplace) -> pl.Series:
    """Where every aspect is there; nothing is listed with less stock than may be."""
    limits = marketplace.limits
    at_create = limits.quantity_at_create or limits.quantity
    least = at_create.min if at_create is not None and at_create.min is not None else 0
    whole = pl.col("price").is_not_null() & pl.col("title").is_not_null()
    kept = whole & (pl.col("quantity") >= least)
    return frame.select(kept.fill_null(False).alias("whole"))["whole"]


def bodies(
    payload: CompiledPayload,
    offers: pl.DataFrame | Texts,
    settings: Mapping[str, str],
    where: pl.Series | None = None,
) -> Bodies:
    """The bodies of a payload, of some rows. Raises `KeyError` when the account lacks a setting."""
    lacking = missing_settings(payload, settings)
    if lacking:
        raise KeyError(f"payload {payload.name} needs the setting {lacking[0]}")
    rows = None if where is None else where.arg_true()
    with stage(payload.name):
        rendered = render(payload, offers, settings, rows)
    names = [part.name for part in payload.parts]
    return Bodies(
        payload,
        rendered.select(
            ROW,
            said_hashes(rendered, names).alias("hash"),
            *(pl.col(name).alias(part_column(name)) for name in names),
        ),
    )


def part_column(name: str) -> str:
    """The column of one part of a message."""
    return f"part.{name}"
