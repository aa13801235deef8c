"""Batches: every example once, within the budget, in an order that the seed gives."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from limbeck.trainers.batch import collate, grouped
from limbeck.trainers.example import Example

Sizes = Sequence[tuple[int, ...]]

LENGTH = st.integers(1, 400)
SIZES: st.SearchStrategy[Sizes] = st.one_of(
    st.lists(st.tuples(LENGTH), max_size=200), st.lists(st.tuples(LENGTH, LENGTH), max_size=200)
)


def padded(sizes: Sizes, batch: list[int]) -> int:
    """The padded tokens of a batch, each task to its own longest example."""
    return sum(len(batch) * max(task) for task in zip(*(sizes[i] for i in batch), strict=True))


@given(SIZES, st.integers(16, 2000), st.integers(0, 5), st.integers(0, 3))
def test_every_index_is_in_one_batch(sizes: Sizes, budget: int, seed: int, epoch: int) -> None:
    batches = grouped(sizes, budget=budget, seed=seed, epoch=epoch)
    assert sorted(index for batch in batches for index in batch) == list(range(len(sizes)))
    assert all(batches)


@given(SIZES, st.integers(16, 2000), st.integers(0, 5))
def test_padded_tokens_stay_within_the_budget(sizes: Sizes, budget: int, seed: int) -> None:
    for batch in grouped(sizes, budget=budget, seed=seed, epoch=0):
        assert padded(sizes, batch) <= budget or len(batch) == 1


@given(SIZES, st.integers(0, 2**40), st.integers(0, 9))
def test_the_same_seed_and_epoch_give_the_same_batches(sizes: Sizes, seed: int, epoch: int) -> None:
    first = grouped(sizes, budget=512, seed=seed, epoch=epoch)
    assert first == grouped(sizes, budget=512, seed=seed, epoch=epoch)


def test_another_seed_or_epoch_gives_another_order() -> None:
    sizes = [(10 + index % 7,) for index in range(100)]
    orders = {
        str(grouped(sizes, budget=128, seed=seed, epoch=epoch))
        for seed in (0, 1)
        for epoch in (0, 1)
    }
    assert len(orders) == 4


def test_similar_lengths_share_a_batch() -> None:
    sizes = [(1 + (37 * index) % 200,) for index in range(1000)]
    batches = grouped(sizes, budget=2048, seed=0, epoch=0)
    assert sum(padded(sizes, batch) for batch in batches) < 1.15 * sum(map(sum, sizes))


def test_rows_of_two_tasks_waste_little_too() -> None:
    """Questions of any length, short answers, long rationales: in one tensor for both tasks the
    answers would be padded to the rationales."""
    questions = [20 + (37 * index) % 60 for index in range(1000)]
    sizes = [(q + 3, q + 20 + (53 * index) % 100) for index, q in enumerate(questions)]
    batches = grouped(sizes, budget=2048, seed=0, epoch=0)
    assert sum(padded(sizes, batch) for batch in batches) < 1.25 * sum(map(sum, sizes))


def test_short_batches_do_not_all_come_first() -> None:
    sizes = [(1 + (37 * index) % 200,) for index in range(200)]
    batches = grouped(sizes, budget=2048, seed=0, epoch=0)
    longest = [max(sizes[index] for index in batch) for batch in batches]
    assert longest != sorted(longest)


def test_collating_pads_on_the_right() -> None:
    batch = collate([Example((5, 6, 7), (False, True, True)), Example((8,), (True,))], pad_id=9)
    assert batch.ids.tolist() == [[5, 6, 7], [8, 9, 9]]
    assert batch.mask.tolist() == [[1, 1, 1], [1, 0, 0]]
    assert batch.loss.tolist() == [[False, True, True], [True, False, False]]
    assert batch.tokens == 4
    assert batch.loss_tokens == 3
