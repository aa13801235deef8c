"""Orders in the prompt."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.demos import Selection, ordered, shuffles
from limbeck.errors import UserError

FOUR = Selection(("a", "b", "c", "猫"), (4.0, 3.0, 2.0, 1.0))


def test_the_most_similar_is_last_unless_it_is_to_be_first() -> None:
    assert ordered(FOUR) == ("猫", "c", "b", "a")
    assert ordered(FOUR, "similar_last", 3, "q") == ("猫", "c", "b", "a")
    assert ordered(FOUR, "similar_first") == ("a", "b", "c", "猫")


def test_queries_and_seeds_shuffle_for_themselves() -> None:
    found = {ordered(FOUR, "shuffled", 0, f"query {n}") for n in range(30)}
    assert len(found) > 10
    assert len({ordered(FOUR, "shuffled", seed, "q") for seed in range(30)}) > 10
    assert ordered(FOUR, "shuffled", 1, "q") == shuffles(FOUR, 3, 1, "q")[0]


def test_every_order_is_as_likely() -> None:
    three = Selection(("a", "b", "c"), (3.0, 2.0, 1.0))
    counts = Counter(ordered(three, "shuffled", 0, str(n)) for n in range(1200))
    assert len(counts) == 6
    assert all(150 < count < 250 for count in counts.values())  # 200 each, 4 standard deviations


@given(st.integers(0, 6), st.data())
def test_shuffles_are_different_orders_of_the_same_demos(k: int, data: st.DataObject) -> None:
    ids = tuple("abcdef"[:k])
    m = data.draw(st.integers(1, math.factorial(k)))
    found = shuffles(Selection(ids, (0.0,) * k), m, 5, "问题")
    assert len(set(found)) == len(found) == m
    assert all(sorted(order) == list(ids) for order in found)
    assert found[: m // 2 + 1] == shuffles(Selection(ids, (0.0,) * k), m // 2 + 1, 5, "问题")


def test_shuffles_follow_from_the_set_and_not_from_its_ranks() -> None:
    other = Selection(("猫", "a", "c", "b"), (9.0, 8.0, 1.0, 0.0))
    assert shuffles(FOUR, 4, 0, "q") == shuffles(other, 4, 0, "q")


def test_many_demos_have_orders_too() -> None:
    many = Selection(tuple(f"{n:03}" for n in range(100)), (0.0,) * 100)
    first, second = shuffles(many, 2)
    assert first != second
    assert sorted(first) == sorted(second) == list(many.ids)


def test_what_makes_no_sense_is_refused() -> None:
    for m in (0, 25):
        with pytest.raises(UserError, match=rf"4 demos can be ordered in 1 to 24 .*, got {m}"):
            shuffles(FOUR, m)
    with pytest.raises(UserError, match="similar_last, similar_first, shuffled, got 'best'"):
        ordered(FOUR, "best")  # type: ignore[arg-type]
