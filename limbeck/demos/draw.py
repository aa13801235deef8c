"""Seeded draws that are the same on every machine: raw bits of PCG64, keyed by content.

numpy promises the bits of a bit generator for good, but not what `Generator.permutation` makes of
them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from limbeck.record import content_hash


def _bits(n: int, key: tuple[Any, ...]) -> npt.NDArray[np.uint64]:
    return np.random.PCG64(int(content_hash(list(key)), 16)).random_raw(n)


def shuffled(n: int, *key: Any) -> npt.NDArray[np.int64]:
    """The numbers 0 to n - 1 in an order that follows from `key`, which is JSON."""
    return np.argsort(_bits(n, key), kind="stable")


def uniforms(n: int, *key: Any) -> npt.NDArray[np.float64]:
    """n numbers from 0 up to 1, not included, that follow from `key`, which is JSON."""
    return (_bits(n, key) >> np.uint64(11)).astype(np.float64) * 2.0**-53
