"""Sparse products equal the plain ones, to the last bit in any order."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from limbeck.contamination.products import GRAIN, Product, Sparse, grained, sparse

TERMS = 400


def drawn(
    generator: np.random.Generator, rows: int
) -> tuple[Sparse, np.ndarray[tuple[int, int], np.dtype[np.float64]]]:
    """Rows whose ids are as unevenly spread as words, and the same as a matrix."""
    ids = [
        sorted(set(np.minimum(generator.zipf(1.3, size=30), TERMS - 1).tolist()))
        for _ in range(rows)
    ]
    values = [generator.random(len(row)).tolist() for row in ids]
    plain = np.zeros((rows, TERMS))
    for row, (one, weights) in enumerate(zip(ids, values, strict=True)):
        plain[row, one] = weights
    return sparse(ids, values), plain


def test_common_and_rare_terms_are_added_up() -> None:
    generator = np.random.default_rng(0)
    (items, plain_items), (rows, plain_rows) = drawn(generator, 70), drawn(generator, 50)
    found = Product(items, TERMS)(rows)
    assert found.shape == (50, 70)
    np.testing.assert_allclose(found, plain_rows @ plain_items.T, atol=1e-4)
    exact = grained(plain_rows) @ grained(plain_items).T
    assert (found == exact).all()


def test_no_row_and_rows_without_terms_are_noughts() -> None:
    items = sparse([[0, 1], []])
    assert Product(items, 2)(sparse([[], [1]])).tolist() == [[0, 0], [1, 0]]
    assert Product(items, 2)(sparse([])).shape == (0, 2)
    assert Product(sparse([]), 0)(sparse([[], []])).shape == (2, 0)


@given(st.permutations(range(40)))
def test_the_order_of_rows_changes_no_bit(order: list[int]) -> None:
    items, _ = drawn(np.random.default_rng(1), 30)
    _, plain = drawn(np.random.default_rng(2), 40)
    product = Product(items, TERMS)

    def of(rows: list[int]) -> Sparse:
        ids = [np.flatnonzero(plain[row]).tolist() for row in rows]
        return sparse(ids, [plain[row][one].tolist() for row, one in zip(rows, ids, strict=True)])

    assert (product(of(order)) == product(of(list(range(40))))[order]).all()
    assert (product(of(order[:1])) == product(of([order[0]]))).all()


def test_a_weight_is_a_multiple_of_the_grain() -> None:
    assert grained(np.array([1 / 3]))[0] / GRAIN == round(2**20 / 3)
