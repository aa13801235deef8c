"""`dpp`: the set that is most similar to the query and most diverse, by a determinant."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from limbeck.demos.dense import Dense
from limbeck.demos.encode import Encoder
from limbeck.demos.row import Demo
from limbeck.demos.select import Selection
from limbeck.errors import UserError

_SINGULAR = 1e-9  # what is left of a diagonal of 1 where a row depends on the chosen ones
_DECIMALS = 9

Floats = npt.NDArray[np.float64]


class Dpp:
    """A determinantal point process over the `top` demos nearest to the query, or k where that is
    more; its most probable set of k, found greedily.

    The kernel is L_ij = q_i S_ij q_j with q = exp(rel / (2 scale)), where rel is (1 + cos) / 2 of
    demo and query and S (1 + cos) / 2 of two demos, as in CEIL (Ye et al. 2023, arXiv:2302.05698)
    before its training. Demos come in the order in which they were picked; the score is what the
    pick adds to log det L. Raises UserError for a scale that is not above 0 and a top below 1.
    """

    def __init__(
        self,
        pool: Sequence[Demo],
        encoder: Encoder | None = None,
        scale: float = 0.1,
        top: int = 100,
    ) -> None:
        if not scale > 0:
            raise UserError(f"the scale of relevance in a DPP is above 0, got {scale}")
        if top < 1:
            raise UserError(f"a DPP looks at 1 demo at least, got a top of {top}")
        self._dense = Dense(pool, encoder)
        self._scale = scale
        self._top = top

    def select(self, query: str, k: int, exclude: Collection[str] = ()) -> Selection:
        pool = self._dense.pool
        usable = pool.usable(k, exclude)
        cosines = self._dense.scores(query)
        near = np.sort(pool.best(cosines, usable, max(k, self._top)))
        quality = (1 + cosines[near]) / (4 * self._scale)
        similarity = (1 + self._dense.vectors.between(near)) / 2
        chosen, gains = greedy_map(quality, similarity, k)
        return pool.selection(near[chosen], gains)


def greedy_map(
    log_quality: Floats, similarity: Floats, k: int
) -> tuple[npt.NDArray[np.int64], Floats]:
    """The k items, in the order of picking, that greedily make log det L greatest, and what each
    adds to it; all items where there are fewer. L_ij = q_i S_ij q_j, `log_quality` is ln q, (n,),
    `similarity` S, (n, n), positive semidefinite with diagonal 1.

    Chen et al. 2018 (arXiv:1709.05135), algorithm 1: a Cholesky factor that grows by a row a
    pick. It is S's, since the qualities only scale it: no exponential overflows. An item whose
    diagonal has nothing left depends on the chosen ones (a copy of one, more items than vectors
    have numbers): with it the determinant is 0. Such items come after all others, by quality;
    what they add counts as if 1e-9 of the diagonal were left. Between equals the first wins.
    """
    n = len(log_quality)
    k = min(k, n)
    rows = np.zeros((k, n))
    rest = np.diagonal(similarity).copy()
    left = np.ones(n, bool)
    chosen: list[int] = []
    gains: list[float] = []
    for step in range(k):
        gain = np.round(2 * log_quality + np.log(np.maximum(rest, _SINGULAR)), _DECIMALS)
        sound = left & (rest > _SINGULAR)
        pick = int(np.argmax(np.where(sound if sound.any() else left, gain, -np.inf)))
        if sound[pick]:
            row = similarity[pick] - rows[:step, pick] @ rows[:step]
            rows[step] = row / np.sqrt(rest[pick])
            rest -= rows[step] ** 2
        left[pick] = False
        chosen.append(pick)
        gains.append(float(gain[pick]))
    return np.array(chosen, np.int64), np.array(gains)
