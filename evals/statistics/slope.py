"""How a score changes each time the data, or the student, doubles in size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from limbeck.evals.statistics.joint import Joint, interval
from limbeck.evals.statistics.training_seeds import two_way


def log_slope(
    sizes: Sequence[float], scores: ArrayLike, *, clusters: Sequence[object] | None = None
) -> dict[str, float | None]:
    """The least-squares slope of a score on log2(size): its change per doubling, as {"value",
    "low", "high", "p_value"}.

    `scores` are (sizes, seeds, items), the same items everywhere; or (sizes, seeds), means over
    items. One seed is one training order, run at every size.

    Points of one curve are not independent: the subsets are nested, so 4k holds what 1k taught,
    and all sizes answer the same items. The scatter around the line says nothing honest then. But
    a slope is a weighted sum over sizes: it is taken of every seed and item first, whatever binds
    the sizes stays inside, and the variance is that of one number for each seed and item
    (`two_way`), which are drawn independently. Nor has the curve to be straight: then the slope is
    that of the best line through these sizes, and its interval still right for that.

    Of means, the interval is Student's over seeds: it speaks of these items only. One seed gives an
    interval over items only, and none (None) where there are means alone. Raises ValueError for
    fewer than two sizes, one that is not positive, or scores of another shape.
    """
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim not in (2, 3) or len(values) != len(sizes) or 0 in values.shape:
        raise ValueError(
            f"scores must be ({len(sizes)} sizes, seeds) or with items, got {values.shape}"
        )
    if not np.isfinite(values).all():
        raise ValueError("a score is no finite number; leave that item or seed out at every size")
    if any(not 0 < size < np.inf for size in sizes) or len(set(sizes)) < 2:
        raise ValueError(f"a slope takes two different sizes above 0, got {list(sizes)}")
    at = np.log2(np.asarray(sizes, dtype=np.float64))
    at -= at.mean()
    slopes = np.tensordot(at / (at @ at), values, axes=1)  # (seeds,) or (seeds, items)
    if slopes.ndim == 1:
        if clusters is not None:
            raise ValueError("means over items have no clusters; give the scores of items")
        if len(slopes) == 1:
            return {"value": float(slopes[0]), "low": None, "high": None, "p_value": None}
        slopes = slopes[None, :]  # seeds are then what varies
    parts = two_way(np.stack([slopes, np.zeros_like(slopes)], axis=2), clusters)
    joint = Joint((float(slopes.mean()), 0.0), parts, "howe")
    return {**interval(joint.gain()), "p_value": joint.p_value()}
