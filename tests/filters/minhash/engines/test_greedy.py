"""Who stays: rounds over pairs against a loop over rows; nearest rows against a loop over pairs."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from limbeck.filters.minhash.engines.greedy import Pairs, decided, nearest, removed

_PAIR = st.tuples(st.integers(0, 14), st.integers(0, 14), st.sampled_from([0.5, 0.8, 0.9, 1.0]))
_PAIRS = st.lists(_PAIR.filter(lambda pair: pair[0] < pair[1]), max_size=60).map(
    lambda pairs: sorted({(a, b): (a, b, j) for a, b, j in pairs}.values())
)


def pairs_of(rows: list[tuple[int, int, float]], base: int = 0) -> Pairs:
    return Pairs(
        np.array([a + base for a, _, _ in rows], np.uint64),
        np.array([b + base for _, b, _ in rows], np.uint64),
        np.array([j for _, _, j in rows], np.float64),
    )


def in_order(rows: list[tuple[int, int, float]], threshold: float) -> set[int]:
    """A reader in order: refuse who is near an earlier row that was kept."""
    gone: set[int] = set()
    for row in range(15):
        if any(b == row and a not in gone and j >= threshold for a, b, j in rows):
            gone.add(row)
    return gone


@given(_PAIRS, st.sampled_from([0.8, 0.9]))
def test_rounds_decide_as_a_reader_in_order(
    rows: list[tuple[int, int, float]], threshold: float
) -> None:
    found = removed(pairs_of(rows), threshold)
    assert found.tolist() == sorted(in_order(rows, threshold))


def test_a_chain_is_cut_at_every_second_row() -> None:
    rows = [(n, n + 1, 0.9) for n in range(6)]
    assert removed(pairs_of(rows), 0.8).tolist() == [1, 3, 5]


def test_no_pair_removes_nothing() -> None:
    assert removed(pairs_of([]), 0.8).tolist() == []
    assert removed(pairs_of([(0, 1, 0.79)]), 0.8).tolist() == []


def test_positions_beyond_32_bits() -> None:
    assert removed(pairs_of([(0, 1, 1.0)], base=5 << 36), 0.8).tolist() == [(5 << 36) + 1]


@given(_PAIRS)
def test_the_nearest_is_the_greatest_then_the_earliest(
    rows: list[tuple[int, int, float]],
) -> None:
    gone = in_order(rows, 0.8)
    expected: dict[int, tuple[int, float]] = {}
    for a, b, j in rows:
        if a not in gone and (j, -a) > (lambda best: (best[1], -best[0]))(
            expected.get(b, (99, -1.0))
        ):
            expected[b] = (a, j)
    pairs = pairs_of(rows)
    found = nearest(pairs, removed(pairs, 0.8))
    told = zip(found.row.tolist(), found.nearest.tolist(), found.jaccard.tolist(), strict=True)
    assert {row: (near, score) for row, near, score in told} == expected


def test_every_removed_row_names_a_kept_one() -> None:
    found = decided(pairs_of([(0, 1, 0.9), (1, 2, 1.0), (0, 2, 0.5), (2, 3, 0.8)]), 0.8, [4])
    assert found.removed.tolist() == [1, 3]
    assert found.nearest.tolist() == [0, 2]
    assert found.jaccard.tolist() == [0.9, 0.8]
    assert found.rows == 4
