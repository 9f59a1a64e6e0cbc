"""The four accounts of the generated shop."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Market:
    """What the workload sets for one account: fees by price, its share of the stock, its names."""

    account: str
    marketplace: str
    currency_line: str
    adjust: int
    """Added to the markup, in basis points of the cost."""
    bands: tuple[tuple[int, int], ...]
    """From which price on, in cents, which fixed fee is taken; the first begins at 0."""
    share: int
    cap: int | None
    attributes: tuple[str, str, str, str, str, str]
    """Ids of brand, colour, size, material, gender and weight."""


MARKETS = (
    Market("meli", "mercadolibre", "site: MLB, settings: {seller_id: \"1\"}", 0,
           ((0, 625), (7_900, 0)), 4_000, 10,
           ("BRAND", "COLOR", "SIZE", "MATERIAL", "GENDER", "WEIGHT")),
    Market("amazon", "amazon", "site: BR, settings: {seller_id: A1}", 200,
           ((0, 350), (3_000, 525), (7_900, 0)), 3_000, 8,
           ("brand", "color", "size", "material", "target_gender", "item_package_weight")),
    Market("example", "example-market", "settings: {shop_id: bench}", -150,
           ((0, 300), (5_000, 0)), 2_000, None,
           ("brand", "color", "size", "material", "gender", "weight_kg")),
    Market("plaza", "plaza", "settings: {shop_id: bench, warehouse: central}", 450,
           ((0, 100),), 1_000, 2,
           ("brand", "color", "size", "material", "gender", "weight_kg")),
)  # fmt: skip
