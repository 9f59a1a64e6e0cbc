"""
Turns the Olist files into the sources of this repository, in a folder outside of it.

    python prepare.py OLIST_FOLDER OUT_FOLDER [--fill-price category-median]

Reads `olist_products_dataset.csv.gz` and `sample_8k_olist_order_items_dataset.csv.gz`; writes
`products.csv.gz`, `prices.csv.gz` and `stock.csv.gz`, the same bytes every time. No row of the data
belongs in the repository.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

PRODUCTS = "olist_products_dataset.csv.gz"
ORDER_ITEMS = "sample_8k_olist_order_items_dataset.csv.gz"
CATEGORY_TABLE = Path(__file__).parent / "rules" / "mapping" / "shopify-categories.csv"
# Lengths of texts that the data does not hold are of no use to rules.
PRODUCT_COLUMNS = (
    "product_id",
    "product_category_name",
    "product_photos_qty",
    "product_weight_g",
    "product_length_cm",
    "product_height_cm",
    "product_width_cm",
)

Row = Mapping[str, str]


def highest_prices(order_items: Iterable[Row]) -> dict[str, Decimal]:
    """The highest price per product id, in BRL; compared as numbers, for `51.5` is `51.50`."""
    highest: dict[str, Decimal] = {}
    for item in order_items:
        price = Decimal(item["price"])
        highest[item["product_id"]] = max(price, highest.get(item["product_id"], price))
    return highest


def median(values: Sequence[Decimal]) -> Decimal:
    """The middle value; between two, their mean, half a centavo going up."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    mean = (ordered[middle - 1] + ordered[middle]) / 2
    return mean.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def filled_prices(products: Sequence[Row], seen: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """`seen`, and for every other product the median of its category, else of all products."""
    by_category: dict[str, list[Decimal]] = {}
    for product in products:
        if (price := seen.get(product["product_id"])) is not None:
            by_category.setdefault(product["product_category_name"], []).append(price)
    medians = {category: median(prices) for category, prices in by_category.items()}
    overall = median(list(seen.values()))
    return {
        product["product_id"]: seen.get(
            product["product_id"], medians.get(product["product_category_name"], overall)
        )
        for product in products
    }


def invented_stock(product_id: str) -> tuple[tuple[str, int], ...]:
    """Units by node, read off the hexadecimal product id: the data holds no stock.

    `sp-1` has the first four digits modulo 40, `pr-1` the next four modulo 15.
    """
    return (("sp-1", int(product_id[:4], 16) % 40), ("pr-1", int(product_id[4:8], 16) % 15))


def read_rows(file: Path) -> list[dict[str, str]]:
    with gzip.open(file, "rt", encoding="utf-8-sig", newline="") as text:
        return list(csv.DictReader(text))


def write_rows(file: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    # No time of day in the gzip header: equal rows are equal bytes.
    file.write_bytes(gzip.compress(text.getvalue().encode(), compresslevel=6, mtime=0))


def mapped_categories() -> set[str]:
    with CATEGORY_TABLE.open(encoding="utf-8", newline="") as text:
        return {row["when.category"] for row in csv.DictReader(text)}


def work_to_do(products: Iterable[Row]) -> Counter[str]:
    """Products per category that the mapping does not know; the empty text is "no category"."""
    mapped = mapped_categories()
    names = (product["product_category_name"] for product in products)
    return Counter(name for name in names if name not in mapped)


def prepare(olist: Path, out: Path, fill: bool) -> str:
    """Write the three sources to `out`; returns what was found, for people."""
    products = read_rows(olist / PRODUCTS)
    seen = highest_prices(read_rows(olist / ORDER_ITEMS))
    prices = filled_prices(products, seen) if fill else seen
    write_rows(
        out / "products.csv.gz",
        PRODUCT_COLUMNS,
        ([product[column] for column in PRODUCT_COLUMNS] for product in products),
    )
    write_rows(
        out / "prices.csv.gz",
        ("product_id", "price", "origin"),
        (
            (p["product_id"], f"{prices[p['product_id']]}", origin(p["product_id"], seen))
            for p in products
            if p["product_id"] in prices
        ),
    )
    write_rows(
        out / "stock.csv.gz",
        ("product_id", "node", "on_hand"),
        (
            (p["product_id"], node, str(units))
            for p in products
            for node, units in invented_stock(p["product_id"])
        ),
    )
    return summary(products, seen, prices)


def origin(product_id: str, seen: Mapping[str, Decimal]) -> str:
    return "seen" if product_id in seen else "category-median"


def summary(
    products: Sequence[Row], seen: Mapping[str, Decimal], prices: Mapping[str, Decimal]
) -> str:
    to_do = work_to_do(products)
    lines = [
        f"{len(products)} products",
        f"{len(seen)} with a price that was seen, {len(prices) - len(seen)} with a filled one",
        f"{len(products) - len(prices)} without a price",
        f"{to_do.pop('', 0)} without a category",
        f"{sum(to_do.values())} in {len(to_do)} categories that are not mapped:",
        *(f"  {count:5} {name}" for name, count in to_do.most_common()),
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("olist", type=Path, help="the folder with the Olist files")
    parser.add_argument("out", type=Path, help="the folder for the sources, outside the repository")
    parser.add_argument("--fill-price", choices=["category-median"], help="to measure size only")
    given = parser.parse_args()
    repository = Path(__file__).resolve().parents[2]
    if given.out.resolve().is_relative_to(repository):
        parser.error(f"{given.out} lies inside the repository: no row of the data belongs there")
    given.out.mkdir(parents=True, exist_ok=True)
    print(prepare(given.olist, given.out, given.fill_price is not None), file=sys.stderr)


if __name__ == "__main__":
    main()
