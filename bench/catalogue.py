"""
The generated catalogue, in blocks of 100,000 SKUs: as source files, or as the snapshot itself.

A block depends on its number alone, so that a smaller catalogue is the beginning of a larger one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa
from markets import MARKETS
from vocabulary import (
    BRAND_NAMES,
    COLOURS,
    CONDITIONS,
    DETAILS,
    GENDERS,
    LEAVES,
    MATERIALS,
    NODES,
    SEASONS,
    SEED,
    SIZES,
    draw_brands,
    draw_leaves,
    leaf_path,
)

BLOCK = 100_000
_ADJECTIVES = (
    "amplo", "antigo", "bonito", "clássico", "compacto", "elegante", "estável", "firme", "flexível",
    "leve", "moderno", "prático", "resistente", "rústico", "simples", "versátil",
)  # fmt: skip
_NOUNS = (
    "abajur", "armário", "bandeja", "cadeira", "cafeteira", "cesto", "colchão", "copo", "espelho",
    "estante", "faqueiro", "jarra", "lençol", "mesa", "panela", "prato", "sofá", "tapete",
    "travessa", "vaso",
)  # fmt: skip
_NAMES = tuple(f"{noun} {a} {b}" for noun in _NOUNS for a in _ADJECTIVES for b in _ADJECTIVES)
_PATHS = tuple(leaf_path(leaf) for leaf in range(LEAVES))


@dataclass(frozen=True)
class Block:
    """Rows `first` and on of the catalogue, one array per column; money in cents."""

    first: int
    leaf: np.ndarray
    brand: np.ndarray
    name: np.ndarray
    color: np.ndarray
    size: np.ndarray
    material: np.ndarray
    gender: np.ndarray
    season: np.ndarray
    condition: np.ndarray
    cost: np.ndarray
    list_price: np.ndarray
    weight_g: np.ndarray
    stock: np.ndarray
    """One row per node."""
    competitor: np.ndarray
    """One row per marketplace; -1 where there is none."""

    def __len__(self) -> int:
        return len(self.leaf)


def blocks(skus: int) -> Iterator[Block]:
    """The catalogue of so many SKUs."""
    for first in range(0, skus, BLOCK):
        yield _block(first, min(BLOCK, skus - first))


def _block(first: int, size: int) -> Block:
    # Always a whole block, then cut: a block of 500 is the beginning of one of 100,000.
    rng = np.random.default_rng([SEED, first // BLOCK])
    cost = np.clip(rng.lognormal(7.4, 1.1, BLOCK), 60, 4_000_000).astype(np.int64)
    condition = np.where(rng.random(BLOCK) < 0.85, 0, rng.integers(1, 4, BLOCK))
    stock = rng.poisson(6, (len(NODES), BLOCK)) * (rng.random((len(NODES), BLOCK)) > 0.4)
    rivals = cost * rng.integers(120, 220, (len(MARKETS), BLOCK)) // 100
    rivals = np.where(rng.random(rivals.shape) < 0.3, rivals, -1)
    return Block(
        first=first,
        leaf=draw_leaves(rng, BLOCK)[:size],
        brand=draw_brands(rng, BLOCK)[:size],
        name=rng.integers(0, len(_NAMES), BLOCK)[:size],
        color=rng.integers(0, DETAILS, BLOCK)[:size],
        size=rng.integers(0, DETAILS, BLOCK)[:size],
        material=rng.integers(0, DETAILS, BLOCK)[:size],
        gender=rng.integers(0, len(GENDERS), BLOCK)[:size],
        season=rng.integers(0, len(SEASONS), BLOCK)[:size],
        condition=condition[:size],
        cost=cost[:size],
        list_price=(cost * rng.integers(150, 280, BLOCK) // 100)[:size],
        weight_g=(rng.lognormal(6.5, 1.0, BLOCK).astype(np.int64) + 1)[:size],
        stock=stock[:, :size].astype(np.int64),
        competitor=rivals[:, :size],
    )


def snapshot(skus: int, accounts: int = len(MARKETS)) -> pl.DataFrame:
    """`frames.SNAPSHOT` of the generated shop, without the way through its files."""
    return pl.concat(snapshot_of(block, accounts) for block in blocks(skus)).rechunk()


def snapshot_of(block: Block, accounts: int) -> pl.DataFrame:
    frame = catalogue_of(block).rename({"weight_g": "weight"})
    frame = frame.with_columns(
        decimals(block.weight_g, 3).alias("weight"),
        *(pl.Series(f"stock.{node}", block.stock[n]) for n, node in enumerate(NODES)),
        *(
            decimals(block.competitor[n], 2).alias(f"competitor_price@{m.marketplace}")
            for n, m in enumerate(MARKETS[:accounts])
        ),
    )
    return frame.select("sku", *sorted(set(frame.columns) - {"sku"}))


def catalogue_of(block: Block) -> pl.DataFrame:
    """One row per SKU."""
    sku = skus_of(block)
    images = (pl.lit("https://img.example.com/") + sku + ".jpg").alias("images")
    return pl.DataFrame(
        {
            "sku": sku,
            "category": _words(_PATHS, block.leaf),
            "brand": _words(BRAND_NAMES, block.brand),
            "name": _words(_NAMES, block.name),
            "color": _words(COLOURS, block.color),
            "size": _words(SIZES, block.size),
            "material": _words(MATERIALS, block.material),
            "gender": _words(GENDERS, block.gender),
            "season": _words(SEASONS, block.season),
            "condition": _words(CONDITIONS, block.condition),
            "cost": decimals(block.cost, 2),
            "list_price": decimals(block.list_price, 2),
            "weight_g": pl.Series(block.weight_g),
            "images": pl.select(images).to_series().reshape((len(block), 1)).arr.to_list(),
        }
    )


def stock_of(block: Block) -> pl.DataFrame:
    """One row per SKU and node, SKU after SKU."""
    places = pl.Series(np.repeat(np.arange(len(block)), len(NODES)))
    return pl.DataFrame(
        {
            "sku": skus_of(block).gather(places),
            "node": _words(NODES, np.tile(np.arange(len(NODES)), len(block))),
            "on_hand": pl.Series(block.stock.T.reshape(-1)),
        }
    )


def competitors_of(block: Block, accounts: int = len(MARKETS)) -> pl.DataFrame:
    """One row per SKU and marketplace where a competitor's price is known, SKU after SKU."""
    row, marketplace = np.nonzero(block.competitor[:accounts].T >= 0)
    return pl.DataFrame(
        {
            "sku": skus_of(block).gather(pl.Series(row)),
            "marketplace": _words([m.marketplace for m in MARKETS], marketplace),
            "price": decimals(block.competitor[marketplace, row], 2),
        }
    )


def skus_of(block: Block) -> pl.Series:
    numbers = pl.int_range(block.first, block.first + len(block), eager=True)
    return pl.select(pl.lit("S") + numbers.cast(pl.String).str.zfill(8)).to_series().alias("sku")


def _words(vocabulary: Sequence[str], codes: np.ndarray) -> pl.Series:
    return pl.Series(vocabulary, dtype=pl.String).gather(pl.Series(codes))


def decimals(values: np.ndarray, scale: int) -> pl.Series:
    """Exact decimals from whole numbers at a scale; below zero is missing."""
    halves = np.zeros((len(values), 2), dtype=np.int64)
    halves[:, 0] = np.maximum(values, 0)
    there = pa.array(values >= 0).buffers()[1]
    column = pa.Array.from_buffers(
        pa.decimal128(38, scale), len(values), [there, pa.py_buffer(halves)]
    )
    return pl.Series(pl.from_arrow(column))
