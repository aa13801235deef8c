"""Sequences that are learned together: kept apart in a batch, kept together in micro-batches."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.recipe import Train
from limbeck.trainers.batch import Batch, collate, grouped, lined_up, padded
from limbeck.trainers.example import Example, together
from limbeck.trainers.labels import Labels
from limbeck.trainers.measure import batches_of, plan
from limbeck.trainers.speed import Work
from limbeck.trainers.step import Layout


def sequence(size: int, learned: int, first: int = 5) -> Example:
    quiet = size - learned
    return Example(tuple(range(first, first + size)), (False,) * quiet + (True,) * learned)


PARTS = (sequence(4, 1, 10), sequence(6, 3, 20), sequence(5, 2, 30))
GROUP = together(PARTS, Labels(2, 1, (0.25, 0.75), 2, (3, 4)))


def test_an_example_of_several_sequences_is_all_of_them() -> None:
    assert GROUP.ids == (*PARTS[0].ids, *PARTS[1].ids, *PARTS[2].ids)
    assert GROUP.sequences == PARTS
    assert GROUP.lengths == (4, 6, 5)
    assert GROUP.loss_tokens == 6
    assert PARTS[0].sequences == (PARTS[0],)
    assert PARTS[0].lengths == (4,)


def test_a_silent_one_has_its_sequences_and_nothing_to_learn() -> None:
    silent = GROUP.silent
    assert silent.labels == Labels(2, lengths=(3, 4))
    assert (silent.ids, silent.lengths, silent.loss_tokens) == (GROUP.ids, GROUP.lengths, 0)
    assert PARTS[1].silent == Example(PARTS[1].ids, (False,) * 6)


def test_attention_is_paid_for_by_the_sequence() -> None:
    assert Work.of([(GROUP,)]) == Work(tokens=15, loss_tokens=6, squares=16 + 36 + 25)


GROUPS = st.lists(
    st.lists(st.tuples(st.integers(2, 9), st.integers(0, 9)), min_size=1, max_size=5),
    min_size=1,
    max_size=6,
)


@settings(deadline=None)
@given(GROUPS)
def test_every_sequence_is_found_again_in_its_place(
    sizes: list[list[tuple[int, int]]],
) -> None:
    """Whether rows are padded, or lie in a line by their length: sums of what stands at predicted
    places, against sums over each sequence alone."""
    examples = []
    for number, group in enumerate(sizes):
        parts = [
            sequence(size, min(learned, size), 100 * number + 10 * place)
            for place, (size, learned) in enumerate(group)
        ]
        examples.append(together(parts, Labels(len(parts))))
    for batch in (collate(examples, 0), lined_up(examples)):
        assert batch.labels is not None
        found = batch.labels.spread(batch.sums(batch.targets.float()))
        assert batch.labels.is_label.sum() == sum(map(len, sizes))
        for number, example in enumerate(examples):
            expected = [
                sum(id for id, loss in zip(one.ids[1:], one.loss[1:], strict=True) if loss)
                for one in example.sequences
            ]
            width = len(expected)
            assert found[number, :width].tolist() == expected
            assert batch.labels.is_label[number].tolist()[:width] == [True] * width
            assert not batch.labels.is_label[number, width:].any()
            assert not found[number, width:].any()


def test_what_is_known_of_the_labels_goes_into_the_table() -> None:
    other = together(PARTS[:2], Labels(2))
    batch = collate([GROUP, other], 0)
    table = batch.labels
    assert table is not None
    assert table.places.tolist() == [0, 1, 2, 3, 4]
    assert table.is_label.tolist() == [[True, True, False], [True, True, False]]
    assert table.probs.tolist() == [[0.25, 0.75, 0], [0, 0, 0]]
    assert table.lengths.tolist() == [[3, 4, 1], [1, 1, 1]]
    assert table.target.tolist() == [1, -1]
    assert table.written.tolist() == [2, -1]
    assert table.has_probs.tolist() == [True, False]
    assert batch.counts == (1, 3, 2, 1, 3)
    moved = batch.to(torch.device("meta"))
    assert moved.labels is not None
    assert moved.labels.probs.device.type == "meta"


def test_rows_with_and_without_labels_do_not_mix() -> None:
    assert collate([PARTS[0]], 0).labels is None
    with pytest.raises(ValueError, match="with and without labels"):
        collate([GROUP, PARTS[0]], 0)


MANY = [
    (together([sequence(3 + (7 * i + k) % 9, 2) for k in range(1 + i % 4)], Labels(1 + i % 4)),)
    for i in range(24)
]


@pytest.mark.parametrize("packs", [True, False])
@pytest.mark.parametrize("budget", [16, 60, 150, 10_000])
def test_micro_batches_keep_records_whole_and_within_the_budget(packs: bool, budget: int) -> None:
    layout = Layout(packs=packs, pad_id=2, precision="fp32")
    parts = layout.split(MANY, budget)
    assert sorted(row[0].ids for part in parts for row in part) == sorted(r[0].ids for r in MANY)
    for part in parts:
        batch: Batch = layout.batch([row[0] for row in part], torch.device("cpu"))
        assert len(part) == 1 or batch.ids.numel() <= budget
    assert (len(parts) == 1) == (budget == 10_000)


@pytest.mark.parametrize("packs", [True, False])
def test_steps_and_measurements_stay_within_the_budget_too(packs: bool) -> None:
    settings = Train(batch_tokens=80, epochs=1)
    make = lined_up if packs else lambda examples: collate(examples, 0)
    [steps] = plan(MANY, settings, 0, packs=packs)
    assert sorted(index for step in steps for index in step) == list(range(24))
    for step in steps:
        batch = make([MANY[index][0] for index in step])
        assert len(step) == 1 or batch.ids.numel() <= 80
    assert 3 < len(steps) < 20
    for rows in batches_of(MANY, 80):
        assert len(rows) == 1 or collate([row[0] for row in rows], 0).ids.numel() <= 80


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 50), st.integers(1, 9)), max_size=60), st.integers(16, 500)
)
def test_rows_of_several_sequences_are_grouped_within_the_budget(
    rows: list[tuple[int, int]], budget: int
) -> None:
    sizes = [(size,) for size, _ in rows]
    counts = [(count,) for _, count in rows]
    batches = grouped(sizes, budget=budget, seed=1, epoch=0, counts=counts)
    assert sorted(index for batch in batches for index in batch) == list(range(len(rows)))
    for batch in batches:
        longest = max(rows[index][0] for index in batch)
        assert len(batch) == 1 or longest * sum(rows[index][1] for index in batch) <= budget


def test_padding_is_counted_for_each_task() -> None:
    assert padded((5, 7), (2, 3)) == 31
