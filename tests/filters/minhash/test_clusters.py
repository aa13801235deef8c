"""Connected components of pairs."""

from __future__ import annotations

import numpy as np

from limbeck.filters.minhash import clusters


def by_hand(count: int, pairs: list[tuple[int, int]]) -> list[int]:
    labels = list(range(count))
    for _ in range(count):
        for one, other in pairs:
            labels[one] = labels[other] = min(labels[one], labels[other])
    return labels


def test_components() -> None:
    random = np.random.default_rng(0)
    for many in (0, 3, 20, 60):
        one, other = random.integers(0, 50, many), random.integers(0, 50, many)
        pairs = list(zip(one.tolist(), other.tolist(), strict=True))
        assert clusters(50, one, other).tolist() == by_hand(50, pairs)


def test_a_long_chain_in_any_order() -> None:
    order = np.random.default_rng(1).permutation(10_000)
    labels = clusters(10_000, order[:-1], order[1:])
    assert not labels.any()
