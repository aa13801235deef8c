"""Sequences that begin alike as one tree: what is kept once, where it lies, what it counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from limbeck.recipe import Train
from limbeck.trainers.batch import lined_up
from limbeck.trainers.example import Example, together
from limbeck.trainers.labels import Labels
from limbeck.trainers.measure import batches_of, plan
from limbeck.trainers.speed import Work
from limbeck.trainers.step import Layout

CPU = torch.device("cpu")


def sequence(prompt: Sequence[int], rest: Sequence[int]) -> Example:
    ids = (*prompt, *rest)
    return Example(ids, (False,) * len(prompt) + (True,) * len(rest))


def group(prompt: Sequence[int], rests: Sequence[Sequence[int]], **known: Any) -> Example:
    return together([sequence(prompt, rest) for rest in rests], Labels(len(rests), **known))


def prompt(size: int, start: int) -> list[int]:
    return [4 + (start + 5 * k) % 80 for k in range(size)]


def test_what_sequences_begin_alike_with_is_kept_once() -> None:
    example = group((5, 6, 7), [(8, 2), (8, 9, 2), (4,)])
    assert example.ids == (5, 6, 7, 8, 2, 8, 9, 2, 4)
    assert example.loss == (False,) * 3 + (True,) * 6
    assert (example.shared, example.ends, example.lengths) == (3, (5, 8, 9), (5, 6, 4))
    assert example.sequences == tuple(
        sequence((5, 6, 7), rest) for rest in ((8, 2), (8, 9, 2), (4,))
    )
    silent = example.silent
    assert (silent.ids, silent.ends, silent.shared) == (example.ids, example.ends, 3)
    assert not any(silent.loss)


@pytest.mark.parametrize(
    ("parts", "shared"),
    [
        ([sequence((5, 6), (7,))], 0),  # one alone has nothing to share
        ([sequence((5, 6), (7,)), sequence((4, 6), (7,))], 0),
        ([sequence((5, 6), (7,)), sequence((5,), (6, 7))], 1),  # one of them learns the 6
        ([sequence((), (5, 6)), sequence((), (5, 7))], 0),
        ([sequence((5, 6, 7), ()), sequence((5, 6, 7), ())], 2),  # a token of each is left
        ([sequence((5, 6, 7), ()), sequence((5, 6, 7, 8), ())], 2),
        ([sequence((5,), ()), sequence((5, 6), ())], 0),
    ],
)
def test_what_is_learned_and_a_last_token_are_not_shared(parts: list[Example], shared: int) -> None:
    example = together(parts)
    assert example.shared == shared
    assert example.sequences == tuple(parts)
    assert len(example.ids) == sum(len(part.ids) for part in parts) - shared * (len(parts) - 1)


TOKENS = st.lists(st.integers(4, 6), max_size=5)


@given(TOKENS, st.lists(st.tuples(TOKENS, st.integers(0, 5)), min_size=1, max_size=4))
def test_sequences_are_found_again_whatever_they_share(
    prompt: list[int], rests: list[tuple[list[int], int]]
) -> None:
    parts = []
    for rest, learned in rests:
        ids = (*prompt, *rest, 2)
        parts.append(Example(ids, tuple(len(ids) - place <= learned for place in range(len(ids)))))
    example = together(parts)
    if len(parts) == 1:
        assert (example.ids, example.loss) == (parts[0].ids, parts[0].loss)
    assert example.sequences == tuple(parts)
    assert example.lengths == tuple(len(part.ids) for part in parts)
    assert example.loss_tokens == sum(part.loss_tokens for part in parts)


def test_a_line_with_a_tree_says_where_branches_begin_and_what_predicts_them() -> None:
    tree = group((5, 6, 7), [(8, 2), (9,)])
    batch = lined_up([tree, together([sequence((4,), (3, 2))], Labels(1))])
    assert batch.ids.tolist() == [[4, 3, 2, 5, 6, 7, 8, 2, 9]]
    assert batch.positions is not None
    assert batch.positions.tolist() == [[0, 1, 2, 0, 1, 2, 3, 4, 3]]
    assert batch.starts is not None
    assert batch.starts.tolist() == [0, 3, 9]
    assert batch.forks is not None
    assert batch.forks.tolist() == [6, 8]
    assert batch.at.tolist() == [1, 2, 6, 7, 8]
    assert batch.before.tolist() == [0, 1, 5, 6, 5]
    assert batch.targets.tolist() == [3, 2, 8, 2, 9]
    assert batch.counts == (2, 2, 1)
    assert batch.labels is not None
    assert batch.labels.places.tolist() == [2, 0, 1]
    assert (batch.tokens, batch.loss_tokens, batch.longest) == (9, 5, 6)
    moved = batch.to(torch.device("meta"))
    assert moved.forks is not None
    assert moved.before.device.type == "meta"
    apart = lined_up([tree], shares=False)
    assert apart.ids.tolist() == [[5, 6, 7, 9, 5, 6, 7, 8, 2]]
    assert apart.forks is None
    assert apart.before.tolist() == [2, 6, 7]


def test_attention_pays_for_a_beginning_once() -> None:
    """3 tokens see 3 tokens or fewer, 2 more see up to 5, and 1 up to 4: in squares, twice the half
    below the diagonal."""
    tree = group((5, 6, 7), [(8, 2), (9,)])
    assert Work.of([(tree,)]) == Work(tokens=6, loss_tokens=3, squares=9 + (25 - 9) + (16 - 9))


def test_micro_batches_count_what_is_computed_and_steps_do_not() -> None:
    made = [(group(prompt(20, k), [(7, 1), (9, 1), (10, 1)]),) for k in range(8)]  # 26 or 66
    settings = Train(batch_tokens=80, epochs=1)
    steps = plan(made, settings, 0, packs=True)[0]
    assert sorted(map(len, steps)) == [2, 3, 3]
    for shares, size, budget in ((True, 26, 80), (False, 66, 140)):
        layout = Layout(packs=True, shares=shares, pad_id=2, precision="fp32")
        parts = layout.split(made, budget)
        sizes = [layout.batch([row[0] for row in part], CPU).ids.numel() for part in parts]
        assert sorted(sizes) == sorted(size * len(part) for part in parts)
        assert max(sizes) == size * (budget // size) <= budget
        measured = batches_of(made, budget, shares=shares)
        assert max(map(len, measured)) == budget // size


def test_padded_rows_are_repeated() -> None:
    tree = group(prompt(9, 3), [(7, 1), (9, 1)])
    layout = Layout(packs=False, pad_id=0, precision="fp32")
    assert not layout.shares
    assert layout.batch([tree], CPU).ids.tolist() == [[*prompt(9, 3), k, 1] for k in (7, 9)]
