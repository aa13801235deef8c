"""Balanced demos: every label as often, in a fixed order, none left out over many queries."""

from __future__ import annotations

from collections import Counter

import pytest

from limbeck.demos import Demo, selector
from limbeck.demos.balanced import labels_of
from tests.demos.pools import demo


def skewed() -> list[Demo]:
    outputs = ["good"] * 12 + ["bad"] * 2 + ["差"] * 4
    return [demo(f"d{n}", f"text {n}", output) for n, output in enumerate(outputs)]


def outputs_of(pool: list[Demo], ids: tuple[str, ...]) -> list[str]:
    outputs = {demo.id: demo.output for demo in pool}
    return [outputs[name] for name in ids]


def test_labels_take_turns_in_the_order_of_the_options() -> None:
    pool = skewed()
    drawn = set()
    for n in range(10):
        ids = selector("balanced", pool).select(f"query {n}", 6).ids
        assert outputs_of(pool, ids) == ["good", "bad", "差"] * 2
        drawn.add(ids)
    assert len(drawn) > 5


def test_a_label_without_demos_left_is_passed_over() -> None:
    pool = skewed()
    ids = selector("balanced", pool).select("q", 9, ["d12"]).ids
    assert outputs_of(pool, ids)[:5] == ["good", "bad", "差", "good", "差"]
    assert Counter(outputs_of(pool, ids)) == {"good": 4, "差": 4, "bad": 1}


def test_the_labels_of_a_short_round_are_drawn_fairly() -> None:
    pool = skewed()
    one = selector("balanced", pool)
    counts = Counter(out for n in range(300) for out in outputs_of(pool, one.select(str(n), 2).ids))
    assert all(160 < counts[label] < 240 for label in ("good", "bad", "差"))
    for n in range(20):
        two = outputs_of(pool, one.select(str(n), 2).ids)
        assert two == sorted(two, key=["good", "bad", "差"].index)


def test_free_texts_are_drawn_from_the_whole_pool() -> None:
    pool = [demo(f"d{n}", "text", f"answer {n}", ()) for n in range(30)]
    one = selector("balanced", pool)
    assert len({name for n in range(60) for name in one.select(str(n), 3).ids}) > 25


@pytest.mark.parametrize(
    ("rows", "labels"),
    [
        ([("b", "ab"), ("a", "ab")], [1, 0]),
        ([("b", "ab"), ("a", "ba")], [1, 0]),  # the same options: the label is the output
        ([("b", "ab"), ("c", "cd"), ("d", "cd")], [1, 0, 1]),  # the letter of a multiple choice
        ([("y", ""), ("x", ""), ("y", "")], [0, 1, 0]),
        ([], []),
    ],
)
def test_what_a_label_is(rows: list[tuple[str, str]], labels: list[int]) -> None:
    pool = [demo(str(n), "text", out, tuple(options)) for n, (out, options) in enumerate(rows)]
    assert labels_of(pool) == labels
