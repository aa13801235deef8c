"""Attention in rows and trees, against one dense mask that is written out token by token."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from unittest.mock import patch

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.trainers import products
from limbeck.trainers.attention import rows_attention, visible
from limbeck.trainers.products import Run, runs_of

Tree = tuple[int, Sequence[int]]
"""The tokens of its beginning, and of each branch; a plain row has none."""

TREES = st.lists(
    st.tuples(st.integers(1, 6), st.lists(st.integers(1, 4), max_size=4)), min_size=1, max_size=5
)


def owners(trees: Sequence[Tree]) -> list[tuple[int, int]]:
    """For each token of the line: its row, and its branch there, 0 for the beginning."""
    return [
        (row, branch)
        for row, (beginning, branches) in enumerate(trees)
        for branch, size in enumerate((beginning, *branches))
        for _ in range(size)
    ]


def dense(trees: Sequence[Tree]) -> torch.Tensor:
    who = owners(trees)
    return torch.tensor(
        [
            [
                earlier <= later and row == own_row and branch in (0, own_branch)
                for earlier, (row, branch) in enumerate(who)
            ]
            for later, (own_row, own_branch) in enumerate(who)
        ]
    )


def bounds(trees: Sequence[Tree]) -> tuple[torch.Tensor, torch.Tensor | None]:
    """`starts` and `forks` of the line."""
    starts = [0, *accumulate(size + sum(rest) for size, rest in trees)]
    forks = [
        start + size + sum(branches[:place])
        for start, (size, branches) in zip(starts, trees, strict=False)
        for place in range(len(branches))
    ]
    return torch.tensor(starts), torch.tensor(forks) if forks else None


@settings(deadline=None, max_examples=60)
@given(TREES, st.sampled_from([(2, 2), (4, 2), (3, 1)]), st.booleans(), st.integers(0, 99))
def test_trees_are_attended_to_as_the_dense_mask_says(
    trees: list[Tree], heads: tuple[int, int], long: bool, seed: int
) -> None:
    """By products, and by torch's kernels with a mask, as on a GPU; forward and backward."""
    torch.manual_seed(seed)
    starts, forks = bounds(trees)
    total = int(starts[-1])
    q, k, v = (
        torch.randn(1, count, total, 8, dtype=torch.float64, requires_grad=True)
        for count in (heads[0], heads[1], heads[1])
    )
    up = torch.randn(1, total, heads[0], 8, dtype=torch.float64)
    share = heads[0] // heads[1]
    keys, values = (part.repeat_interleave(share, 1) for part in (k, v))
    scores = (q @ keys.transpose(2, 3) * 0.3).masked_fill(~dense(trees), -torch.inf)
    expected = (scores.softmax(-1) @ values).transpose(1, 2)
    wanted = torch.autograd.grad((expected * up).sum(), (q, k, v))
    with patch.object(products, "LONG", 0 if long else 1024):
        found, _ = rows_attention(
            None, q, k, v, None, scaling=0.3, cu_seq_lens_q=starts, forks=forks
        )
    gradients = torch.autograd.grad((found * up).sum(), (q, k, v))
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)
    for mine, reference in zip(gradients, wanted, strict=True):
        torch.testing.assert_close(mine, reference, rtol=1e-9, atol=1e-9)


@given(st.tuples(st.integers(1, 6), st.lists(st.integers(1, 4), max_size=4)))
def test_what_is_visible_in_a_row_is_what_the_dense_mask_says(tree: Tree) -> None:
    _, forks = bounds([tree])
    places = [] if forks is None else forks.tolist()
    found = visible(tree[0] + sum(tree[1]), places, torch.device("cpu"))
    assert torch.equal(found, dense([tree]))


def test_only_rows_of_one_length_and_one_shape_are_taken_together() -> None:
    trees: list[Tree] = [
        (4, ()),
        (4, ()),
        (2, (1, 1)),
        (2, (1, 1)),
        (2, (2,)),
        (1, (1, 2)),
        (4, ()),
    ]
    query = torch.zeros(1, 2, 28, 8)
    assert runs_of(*bounds(trees), query) == (
        Run(0, 2, 4),
        Run(8, 2, 4, (2, 3)),
        Run(16, 1, 4, (2,)),
        Run(20, 1, 4, (1, 2)),
        Run(24, 1, 4),
    )
    assert runs_of(None, None, torch.zeros(3, 2, 7, 8)) == (Run(0, 3, 7),)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_a_token_of_one_branch_is_nothing_to_another(kind: torch.dtype) -> None:
    """Nor to the beginning, bit for bit; only to what follows in its own branch."""
    torch.manual_seed(0)
    starts, forks = bounds([(3, (2, 3, 2))])
    q, k, v = (torch.randn(1, 2, 10, 8).to(kind) for _ in range(3))
    others = [place for place in range(10) if place not in (5, 6, 7)]

    def result() -> torch.Tensor:
        out: torch.Tensor
        out, _ = rows_attention(None, q, k, v, None, cu_seq_lens_q=starts, forks=forks)
        return out

    before = result()
    for part in (q, k, v):
        part[:, :, 5] += 100
    after = result()
    assert torch.equal(after[:, others], before[:, others])
    for place in (5, 6, 7):
        assert not torch.equal(after[:, place], before[:, place])
