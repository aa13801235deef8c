"""The nearest text of a pool above a threshold, and greedy decisions: without a compiler."""

from __future__ import annotations

from itertools import groupby

import numpy as np

from limbeck.filters.bags import Bags
from limbeck.filters.lcs import pair_scores
from limbeck.filters.prefix_index import all_pairs, close_enough
from limbeck.filters.text_index import TextIndex

Hit = tuple[int, float]
"""A text of the pool, numbered from 0 as added, and its score."""

BLOCK = 256  # texts decided together


def settle(query: Bags, pool: TextIndex) -> list[Hit | None]:
    """For each query in turn the nearest text above the pool's threshold, the first of equals.

    As if a query without one joined the pool at once, under the next number; the pool itself
    stays as it is.
    """
    hits = _nearest_above(query, pool)
    q, peer = all_pairs(query, query, 0, pool.share)
    earlier = peer < q
    q, peer = q[earlier], peer[earlier]
    scores = pair_scores(query, q, query, peer)
    pairs = zip(q.tolist(), peer.tolist(), scores.tolist(), strict=True)
    near = {place: list(group) for place, group in groupby(pairs, key=lambda pair: pair[0])}
    joined: dict[int, int] = {}  # place among the queries -> number in the pool
    for place, hit in enumerate(hits):
        for _, other, score in near.get(place, ()):
            if other in joined and score > (hit[1] if hit else pool.threshold):
                hit = joined[other], score
        hits[place] = hit
        if hit is None:
            joined[place] = len(pool) + len(joined)
    return hits


def _nearest_above(query: Bags, pool: TextIndex) -> list[Hit | None]:
    bags = pool.bags
    found = [all_pairs(query, bags, pool.indexed, pool.share)]
    for segment, early in pool.prefixes(query):
        for q, item in segment.pairs(early):
            close = close_enough(query, q, bags, item, pool.share)
            found.append((q[close], item[close]))
    pairs = np.unique(np.concatenate([q << 32 | item for q, item in found]))
    q, item = pairs >> 32, pairs & 0xFFFFFFFF
    scores = pair_scores(query, q, bags, item)
    above = np.flatnonzero(scores > pool.threshold)
    best = above[np.lexsort((item[above], -scores[above], q[above]))]
    best = best[np.diff(q[best], prepend=-1) > 0]  # the first of each query
    hits: list[Hit | None] = [None] * len(query)
    for place, number, score in zip(
        q[best].tolist(), item[best].tolist(), scores[best].tolist(), strict=True
    ):
        hits[place] = number, score
    return hits
