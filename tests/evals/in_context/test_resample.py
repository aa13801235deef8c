"""Intervals over rows and seeds hold what they say."""

from __future__ import annotations

import numpy as np
import pytest

from limbeck.evals.in_context import resample
from limbeck.evals.in_context.resample import average, draws, interval


def test_the_first_weights_are_even_and_all_sum_to_one() -> None:
    made = draws(7, 3, "a")
    assert made.rows.shape == (resample.DRAWS + 1, 7)
    assert made.seeds.shape == (resample.DRAWS + 1, 3)
    for part in (made.rows, made.seeds):
        assert part.sum(-1) == pytest.approx(1)
        assert part[0] == pytest.approx(1 / part.shape[1])
        assert part.min() >= 0
        assert part[1:].std() > 0


def test_rows_are_drawn_alike_however_many_seeds_there_are() -> None:
    assert np.array_equal(draws(9, 1, 0, "t").rows, draws(9, 5, 0, "t").rows)
    assert not np.array_equal(draws(9, 1, 0, "t").rows, draws(9, 1, 0, "u").rows)


def covered(rows: int, seeds: int, row_spread: float, seed_spread: float) -> float:
    """How often the interval of a mean of crossed effects has the true mean, which is 0."""
    random = np.random.default_rng(5)
    hits = 0
    for turn in range(150):
        made = draws(rows, seeds, turn)
        values = (
            random.normal(0, row_spread, (1, rows))
            + random.normal(0, seed_spread, (seeds, 1))
            + random.normal(0, 0.5, (seeds, rows))
        )
        found = interval(made.mean(made.rows @ values.T))
        assert found["value"] == pytest.approx(values.mean(), abs=1e-9)
        hits += found["low"] <= 0 <= found["high"]
    return hits / 150


def test_an_interval_covers_rows_and_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resample, "DRAWS", 400)
    assert 0.88 <= covered(40, 1, 1.0, 0.0) <= 1
    assert 0.88 <= covered(40, 8, 1.0, 0.2) <= 1
    # Five seeds that matter most: an interval over rows alone would hardly ever hold the mean.
    assert covered(40, 5, 0.2, 1.0) >= 0.78


def test_rows_alone_would_not_do_where_seeds_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resample, "DRAWS", 400)
    random = np.random.default_rng(1)
    made = draws(40, 5, "x")
    values = random.normal(0, 1.0, (5, 1)) + random.normal(0, 0.1, (5, 40))
    both = interval(made.mean(made.rows @ values.T))
    rows = interval((made.rows @ values.T).mean(-1))
    assert both["high"] - both["low"] > 5 * (rows["high"] - rows["low"])


def test_the_mean_over_tasks_is_taken_draw_by_draw() -> None:
    one, two = np.array([1.0, 0.0, 4.0]), np.array([3.0, 2.0, 0.0])
    assert average({"a": one, "b": two}).tolist() == [2.0, 1.0, 2.0]
