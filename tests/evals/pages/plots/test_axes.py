"""Axes and ticks."""

from __future__ import annotations

import pytest

from limbeck.evals.pages.plots.axes import LONGEST, Axis, around, minus, short, ticks


@pytest.mark.parametrize(("low", "high"), [(0, 1), (1.7, 5.3), (0.001, 0.0023), (-3, 40000)])
def test_ticks_are_few_round_and_inside(low: float, high: float) -> None:
    marks = ticks(low, high)
    assert 2 <= len(marks) <= 6
    assert all(low - 1e-9 <= mark <= high + 1e-9 for mark in marks)


def test_a_value_stands_within_the_edges_and_a_flipped_axis_runs_the_other_way() -> None:
    axis = Axis(-1.0, 3.0)
    assert [axis.place(value) for value in (-1, 1, 3, 99)] == [3, 50, 97, 97]
    assert [axis._replace(flipped=True).place(value) for value in (-1, 1, 3)] == [97, 50, 3]


@pytest.mark.parametrize("values", [[], [0.0], [2.0, 5.0], [-4.0, -3.0]])
def test_an_axis_holds_all_values_and_zero_and_has_room(values: list[float]) -> None:
    axis = around(values)
    assert axis.low < min([0.0, *values])
    assert axis.high > max([0.0, *values])


def test_names_are_cut_and_made_visible() -> None:
    assert short("x" * LONGEST) == "x" * LONGEST
    assert short("x" * (LONGEST + 1)) == "x" * (LONGEST - 1) + "…"
    assert short("a\x1b\nb") == "a␛ b"
    assert minus("-3") == "−3"
