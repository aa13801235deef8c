"""Counts of outcomes, and the part of a gain that is format."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from limbeck.evals.statistics.outcomes import STATUSES, UNREADABLE, format_gain, outcomes
from limbeck.evals.transfer import difference


def test_every_outcome_is_counted_and_all_keys_are_there() -> None:
    told = ["right", "wrong", "right", "truncated", "failed"]
    assert outcomes([{"status": status} for status in told]) == {
        "right": 2,
        "wrong": 1,
        "unparseable": 0,
        "truncated": 1,
        "refused": 0,
        "failed": 1,
    }
    assert outcomes([]) == dict.fromkeys(STATUSES, 0)
    assert outcomes([{"status": "scored"}, {"status": "failed"}]) is None
    with pytest.raises(ValueError, match="'lost'"):
        outcomes([{"status": "lost"}])


def test_by_hand() -> None:
    base_said = ["unparseable", "truncated", "right", "wrong", "wrong", "right"]
    student_said = ["right", "wrong", "refused", "right", "right", "right"]
    base, student = [0, 0, 1, 0, 0, 1], [1, 0, 0, 1, 1, 1]
    found = format_gain(base, student, base_said, student_said)
    # +1 became readable and right, -1 was right and is refused; two were learned.
    assert found["format"]["value"] == 0
    assert found["ability"]["value"] == pytest.approx(2 / 6)
    half = stats.t.ppf(0.975, 5) * stats.sem([1, 0, -1, 0, 0, 0])
    assert found["format"]["high"] == pytest.approx(half)


STATUS = st.sampled_from(STATUSES[:-1])


@given(st.lists(st.tuples(STATUS, STATUS), min_size=2, max_size=20))
def test_the_two_parts_are_the_whole_gain(told: list[tuple[str, str]]) -> None:
    statuses = [list(one) for one in zip(*told, strict=True)]
    base, student = (np.array([s == "right" for s in column], dtype=float) for column in statuses)
    found = format_gain(base, student, *statuses)
    parts = [found[name]["value"] for name in ("format", "ability")]
    whole = difference(base, student).value
    assert sum(part for part in parts if part is not None) == pytest.approx(whole, abs=1e-12)
    if not UNREADABLE & {status for pair in told for status in pair}:
        assert found["format"] == {"value": 0, "low": 0, "high": 0}


def test_clusters_are_taken_whole() -> None:
    base, student = [0, 0, 0, 1], [1, 0, 1, 1]
    said = (["unparseable", "wrong", "wrong", "right"], ["right", "wrong", "right", "right"])
    once = format_gain(base, student, *said)
    copies = format_gain(
        np.repeat(base, 3),
        np.repeat(student, 3),
        *(np.repeat(column, 3).tolist() for column in said),
        clusters=np.repeat(np.arange(4), 3).tolist(),
    )
    assert copies["format"] == pytest.approx(once["format"])
    assert copies["ability"] == pytest.approx(once["ability"])


def test_what_does_not_pair_is_refused() -> None:
    with pytest.raises(ValueError, match="different numbers"):
        format_gain([0, 1], [1, 1], ["wrong"], ["right", "right"])
