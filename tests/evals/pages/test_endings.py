"""What of a change of the score is answers that became readable."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.evals.pages import endings
from tests.evals.report_parts import interval, task

COUNTS = st.fixed_dictionaries({kind: st.integers(0, 40) for kind in endings.KINDS})


def of(right: int, wrong: int, unparseable: int = 0, **more: int) -> dict[str, int]:
    known = {"right": right, "wrong": wrong, "unparseable": unparseable} | more
    return dict.fromkeys(endings.KINDS, 0) | known


def row(base: dict[str, int], student: dict[str, int], **changes: Any) -> dict[str, Any]:
    return task("t", outcomes={"base": base, "student": student}, **changes)


def test_the_two_parts_of_a_change_are_those_counted_by_hand() -> None:
    found = endings.split(row(of(20, 20, 60), of(45, 45, 10)))
    assert found is not None
    assert found.change == pytest.approx(0.25)  # 45% against 20%
    assert found.by_format == pytest.approx(0.25)  # half of the readable are right in both
    assert found.readable == pytest.approx((0.4, 0.9))
    assert found.right == pytest.approx((0.5, 0.5))


@given(COUNTS, COUNTS)
def test_format_and_ability_add_up_to_the_change(
    base: dict[str, int], student: dict[str, int]
) -> None:
    found = endings.split(row(base, student))
    if found is None:
        return
    (read_b, read_s), (right_b, right_s) = found.readable, found.right
    by_ability = (right_s - right_b) * (read_s + read_b) / 2
    assert found.by_format + by_ability == pytest.approx(found.change, abs=1e-12)


def test_a_failed_call_is_no_answer() -> None:
    found = endings.split(row(of(10, 10, failed=80), of(10, 10)))
    assert found is not None
    assert found.readable == (1.0, 1.0)


@pytest.mark.parametrize("known", [None, {}, {"base": of(1, 1)}, {"base": None, "student": None}])
def test_without_counts_there_is_no_split(known: Any) -> None:
    assert endings.split(task(outcomes=known)) is None
    assert list(endings.findings([task(outcomes=known)])) == []


def test_most_of_a_gain_is_said_to_be_format_only_where_it_is() -> None:
    [line] = endings.findings([row(of(20, 20, 60), of(50, 45, 5))])
    assert line == (
        "most of the gain on t (+30.0 points) is answers that became readable (+28.2 points): "
        "40.0% of the base's and 95.0% of the student's can be read, and of those 50.0% of the "
        "base's and 52.6% of the student's are right"
    )
    assert list(endings.findings([row(of(20, 80), of(50, 50))])) == []
    flat = interval(0.01, -0.03, 0.05)
    assert (
        list(endings.findings([row(of(20, 20, 60), of(50, 45, 5), student_minus_base=flat)])) == []
    )


def test_format_can_be_more_than_the_gain_and_a_loss() -> None:
    [line] = endings.findings([row(of(30, 10, 60), of(45, 50, 5))])
    assert line.startswith(
        "answers that became readable (+33.7 points) are more than the whole gain on t "
        "(+15.0 points): "
    )
    worse = interval(-0.25, -0.3, -0.2)
    [line] = endings.findings([row(of(50, 50), of(25, 25, 50), student_minus_base=worse)])
    assert line.startswith(
        "most of the loss on t (−25.0 points) is answers that ceased to be readable (−25.0 points)"
    )


def test_a_bar_has_the_parts_that_are_there_and_they_fill_it() -> None:
    parts = endings.bar(of(1, 2, refused=1))
    assert [part["kind"] for part in parts] == ["right", "wrong", "refused"]
    assert [part["share"] for part in parts] == [25.0, 50.0, 25.0]


def test_the_parts_of_the_items_decide_where_the_report_has_them() -> None:
    both = {"format": interval(0.05, 0.02, 0.08), "ability": interval(0.02, -0.02, 0.06)}
    [line] = endings.findings([row(of(20, 20, 60), of(50, 45, 5), readable=both)])
    assert line == (
        "most of the gain on t (+7.0 points) is on items that base or student left unreadable: "
        "+5.0 points [+2.0, +8.0]; 40.0% of the base's and 95.0% of the student's can be read"
    )
    for part in (interval(0.05, -0.01, 0.11), interval(0.02, 0.01, 0.03)):
        alone = row(of(20, 20, 60), of(50, 45, 5), readable=both | {"format": part})
        assert list(endings.findings([alone])) == []


def test_what_worked_examples_alone_bring_is_told_where_it_is_measurable() -> None:
    shown: dict[str, Any] = {"shots": 4, "n": 252, "value": 0.36, "stderr": 0.03}
    shown["minus_base"] = interval(0.05, 0.01, 0.09, p_value=0.01)
    assert list(endings.findings([task("t", few_shot_base=shown)])) == [
        "4 worked examples alone take base from 31.0% to 36.0% on t (+5.0 points [+1.0, +9.0])"
    ]
    shown["minus_base"] = interval(0.05, -0.01, 0.11, p_value=0.1)
    assert list(endings.findings([task("t", few_shot_base=shown)])) == []
