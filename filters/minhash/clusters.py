"""Clusters of verified pairs: texts that hang together by a chain of near copies."""

from __future__ import annotations

import numpy as np

from limbeck.filters.minhash.letters import I64


def clusters(count: int, one: I64, other: I64) -> I64:
    """(count,): for each of `count` texts the first text of its connected component, given pairs.

    Labels run along the pairs and then jump to the label's own label (Shiloach and Vishkin 1982),
    so that a chain of n texts takes about log n rounds. A cluster is no set of near copies: the
    ends of a chain may have little in common, so to keep one text of each and drop the others
    would drop texts that nothing like them is left of.
    """
    labels = np.arange(count, dtype=np.int64)
    while True:
        least = np.minimum(labels[one], labels[other])
        new = labels.copy()
        np.minimum.at(new, labels[one], least)
        np.minimum.at(new, labels[other], least)
        while not np.array_equal(new, jumped := new[new]):
            new = jumped
        if np.array_equal(new, labels):
            return labels
        labels = new
