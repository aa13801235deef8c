"""MinHash signatures (Broder 1997), with the permutations of datasketch 2.0.

The hash of a shingle is mixed to 32 bits and permuted by `a * h + b` mod 2**32 with odd `a`
(datasketch's scheme "affine32", and its random numbers): of two signatures, the share of equal places
estimates the Jaccard index, with a standard error of at most 0.5 / sqrt(num_perm).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from limbeck.filters.minhash import engine
from limbeck.filters.minhash.letters import U32
from limbeck.filters.minhash.shingles import Shingles


def signatures(sets: Shingles, num_perm: int = 128, seed: int = 1) -> U32:
    """(texts, num_perm): the signatures; 2**32 - 1 everywhere for a text without shingles."""
    return engine.chosen(len(sets)).signatures(sets, *permutations(num_perm, seed))


@cache
def permutations(num_perm: int, seed: int = 1) -> tuple[U32, U32]:
    """The numbers `a` and `b` of each permutation, as datasketch draws them."""
    random = np.random.RandomState(seed)
    a = random.randint(0, 1 << 31, num_perm, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    return a, random.randint(0, 1 << 32, num_perm, dtype=np.uint32)


def estimates(one: U32, other: U32) -> npt.NDArray[np.float64]:
    """The estimated Jaccard index of signatures, row by row."""
    return np.asarray((one == other).mean(axis=-1), np.float64)
