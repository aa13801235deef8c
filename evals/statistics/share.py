"""A share's interval where items come in groups that vary together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from limbeck.evals.statistics.robust import mean_covariance
from limbeck.evals.transfer import LEVEL, t_quantile
from limbeck.wilson import wilson


def share(hits: ArrayLike, clusters: Sequence[object] | None) -> dict[str, float]:
    """{"value", "low", "high"} of hits (n,) of 0 and 1, with a 95% interval: Wilson's where items
    vary on their own.

    Where they do not, Wilson's of as many items as would vary as much on their own, with Student's
    t for its normal quantile (Korn and Graubard 1998 do so with another interval, and Franco et al.
    2019 find Wilson's the better one). Groups never make it narrower. Of no hit, or of nothing
    else, no variance is seen: then a group counts as one item. A mean with t to each side, which
    tells of 20 groups without a hit that there is none anywhere, is none of this. By simulation
    (benchmarks/RESULTS.md) it covers 96 to 99%. Raises ValueError for fewer than two clusters.
    """
    found = np.asarray(hits, dtype=np.float64)
    n, value = len(found), float(found.mean()) if len(found) else 0.0
    if clusters is None:
        low, high = wilson(float(found.sum()), n)
        return {"value": value, "low": low, "high": high}
    covariance, degrees = mean_covariance(found[:, None], clusters)
    alone, variance = value * (1 - value), float(covariance[0, 0])
    groups = len(set(clusters))
    enough = min(float(n), alone / variance) if variance > 0 else float(n)
    effective = float(groups) if alone == 0 else max(1.0, enough)
    low, high = wilson(value * effective, effective, t_quantile(0.5 + LEVEL / 2, degrees))
    return {"value": value, "low": low, "high": high}
