"""Offers of one account in several files: each row says in which file it stands, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from offerwright.compare.listing_file import ListingFile
from offerwright.incremental.memory import Places
from offerwright.incremental.splice import in_order

MOST_FILES = 8
"""A run that finds so many writes all offers into one."""


@dataclass(frozen=True)
class PatchedListing:
    """
    What was computed when: a file of each run that computed something that still counts.

    `file` is, by row, the number of its file; `at` its position there.
    """

    files: tuple[ListingFile, ...]
    file: NDArray[np.uint8]
    at: Places

    def rows(self, at: Places) -> pl.DataFrame:
        """The rows at these positions, in this order."""
        file, place = self.file[at], self.at[at]
        numbers = np.unique(file).tolist()
        if len(numbers) <= 1:
            return self.files[numbers[0] if numbers else 0].rows(place)
        return in_order([
            (mine := np.flatnonzero(file == number), self.files[number].rows(place[mine]))
            for number in numbers
        ])  # fmt: skip


@dataclass(frozen=True)
class Pointers:
    """Where the offers of one account stand, as a writer collects it part by part."""

    files: tuple[Path, ...]
    file: NDArray[np.uint8]
    at: Places


def used(pointers: Pointers) -> Pointers:
    """Without the files in which no row stands any more."""
    numbers = np.unique(pointers.file)
    place = np.zeros(len(pointers.files), dtype=np.uint8)
    place[numbers] = np.arange(len(numbers))
    files: Sequence[Path] = [pointers.files[n] for n in numbers.tolist()] or pointers.files[-1:]
    return Pointers(tuple(files), place[pointers.file], pointers.at)
