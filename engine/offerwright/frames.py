"""
The column contracts between rooms: names, dtypes and keys of every frame, written once.

Frames are Polars data frames, but nothing here imports Polars, so that `check` stays light. The
dtype words are those of Polars; `Decimal` means `Decimal(38, s)` with the least scale s (at most 8)
that holds every value exactly.

SNAPSHOT   one row per SKU, in catalogue order; key `sku` (String, unique).
           One column per fact, named as the fact:
             text, enum, path -> String · boolean -> Boolean · integer -> Int64
             number, percent (12 % is 0.12), money, weight (kg), length (cm) -> Decimal
             date -> Date · datetime -> Datetime("us", "UTC") · duration -> Int64 seconds
             list of T -> List(T)
             map of T -> one column per key, named `fact.key`
           A fact that is kept per marketplace or account: one column each, `fact@marketplace`;
           per trade policy: `fact@policy 2`, for a policy may have the name of a marketplace.
           A null is a missing value; it is never zero and never the empty text.

OFFERS     one row per SKU of one account, in snapshot order; key `sku`.
             sku String · price, sale_price, list_price Decimal(38, currency digits)
             quantity Int64 · currency String · category, title, description String
             images List(String) · `attribute.<ID>` String
             optional, absent = missing: sale_from, sale_before Datetime("us", "UTC") (the window
             of the sale, its end not included) · tiers List(Struct(quantity Int64, price Decimal))
             (from how many units on, and what one of them costs; quantities rise, prices fall,
             none is empty) · node_stock Int64 (units on hand in the account's
             own node, never the result of an allocation)
             withheld aspects are null; why is in `Offers.blocks`.

PAYLOADS   rows of one payload mapping: `row` UInt32 (position in OFFERS), `body` String (JSON), and
           one more String column per further part; null = this offer has no such part.

REJECTS    file String, row Int64 (line number of the row's first line, header = 1), column String,
           value String (at most 80 characters), code String, reason String.
"""

from __future__ import annotations

from typing import Literal

Aspect = Literal["price", "stock", "content"]
ASPECTS: tuple[Aspect, ...] = ("price", "stock", "content")
HELD_ASPECTS: tuple[Aspect, ...] = ("price", "content")
"""What a hold holds back unless it names aspects. Held stock would be sold twice elsewhere."""

REJECTS = ("file", "row", "column", "value", "code", "reason")


def map_column(fact: str, key: str) -> str:
    """The column of one key of a map fact."""
    return f"{fact}.{key}"


def scoped_column(fact: str, scope: str) -> str:
    """The column of a fact that is kept per marketplace or account."""
    return f"{fact}@{scope}"


def policy_column(fact: str, policy: str) -> str:
    """The column of a fact that is kept per trade policy."""
    return scoped_column(fact, f"policy {policy}")


def attribute_column(attribute: str) -> str:
    """The column of one marketplace attribute of an offer."""
    return f"attribute.{attribute}"
