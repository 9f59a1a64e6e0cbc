"""What the ledger knows of one account, as columns: rows by SKU and aspect, and what is live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import polars as pl

from offerwright.frames import Aspect
from offerwright.guards.windows import HISTORY, NO_HISTORY
from offerwright.store.columns import LEDGER, LISTINGS
from offerwright.store.protocol import Reading

LIVE_SCHEMA: dict[str, Any] = {
    "sku": pl.String,
    "live_price": pl.Decimal(38, 8),
    "live_paid": pl.Decimal(38, 8),
    "live_quantity": pl.Int64,
    "was_sent": pl.Boolean,
}
_UNDER_WAY = ("sending", "submitted", "in_doubt")


@dataclass(frozen=True)
class Known:
    """
    What the ledger knows of one account, or of some of its SKUs.

    Live is what was listed or confirmed and not ended since: a listing that existed before us is
    known by its first confirmed price or stock.
    """

    ledger: pl.DataFrame
    """`LEDGER` of the store: one row per SKU and aspect."""
    listed: pl.Series
    """The SKUs that are live, ascending."""
    history: pl.DataFrame = field(default_factory=NO_HISTORY.clone)
    """What was paid day by day, `HISTORY`, where guards look back and it was asked for."""

    def of(self, aspect: Aspect) -> pl.DataFrame:
        """The rows of one aspect; key `sku`."""
        return self.ledger.filter(pl.col("aspect") == aspect)

    def beside(self, skus: pl.Series, aspect: Aspect) -> pl.DataFrame:
        """The rows of one aspect beside these SKUs, in their order; null where there is none."""
        return skus.to_frame("sku").join(
            self.of(aspect), on="sku", how="left", maintain_order="left"
        )

    def is_listed(self, skus: pl.Series) -> pl.Series:
        """Which of these SKUs are live."""
        return skus.is_in(self.listed.implode())

    def only(self, skus: pl.Series) -> Known:
        """What is known of these SKUs."""
        return Known(
            self.ledger.filter(pl.col("sku").is_in(skus.implode())),
            self.listed.filter(self.listed.is_in(skus.implode())),
            self.history.filter(pl.col("sku").is_in(skus.implode())),
        )

    def row(self, sku: str, aspect: Aspect) -> Mapping[str, Any]:
        """One row of the ledger; empty where there is none."""
        found = self.ledger.filter((pl.col("sku") == sku) & (pl.col("aspect") == aspect))
        return found.row(0, named=True) if found.height else {}


def known_of(ledger: pl.DataFrame, listings: pl.DataFrame) -> Known:
    """Rows of the ledger and the listings of the same SKUs → what is known of them."""
    told = ledger.filter(pl.col("confirmed_generation") > 0)["sku"]
    ended = listings.filter(pl.col("state") != "live")["sku"]
    live = listings.filter(pl.col("state") == "live")["sku"]
    told = told.filter(~told.is_in(ended.implode()))
    return Known(ledger, pl.concat([live, told]).unique().sort())


NOTHING_KNOWN = known_of(pl.DataFrame(schema=LEDGER), pl.DataFrame(schema=LISTINGS))
"""An account of which nothing was ever said."""


def read_known(store: Reading, account: str, skus: pl.Series | None = None) -> Known:
    """What the ledger knows of an account, of these SKUs only if any are given."""
    return known_of(store.ledger_frame(account, skus), store.listings_frame(account, skus))


def with_history(known: Known, store: Reading, account: str, skus: pl.Series, since: int) -> Known:
    """With what was paid for these SKUs from a UTC day on."""
    days = store.price_days(account, skus, since=since)
    past = days.select(pl.col(name).cast(dtype) for name, dtype in HISTORY.items())
    return replace(known, history=past)


def live_paid(row: Mapping[str, Any], is_listed: bool) -> tuple[Decimal | None, bool]:
    """
    What the buyer pays now by a ledger row of the price, and whether any price of ours may be live.

    A price may be live when it was confirmed, or sent and not provably refused: an older send that
    is settled has confirmed a value, left a listing, or done nothing. What is paid is the confirmed
    price or, where none was ever confirmed, the one last seen there; None: nobody knows.
    """
    confirmed = row.get("confirmed_generation")
    paid = row.get("sale_price") or row.get("price")
    if not confirmed:
        paid = paid or row.get("observed_sale_price") or row.get("observed_price")
    under_way = is_listed or row.get("state") in _UNDER_WAY
    amount = None if paid is None else Decimal(str(paid))
    return amount, bool(confirmed or (row.get("sent_generation") and under_way))


def live_frame(known: Known) -> pl.DataFrame:
    """
    The confirmed values for rules and guards: one row per SKU with a ledger row.

    `live_paid` and `was_sent` say what the function `live_paid` says of one row. `was_sent`:
    something may be live, so that an unknown live price is a danger.
    """
    price = known.of("price")
    confirmed = pl.col("confirmed_generation") > 0
    seen = pl.coalesce("observed_sale_price", "observed_price")
    paid = pl.coalesce("sale_price", "price", pl.when(~confirmed).then(seen))
    under_way = pl.lit(known.is_listed(price["sku"])) | pl.col("state").is_in(_UNDER_WAY)
    said = price.select(
        "sku",
        amount(pl.col("price")).alias("live_price"),
        amount(paid).alias("live_paid"),
        (confirmed | ((pl.col("sent_generation") > 0) & under_way)).alias("was_sent"),
    )
    stock = known.of("stock").select("sku", pl.col("quantity").alias("live_quantity"))
    return (
        known.ledger.select(pl.col("sku").unique(maintain_order=True))
        .join(said, on="sku", how="left", maintain_order="left")
        .join(stock, on="sku", how="left", maintain_order="left")
        .with_columns(pl.col("was_sent").fill_null(False))
        .select(*LIVE_SCHEMA)
    )


def amount(text: pl.Expr) -> pl.Expr:
    """The exact text of an amount as a decimal; no currency has more than eight decimals."""
    return text.cast(pl.Decimal(38, 8))
