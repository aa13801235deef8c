"""Exact Jaccard of hashed sets, and what was decided by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from limbeck.filters.minhash.letters import I64, U64

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Decisions:
    """What became of texts, in order: arrays of one entry each.

    `nearest` is the number of the text that it has most in common with among the candidates that
    were kept before it, -1 for none; `jaccard` their Jaccard index, 0.0 for none; `refused` where
    that reaches the threshold. `twins` counts the kept texts at or above the threshold.
    """

    nearest: I64
    jaccard: F64
    twins: I64
    refused: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.nearest)

    @classmethod
    def joined(cls, parts: Sequence[Decisions]) -> Decisions:
        if not parts:
            none = np.empty(0, np.int64)
            return cls(none, np.empty(0), none, np.empty(0, np.bool_))
        return cls(
            np.concatenate([part.nearest for part in parts]),
            np.concatenate([part.jaccard for part in parts]),
            np.concatenate([part.twins for part in parts]),
            np.concatenate([part.refused for part in parts]),
        )


def jaccard(one: U64, other: U64) -> float:
    """The Jaccard index of two sets without repeats, in any order; 0.0 where one is empty."""
    if not len(one) or not len(other):
        return 0.0
    return float(jaccards(one, [other])[0])


def jaccards(one: U64, others: Sequence[U64]) -> F64:
    """The Jaccard index of a set, which is not empty, with each of others, none of them empty."""
    ordered = np.sort(one)
    sizes = np.fromiter(map(len, others), np.int64, len(others))
    joined = np.concatenate(others)
    places = np.searchsorted(ordered, joined)
    places[places == len(ordered)] = 0
    both = np.add.reduceat(ordered[places] == joined, np.cumsum(sizes) - sizes, dtype=np.int64)
    index: F64 = both / (len(one) + sizes - both)
    return index
