"""A share's interval by the score test (Wilson 1927)."""

from __future__ import annotations

import math

Z95 = 1.959963984540054
"""Standard deviations to each side that hold 95% of a normal distribution."""


def wilson(hits: float, n: float, z: float = Z95) -> tuple[float, float]:
    """Wilson's interval of a share of `hits` in `n`, `z` standard deviations to each side; (0, 1)
    of nothing."""
    if n == 0:
        return 0.0, 1.0
    share, square = hits / n, z * z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = z / (1 + square / n) * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    return low, 1.0 if hits == n else min(1.0, middle + half)
