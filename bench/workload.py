"""
One generated shop: rules of a chosen size and a catalogue of N SKUs, the same for every run.

    python bench/workload.py --skus 1000000 --accounts 4 --out DIR

writes a repository that `offerwright --root DIR` takes: 800 leaf categories (half Zipf, half
even), 500 brands, costs lognormal, stock in five nodes, competitor prices for four marketplaces.
The Parquet files have a row group for every 100,000 SKUs, in the order of the catalogue, and memory
stays that of one such block, however many SKUs are asked for.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
from catalogue import Block, blocks, catalogue_of, competitors_of, stock_of
from markets import MARKETS
from ruledata import RuleData, make_rules
from shop_files import write_shop


@dataclass(frozen=True)
class Spec:
    """How large a workload is."""

    skus: int = 100_000
    table_rows: int = 2_000
    conditionals: int = 40
    accounts: int = len(MARKETS)

    @property
    def name(self) -> str:
        return f"{self.skus}-{self.table_rows}-{self.conditionals}-{self.accounts}"


def write_rules(root: Path, spec: Spec) -> RuleData:
    """The repository without its data, in milliseconds; and the rules as plain data."""
    rules = make_rules(spec.table_rows, spec.conditionals)
    write_shop(root, rules, spec.accounts)
    return rules


def make_workload(root: Path, spec: Spec) -> RuleData:
    """The whole repository: rules, and the sources under `data/`."""
    rules = write_rules(root, spec)
    write_sources(root / "data", spec)
    return rules


def write_sources(folder: Path, spec: Spec) -> None:
    """Catalogue, stock and competitors, one row group a block."""
    folder.mkdir(parents=True, exist_ok=True)
    made: dict[str, Callable[[Block], pl.DataFrame]] = {
        "catalogue": catalogue_of,
        "stock": stock_of,
        "competitors": lambda block: competitors_of(block, spec.accounts),
    }
    writers: dict[str, pq.ParquetWriter] = {}
    try:
        for block in blocks(spec.skus):
            for name, make in made.items():
                table = make(block).to_arrow()
                if name not in writers:
                    file = folder / f"{name}.parquet"
                    writers[name] = pq.ParquetWriter(file, table.schema, compression="zstd")
                writers[name].write_table(table, row_group_size=len(table))
    finally:
        for writer in writers.values():
            writer.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--skus", type=int, default=Spec.skus)
    parser.add_argument("--accounts", type=int, default=Spec.accounts, choices=(1, 2, 3, 4))
    parser.add_argument("--rows", type=int, default=Spec.table_rows, help="rows of the table")
    parser.add_argument("--rules", type=int, default=Spec.conditionals, help="conditional markups")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    make_workload(given.out, Spec(given.skus, given.rows, given.rules, given.accounts))


if __name__ == "__main__":
    main()
