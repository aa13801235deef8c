"""What is said before a run, and whether it is so."""

from __future__ import annotations

import math

import numpy as np
import pytest

from limbeck.evals.statistics.power import ASSUMED, before, report_lines
from limbeck.evals.transfer import mcnemar


@pytest.mark.parametrize(("n", "points"), [(80, 14.0), (252, 7.9), (500, 5.6), (1319, 3.4)])
def test_it_is_that_of_the_table(n: int, points: float) -> None:
    found = before(n, binary=True)
    assert found is not None
    assert 100 * found == pytest.approx(points, abs=0.05)


def test_no_more_items_change_than_differ() -> None:
    # Below 40 items a change of 20 points takes more discordant items than a fifth.
    found = before(20, binary=True)
    assert found is not None
    assert found == pytest.approx((1.959964 + 0.841621) ** 2 / 20, rel=1e-6)
    assert found == pytest.approx(2.801585 * math.sqrt(found / 20), rel=1e-6)
    assert before(5, binary=True) == 1
    values = [before(n, binary=True) or 0 for n in range(1, 200)]
    assert values == sorted(values, reverse=True)


def test_it_is_found_about_four_times_in_five() -> None:
    random = np.random.default_rng(0)
    for n in (60, 400):
        step = before(n, binary=True)
        assert step is not None
        share = (0.2 + step) / 2
        pairs = random.multinomial(n, [share, 0.2 - share, 0.8], size=1000)
        found = np.mean([mcnemar(int(won), int(lost)) < 0.05 for won, lost, _ in pairs])
        assert 0.68 < found < 0.84  # the exact test is a little stricter than the formula


def test_clusters_are_the_other_end() -> None:
    assert before(500, binary=True, clusters=100) == before(100, binary=True)
    assert before(50, binary=True, clusters=100) == before(50, binary=True)
    assert before(500, binary=False) is None
    with pytest.raises(ValueError, match="at least one item, got 0"):
        before(0, binary=True)


def test_the_lines_are_plain_sentences() -> None:
    tasks = [
        {"task": "gsm8k", "n": 200, "binary": True, "clusters": None},
        {"task": "templates", "n": 500, "binary": True, "clusters": 100},
        {"task": "one template", "n": 500, "binary": True, "clusters": 1},
        {"task": "imitation_nll", "n": 1200, "binary": False, "clusters": None},
        {"task": "five", "n": 5, "binary": True},
        {"task": "one", "n": 1, "binary": True},
    ]
    assert report_lines(tasks) == [
        "gsm8k: 200 items; a change under 8.9 points would probably not be seen",
        "templates: 500 items of 100 templates; a change under 5.6 points would probably not be "
        "seen, or under 12.5 if a template's items all turn out alike",
        "one template: 500 items of 1 template; a change under 5.6 points would probably not be "
        "seen, and perhaps none would be if a template's items all turn out alike",
        "imitation_nll: 1,200 items; what change can be seen is known after the run, from how "
        "scores vary",
        "five: 5 items; a change would probably not be seen",
        "one: 1 item; no change can be seen",
        ASSUMED,
    ]
    assert report_lines(tasks[3:4])[-1] != ASSUMED
    assert report_lines([]) == []


def test_names_are_shown_safely() -> None:
    names = {"数学": "数学", "رياضيات": "رياضيات\u200e", "a\x1b[31m\nb": "a␛[31m b"}
    for name, shown in names.items():
        (line, _) = report_lines([{"task": name, "n": 200, "binary": True}])
        assert line.startswith(f"{shown}: 200 items")
