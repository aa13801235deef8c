"""`kmeans`: one set for all queries, a demo of each cluster."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from limbeck.demos.dense import Dense
from limbeck.demos.draw import uniforms
from limbeck.demos.encode import Encoder, Vectors32
from limbeck.demos.row import Demo
from limbeck.demos.select import Selection

_ROUNDS = 100
_DECIMALS = 6

Ints = npt.NDArray[np.int64]


class KMeans:
    """The demos nearest to the centres of k clusters of the pool, the largest cluster first.

    k-means on vectors of length 1, from seeded k-means++ (Arthur & Vassilvitskii 2007). Clusters
    are those of the whole pool: the same for all queries, so the query does not matter. For an
    excluded demo comes the next nearest to its centre; where a cluster has none left, the next of
    the others, again the largest first. The score is the cluster's share of the pool. A pool with
    fewer than k different vectors has so many clusters.
    """

    def __init__(self, pool: Sequence[Demo], encoder: Encoder | None = None, seed: int = 0) -> None:
        dense = Dense(pool, encoder)
        self._pool = dense.pool
        self._vectors = dense.vectors
        self._seed = seed
        self._clusters: dict[int, list[list[int]]] = {}

    def select(self, query: str, k: int, exclude: Collection[str] = ()) -> Selection:
        usable = set(self._pool.usable(k, exclude).tolist())
        left = [
            ([place for place in cluster if place in usable], len(cluster) / len(self._pool))
            for cluster in self._of(k)
        ]
        chosen: list[int] = []
        scores: list[float] = []
        for turn in range(len(self._pool)):
            for places, share in left:
                if turn < len(places) and len(chosen) < k:
                    chosen.append(places[turn])
                    scores.append(share)
        return self._pool.selection(np.array(chosen, np.int64), np.array(scores))

    def _of(self, k: int) -> list[list[int]]:
        """The clusters, the largest first, each with its places from the centre outwards."""
        if not k or not len(self._pool):
            return []
        if k not in self._clusters:
            rows, row_of = self._vectors.rows, self._vectors.row_of
            weights = np.bincount(row_of, minlength=len(rows)).astype(np.float64)
            centres = cluster(rows, weights, k, self._seed)
            distances = _distances(rows, centres)[row_of]
            own = np.argmin(distances, axis=1)
            near = np.argsort(distances[np.arange(len(own)), own], kind="stable")
            found = [near[own[near] == n].tolist() for n in range(len(centres))]
            found = [places for places in found if places]
            self._clusters[k] = sorted(found, key=lambda places: (-len(places), min(places)))
        return self._clusters[k]


def cluster(rows: Vectors32, weights: npt.NDArray[np.float64], k: int, seed: int) -> Vectors32:
    """The centres of at most k clusters of weighted rows (n, D): (k, D), or as many as there are
    different rows. Lloyd's rounds until nothing moves, 100 at most; a centre that loses all its
    rows stays where it is."""
    centres = _plus_plus(rows, weights, k, seed)
    own: Ints = np.full(len(rows), -1)
    for _ in range(_ROUNDS if len(centres) else 0):
        nearest = np.argmin(_distances(rows, centres), axis=1)
        if np.array_equal(nearest, own):
            break
        own = nearest
        for n in range(len(centres)):
            inside = np.flatnonzero(own == n)
            if len(inside):
                total = weights[inside] @ rows[inside].astype(np.float64)
                centres[n] = total / weights[inside].sum()
    return centres


def _plus_plus(rows: Vectors32, weights: npt.NDArray[np.float64], k: int, seed: int) -> Vectors32:
    """k different rows to begin with, each drawn by its weight times its squared distance to the
    nearest before it; fewer where there are not so many."""
    drawn: list[int] = []
    nearest = np.ones(len(rows))
    for share in uniforms(k, "kmeans", seed):
        sums = np.cumsum(weights * nearest)
        if not len(rows) or sums[-1] <= 0:
            break
        drawn.append(int(np.searchsorted(sums, share * sums[-1], side="right")))
        distances = _distances(rows, rows[drawn[-1:]])[:, 0]
        nearest = distances if len(drawn) == 1 else np.minimum(nearest, distances)
    return rows[drawn].copy()


def _distances(rows: Vectors32, centres: Vectors32) -> npt.NDArray[np.float64]:
    """Squared distances (n, k), rounded like cosines, so that equals are equal."""
    squares = np.einsum("nd,nd->n", rows, rows, dtype=np.float64)
    of_centres = np.einsum("nd,nd->n", centres, centres, dtype=np.float64)
    distances = squares[:, None] + of_centres - 2 * (rows @ centres.T).astype(np.float64)
    rounded: npt.NDArray[np.float64] = np.round(np.maximum(distances, 0), _DECIMALS)
    return rounded
