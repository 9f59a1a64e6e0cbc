"""
What one would use instead, for the rules of `workload.py`: plain Decimal, NumPy by hand, orjson.

Neither imports the engine. They price the account on Mercado Libre only; that suffices to compare
values and to have a yardstick.
"""

from __future__ import annotations

import csv
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

# marketplaces/mercadolibre/fees.yaml, Classic: the figures that the workload's catalogue meets.
COMMISSION = Decimal("0.12")
FIXED_BELOW, FIXED_FEE = Decimal("79.00"), Decimal("6.25")
EIGHT = Decimal("0.00000001")


def _rows(root: Path) -> list[dict[str, str]]:
    with (root / "rules/markups.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def decimal_prices(frame: pl.DataFrame, root: Path) -> list[Decimal | None]:
    """Row by row, as a rule interpreter would: first matching row, then the phases."""
    rows = _rows(root)
    columns = ("category", "brand", "cost", "list_price", "weight", "competitor_price@mercadolibre")
    return [_one(record, rows) for record in frame.select(columns).iter_rows()]


def _one(record: tuple[Any, ...], rows: list[dict[str, str]]) -> Decimal:
    category, brand, cost, list_price, weight, competitor = record
    markup, plus = Decimal("0.30"), Decimal("2.00")
    for row in rows:
        if row["when.category"] and row["when.category"] != category:
            continue
        if row["when.brand"] and row["when.brand"] != brand:
            continue
        if row["when.cost"] and cost < Decimal(row["when.cost"].removeprefix(">= ")):
            continue
        markup = Decimal(row["then.markup"].rstrip("%")) / 100
        plus = Decimal(row["then.plus"])
        break
    price = (cost * (1 + markup)).quantize(EIGHT, ROUND_HALF_UP) + plus
    if weight >= 5:
        price = (price * Decimal("1.03")).quantize(EIGHT, ROUND_HALF_UP)
    price = _gross(price)
    if competitor is not None:
        price = min(price, competitor - Decimal("0.01"))
    low, high = cost * Decimal("1.05"), list_price * 2
    return _inside(min(max(price, low), high), low, high)


def _gross(kept: Decimal) -> Decimal:
    below = _ceil((kept + FIXED_FEE) / (1 - COMMISSION))
    if below < FIXED_BELOW:
        return below
    return max(FIXED_BELOW, _ceil(kept / (1 - COMMISSION)))


def _ceil(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_CEILING)


def _point(value: Decimal, rounding: str) -> Decimal:
    return (value - Decimal("0.99")).quantize(Decimal(1), rounding) + Decimal("0.99")


def _inside(price: Decimal, low: Decimal, high: Decimal) -> Decimal:
    under, over = _point(price, ROUND_FLOOR), _point(price, ROUND_CEILING)
    rounded = under if price - under < over - price else over
    if rounded < low:
        rounded = _point(low, ROUND_CEILING)
        return rounded if rounded <= high else _ceil(low)
    if rounded > high:
        rounded = _point(high, ROUND_FLOOR)
        return rounded if rounded >= low else high.quantize(Decimal("0.01"), ROUND_FLOOR)
    return rounded


class HandWritten:
    """
    By hand for these rules: arrays of cents, and the table resolved to one answer a pair.

    Making it is compiling; `prices` is what is timed. A pair's answers are tried in order of their
    rows until one has no condition on the cost.
    """

    def __init__(self, frame: pl.DataFrame, root: Path) -> None:
        pairs = frame.select("category", "brand").unique(maintain_order=True)
        answers = [_answers(*pair, by_key) for by_key in [_by_key(root)] for pair in pairs.rows()]
        depth = max(map(len, answers))
        shape = (len(answers), depth)
        self.least = np.full(shape, -1, dtype=np.int64)
        self.markup = np.zeros(shape, dtype=np.int64)
        self.plus = np.zeros(shape, dtype=np.int64)
        for number, found in enumerate(answers):
            for at, (least, markup, plus) in enumerate(found):
                self.least[number, at], self.markup[number, at] = least, markup
                self.plus[number, at] = plus
        self.pairs = pairs.with_row_index("pair")

    def prices(self, frame: pl.DataFrame) -> list[Decimal | None]:
        pair = frame.select("category", "brand").join(
            self.pairs, on=["category", "brand"], how="left", maintain_order="left"
        )["pair"].to_numpy()  # fmt: skip
        cents = _cents(frame["cost"])
        markup, plus = np.full(len(cents), 30), np.full(len(cents), 200)
        open_ = np.ones(len(cents), dtype=bool)
        for at in range(self.least.shape[1]):
            least = self.least[pair, at]
            hit = open_ & (least >= 0) & (cents >= least)
            markup = np.where(hit, self.markup[pair, at], markup)
            plus = np.where(hit, self.plus[pair, at], plus)
            open_ &= ~hit
        # Millionths: cost has 2 decimals, the markup 2, the surcharge for weight 2 more.
        kept = cents * (100 + markup) * 100 + plus * 10_000
        kept = np.where(_thousandths(frame["weight"]) >= 5_000, kept * 103 // 100, kept)
        price = _gross_cents(kept)
        competitor = frame["competitor_price@mercadolibre"].fill_null(Decimal(10**9))
        price = np.minimum(price, _cents(competitor) - 1)
        # Bounds in hundredths of a cent: cost x 1.05 has four decimals.
        low, high = cents * 105, _cents(frame["list_price"]) * 200
        exact = np.minimum(np.maximum(price * 100, low), high)
        scaled = pl.Series(_inside_cents(exact, low, high)).cast(pl.Decimal(38, 2))
        return (scaled / Decimal(100)).cast(pl.Decimal(38, 2)).to_list()


Answer = tuple[int, int, int]
"""From which cost in cents; the markup in percent; the surcharge in cents."""


def _by_key(root: Path) -> dict[tuple[str, str], list[tuple[int, Answer]]]:
    found: dict[tuple[str, str], list[tuple[int, Answer]]] = {}
    for number, row in enumerate(_rows(root)):
        least = int(row["when.cost"].removeprefix(">= ") or 0) * 100
        answer = (least, int(row["then.markup"].rstrip("%")), int(Decimal(row["then.plus"]) * 100))
        found.setdefault((row["when.category"], row["when.brand"]), []).append((number, answer))
    return found


def _answers(
    category: str, brand: str, by_key: dict[tuple[str, str], list[tuple[int, Answer]]]
) -> list[Answer]:
    keys = ((category, brand), (category, ""), ("", brand), ("", ""))
    candidates = sorted(row for key in keys for row in by_key.get(key, []))
    found = []
    for _, answer in candidates:
        found.append(answer)
        if answer[0] == 0:
            break
    return found or [(0, 30, 200)]


def _cents(series: pl.Series) -> np.ndarray:
    return (series * 100).cast(pl.Int64).to_numpy()


def _thousandths(series: pl.Series) -> np.ndarray:
    return (series * 1000).cast(pl.Int64).to_numpy()


def _gross_cents(kept: np.ndarray) -> np.ndarray:
    """`kept` in millionths; a cent is 10,000 of them, and 88 % of the price are left."""
    below = -(-(kept + 6_250_000) * 100 // 880_000)
    return np.where(below < 7_900, below, np.maximum(7_900, -(-kept * 100 // 880_000)))


def _inside_cents(exact: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """`exact`, `low` and `high` in hundredths of a cent; the result in cents."""
    step, ending = 10_000, 9_900
    under = (exact - ending) // step * step + ending
    over = -((ending - exact) // step) * step + ending
    rounded = np.where(exact - under < over - exact, under, over)
    raised = -((ending - low) // step) * step + ending
    fallen = (high - ending) // step * step + ending
    lifted = np.where(raised <= high, raised, -(-low // 100) * 100)
    dropped = np.where(fallen >= low, fallen, high // 100 * 100)
    return np.where(rounded < low, lifted, np.where(rounded > high, dropped, rounded)) // 100


def dict_payloads(frame: pl.DataFrame) -> int:
    """The Mercado Libre create body as dict + orjson, from rows that are ready."""
    import orjson

    names = [n for n in frame.columns if n.startswith("attribute.")]
    count = 0
    for row in frame.to_dicts():
        attributes = [
            {"id": n.removeprefix("attribute."), "value_name": row[n]} for n in names if row[n]
        ]
        orjson.dumps(
            {
                "family_name": row["title"],
                "category_id": row["category"],
                "price": str(row["price"]),
                "currency_id": "BRL",
                "available_quantity": row["quantity"],
                "buying_mode": "buy_it_now",
                "listing_type_id": "gold_special",
                "condition": "new",
                "pictures": [{"source": url} for url in row["images"] or []],
                "attributes": [{"id": "SELLER_SKU", "value_name": row["sku"]}, *attributes],
            }
        )
        count += 1
    return count
