"""Which candidates a step looks at: positives from the top, negatives from below, drawn by keys."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.demos import Demo
from limbeck.trainers.retriever.examples import Example, batches, by_label, contrast, group

LABELS = ("good", "差")


def example(scores: list[float], name: str = "猫", task: str = "t") -> Example:
    row = Demo(name, task, "x", "good", LABELS)
    demos = tuple(
        Demo(f"{name}-{n}", task, f"demo {n}", LABELS[n % 2], LABELS) for n in range(len(scores))
    )
    return Example(row, demos, np.array(scores))


def test_the_order_is_by_score_and_then_by_place() -> None:
    one = example([1, 3, 2, 3, 0, 1])
    assert one.order.tolist() == [1, 3, 2, 0, 5, 4]
    assert one.top == 3
    assert one.lower.tolist() == [0, 5, 4]


@pytest.mark.parametrize(("count", "top", "lower"), [(2, 1, 1), (3, 1, 2), (5, 2, 3), (20, 3, 10)])
def test_of_few_candidates_the_better_half_is_the_top(count: int, top: int, lower: int) -> None:
    one = example([float(n) for n in range(count)])
    assert (one.top, len(one.lower)) == (top, lower)


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=24), st.integers(2, 9), st.integers(0, 5))
def test_a_positive_of_the_top_and_others_without_it(
    scores: list[float], size: int, key: int
) -> None:
    one = example(scores)
    for draw, others in ((contrast, one.lower), (group, one.order)):
        places = draw(one, size, key).tolist()
        assert places == draw(one, size, key).tolist()
        assert len(set(places)) == len(places)
        assert places[0] in one.order[: one.top]
        assert set(places[1:]) <= set(others.tolist()) - {places[0]}
        assert len(places) == min(size, 1 + len(set(others.tolist()) - {places[0]}))


def test_draws_hang_on_key_and_row_and_reach_all() -> None:
    one, other = example([float(n) for n in range(12)]), example([float(n) for n in range(12)], "b")
    drawn = [tuple(contrast(one, 3, epoch).tolist()) for epoch in range(60)]
    assert {places[0] for places in drawn} == {11, 10, 9}
    assert {place for places in drawn for place in places[1:]} == set(range(6))
    assert [tuple(contrast(other, 3, epoch).tolist()) for epoch in range(60)] != drawn
    middle = {p for epoch in range(60) for p in group(one, 3, epoch).tolist()[1:]}
    assert middle == set(range(12))


def test_another_label_is_bad_only_where_it_is_asked_for() -> None:
    one = example([-1.0, -0.5, -2.0, -0.1])
    assert by_label(one).scores.tolist() == [-1.0, -100.0, -2.0, -100.0]
    assert one.scores.tolist() == [-1.0, -0.5, -2.0, -0.1]
    bare = Example(Demo("r", "t", "x", "good"), one.demos, one.scores)
    assert by_label(bare).scores.tolist() == one.scores.tolist()


def test_batches_are_of_one_task_and_leave_nobody_out() -> None:
    every = [example([0, 1], f"r{n}", ("a", "b", "天")[n % 3]) for n in range(20)]
    made = batches(every, 4, "key", 0)
    names = [one.row.id for batch in made for one in batch]
    assert Counter(names) == Counter(one.row.id for one in every)
    assert all(len({one.row.task for one in batch}) == 1 and len(batch) <= 4 for batch in made)
    order = [[one.row.id for one in batch] for batch in made]
    assert order == [[one.row.id for one in batch] for batch in batches(every, 4, "key", 0)]
    assert order != [[one.row.id for one in batch] for batch in batches(every, 4, "key", 1)]
