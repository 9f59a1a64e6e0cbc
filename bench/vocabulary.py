"""The words of the generated shop, and how often each is drawn."""

from __future__ import annotations

import numpy as np

SEED = 20_261_124
LEAVES, BRANDS, DETAILS = 800, 500, 60
NODES = ("n0", "n1", "n2", "n3", "n4")
GENDERS = ("female", "male", "unisex", "girls", "boys")
SEASONS = tuple(f"{half}-{year}" for year in range(2023, 2027) for half in ("summer", "winter"))
CONDITIONS = ("new", "used", "refurbished", "open-box")

_SYLLABLES = (
    "ba", "cor", "del", "fa", "gri", "lo", "mar", "nê", "pol", "ri", "sa", "tu", "vé", "zan",
)  # fmt: skip
_COLOURS = (
    "azul", "bege", "branco", "cinza", "laranja", "marrom", "preto", "rosa", "verde", "vinho",
)  # fmt: skip
_SHADES = ("claro", "escuro", "fosco", "médio", "neon", "pastel")
_STUFFS = (
    "algodão", "aço", "bambu", "couro", "cristal", "lã", "linho", "pinho", "silicone", "vidro",
)  # fmt: skip
_FINISHES = ("bruto", "escovado", "natural", "polido", "reciclado", "tratado")


def leaf_path(leaf: int) -> str:
    return f"l{leaf // 80:02d}/m{leaf // 10:02d}/c{leaf:03d}"


BRAND_NAMES = tuple(
    f"{_SYLLABLES[i % 14]}{_SYLLABLES[i // 14 % 14]}{_SYLLABLES[(i * 5 + i // 196) % 14]}".title()
    + f" {i:03d}"
    for i in range(BRANDS)
)
COLOURS = tuple(f"{c} {s}" for c in _COLOURS for s in _SHADES)
SIZES = tuple(f"{20 + 2 * i} x {30 + i} cm" for i in range(DETAILS))
MATERIALS = tuple(f"{stuff} {finish}" for stuff in _STUFFS for finish in _FINISHES)


def draw_leaves(rng: np.random.Generator, size: int) -> np.ndarray:
    """Half of them Zipf 1.3, half even."""
    zipf = np.minimum(rng.zipf(1.3, size), LEAVES) - 1
    return np.where(rng.random(size) < 0.5, zipf, rng.integers(0, LEAVES, size))


def draw_brands(rng: np.random.Generator, size: int) -> np.ndarray:
    """Pareto; what falls off the end is even."""
    pareto = (rng.pareto(1.2, size) * 8).astype(np.int64)
    return np.where(pareto < BRANDS, pareto, rng.integers(0, BRANDS, size))
