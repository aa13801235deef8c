"""Batches: every example once, within the budget, in an order that the seed gives."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from limbeck.trainers.batch import collate, grouped
from limbeck.trainers.example import Example

LENGTHS = st.lists(st.integers(1, 400), max_size=200)


@given(LENGTHS, st.integers(16, 2000), st.integers(0, 5), st.integers(0, 3))
def test_every_index_is_in_one_batch(
    lengths: list[int], budget: int, seed: int, epoch: int
) -> None:
    batches = grouped(lengths, budget=budget, seed=seed, epoch=epoch)
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    assert all(batches)


@given(LENGTHS, st.integers(16, 2000), st.integers(0, 5))
def test_padded_tokens_stay_within_the_budget(lengths: list[int], budget: int, seed: int) -> None:
    for batch in grouped(lengths, budget=budget, seed=seed, epoch=0):
        padded = len(batch) * max(lengths[index] for index in batch)
        assert padded <= budget or len(batch) == 1


@given(LENGTHS, st.integers(0, 2**40), st.integers(0, 9))
def test_the_same_seed_and_epoch_give_the_same_batches(
    lengths: list[int], seed: int, epoch: int
) -> None:
    first = grouped(lengths, budget=512, seed=seed, epoch=epoch)
    assert first == grouped(lengths, budget=512, seed=seed, epoch=epoch)


def test_another_seed_or_epoch_gives_another_order() -> None:
    lengths = [10 + index % 7 for index in range(100)]
    orders = {
        str(grouped(lengths, budget=128, seed=seed, epoch=epoch))
        for seed in (0, 1)
        for epoch in (0, 1)
    }
    assert len(orders) == 4


def test_similar_lengths_share_a_batch() -> None:
    lengths = [1 + (37 * index) % 200 for index in range(1000)]
    batches = grouped(lengths, budget=2048, seed=0, epoch=0)
    padded = sum(len(batch) * max(lengths[index] for index in batch) for batch in batches)
    assert padded < 1.15 * sum(lengths)


def test_short_batches_do_not_all_come_first() -> None:
    lengths = [1 + (37 * index) % 200 for index in range(200)]
    batches = grouped(lengths, budget=2048, seed=0, epoch=0)
    longest = [max(lengths[index] for index in batch) for batch in batches]
    assert longest != sorted(longest)


def test_collating_pads_on_the_right() -> None:
    batch = collate([Example((5, 6, 7), (False, True, True)), Example((8,), (True,))], pad_id=9)
    assert batch.ids.tolist() == [[5, 6, 7], [8, 9, 9]]
    assert batch.mask.tolist() == [[1, 1, 1], [1, 0, 0]]
    assert batch.loss.tolist() == [[False, True, True], [True, False, False]]
    assert batch.tokens == 4
    assert batch.loss_tokens == 3
