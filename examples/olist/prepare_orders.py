"""
Turns the Olist orders into what routing reads, in a folder outside of the repository.

    python prepare_orders.py OLIST_FOLDER MUNICIPALITIES_FOLDER OUT_FOLDER

Reads the orders, their items, customers and sellers, and the coordinates of postal prefixes; writes
`nodes.csv.gz` (every seller is a node), `node_stock.csv.gz`, `places.csv.gz` and `orders.jsonl`,
the same bytes every time. The data holds no stock: a node has what its seller sold in these orders.
Postal prefixes stay as they came, many without their leading zero. No row of the data belongs in
the repository.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from prepare import ORDER_ITEMS, Row, read_rows, write_rows

ORDERS = "sample_8k_olist_orders_dataset.csv.gz"
CUSTOMERS = "sample_8k_olist_customers_dataset.csv.gz"
SELLERS = "olist_sellers_dataset.csv.gz"
PLACES = "zip_prefix_geo.csv.gz"
ACCOUNT = "example"


def sold(items: Iterable[Row]) -> Counter[tuple[str, str]]:
    """Units by seller and product; every row of the items is one unit."""
    return Counter((item["seller_id"], item["product_id"]) for item in items)


def line(item: Row) -> dict[str, Any]:
    """One line of an order; the price stays the text that was written."""
    return {
        "id": item["order_item_id"],
        "sku": item["product_id"],
        "quantity": 1,
        "price": item["price"],
    }


def order(row: Row, customer: Row, items: Sequence[Row]) -> dict[str, Any]:
    """One order; its time is the shop's local time, as in the data."""
    return {
        "id": row["order_id"],
        "account": ACCOUNT,
        "status": row["order_status"],
        "placed_at": row["order_purchase_timestamp"].replace(" ", "T"),
        "destination": {
            "zip": customer["customer_zip_code_prefix"],
            "state": customer["customer_state"],
        },
        "lines": [line(item) for item in sorted(items, key=lambda i: int(i["order_item_id"]))],
    }


def prepare(olist: Path, municipalities: Path, out: Path) -> str:
    """Write the four files to `out`; returns what was found, for people."""
    items, sellers = read_rows(olist / ORDER_ITEMS), read_rows(olist / SELLERS)
    customers = {row["customer_id"]: row for row in read_rows(olist / CUSTOMERS)}
    places = [row for row in read_rows(municipalities / PLACES) if row["lat"]]
    write_rows(
        out / "nodes.csv.gz",
        ("seller_id", "zip", "state"),
        ([s["seller_id"], s["seller_zip_code_prefix"], s["seller_state"]] for s in sellers),
    )
    units = sold(items)
    write_rows(
        out / "node_stock.csv.gz",
        ("seller_id", "product_id", "on_hand"),
        ([*key, str(count)] for key, count in sorted(units.items())),
    )
    write_rows(
        out / "places.csv.gz",
        ("zip", "latitude", "longitude"),
        ([row["zip_prefix"], row["lat"], row["lon"]] for row in places),
    )
    return _write_orders(read_rows(olist / ORDERS), customers, items, out / "orders.jsonl")


def _write_orders(
    rows: Sequence[Row], customers: Mapping[str, Row], items: Sequence[Row], file: Path
) -> str:
    by_order: dict[str, list[Row]] = defaultdict(list)
    for item in items:
        by_order[item["order_id"]].append(item)
    written = [order(row, customers[row["customer_id"]], by_order[row["order_id"]]) for row in rows]
    text = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in written)
    file.write_text(text, encoding="utf-8", newline="\n")
    several = sum(len({i["seller_id"] for i in held}) > 1 for held in by_order.values())
    return "\n".join([
        f"{len(written)} orders with {len(items)} lines",
        f"{sum(not one['lines'] for one in written)} orders without lines",
        f"{sum(one['status'] == 'canceled' for one in written)} cancelled orders",
        f"{several} orders that several sellers filled",
    ])  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("olist", type=Path, help="the folder with the Olist files")
    parser.add_argument("municipalities", type=Path, help="the folder with the postal prefixes")
    parser.add_argument("out", type=Path, help="a folder outside the repository")
    given = parser.parse_args()
    repository = Path(__file__).resolve().parents[2]
    if given.out.resolve().is_relative_to(repository):
        parser.error(f"{given.out} lies inside the repository: no row of the data belongs there")
    given.out.mkdir(parents=True, exist_ok=True)
    print(prepare(given.olist, given.municipalities, given.out), file=sys.stderr)


if __name__ == "__main__":
    main()
