"""
Arrays that say the same of every row, held once.

They have no stride: NumPy takes them for a scalar, nobody can write to them, and a table is walked
once for them instead of once a row.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
# So few rows are computed as quickly as it is seen that they are alike.
_FEW = 256


def repeated(value: Any, rows: int, dtype: Any) -> Array:
    """The value in every row, held once; nobody can write to it."""
    if dtype is object:
        return np.full(rows, value, dtype=object)
    return everywhere(bool(value), rows) if dtype is bool else _held(value, rows, dtype)


@lru_cache(maxsize=32)
def everywhere(value: bool, rows: int) -> NDArray[np.bool_]:
    """The truth value in every row, written out: without strides `&` takes 25 times as long."""
    found = np.full(rows, value, dtype=bool)
    found.flags.writeable = False
    return found


@lru_cache(maxsize=1024)
def _held(value: Any, rows: int, dtype: Any) -> Array:
    one = np.array([value], dtype=dtype)
    one.flags.writeable = False
    return one if rows == 1 else np.ndarray((rows,), one.dtype, one, 0, (0,))


def is_uniform(array: Array) -> bool:
    """Whether an array is held as one value for all rows: there is one row, or no stride."""
    rows = len(array)
    return rows == 1 or (rows > 1 and array.strides[0] == 0)


def alike(mask: NDArray[np.bool_]) -> bool | None:
    """What a mask says of all rows; None where it tells rows apart."""
    true = np.count_nonzero(mask)  # one call, where `all` and `any` are two slow ones
    return None if 0 < true < len(mask) else bool(true) or len(mask) == 0


def each(change: Callable[..., Array], *arrays: Array) -> Array:
    """The change of every row, of one row only where all of many rows are alike."""
    if len(arrays[0]) > _FEW and all([a.strides[0] == 0 for a in arrays]):
        only = change(*(a[:1] for a in arrays))
        dtype = {"O": object, "b": bool}.get(only.dtype.kind, only.dtype)
        return repeated(only[0], len(arrays[0]), dtype)
    return change(*arrays)
