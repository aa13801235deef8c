"""The geometry of the curves."""

from __future__ import annotations

import pytest

from limbeck.evals.curves.curve import curve
from limbeck.evals.curves.plot import panels
from limbeck.evals.pages.plots.lines import BOTTOM, TOP
from tests.evals.curves.test_curve import growing, result, right, run


def test_doublings_stand_at_even_distances_and_better_is_higher() -> None:
    score, gap = panels(curve("r", "1", growing())["tasks"][0])
    assert (score["title"], gap["title"]) == ("Score by rows", "Gap closed by rows")
    [line] = score["lines"]
    xs, ys = zip(*line["marks"], strict=True)
    assert xs[1] - xs[0] == pytest.approx(xs[2] - xs[1])
    assert ys[0] - ys[1] == pytest.approx(ys[1] - ys[2], abs=0.02)
    assert ys[0] > ys[1] > ys[2]
    rules = {rule["name"]: rule["y"] for rule in score["rules"]}
    assert TOP <= rules["teacher"] < ys[2]
    assert ys[0] < rules["base"] <= BOTTOM
    assert [text for _, text in score["x_ticks"]] == ["50", "100", "200"]
    assert len(line["band"].split()) == 6
    assert "32.5% at 50, 42.5% at 100, 52.5% at 200" in score["words"]


def test_several_students_have_looks_of_their_own_and_a_panel_by_parameters() -> None:
    runs = [*growing("s", 135_000_000), *growing("l", 1_700_000_000, 0.2)]
    made = panels(curve("r", "1", runs)["tasks"][0])
    assert [line["look"] for line in made[0]["lines"]] == [0, 1]
    # Both bases stand at 20%: one label for two levels.
    assert [rule["name"] for rule in made[0]["rules"]] == ["teacher", "base s, base l", ""]
    assert made[-1]["title"] == "Score by parameters, 200 rows"
    assert [text for _, text in made[-1]["x_ticks"]] == ["135M", "1.7B"]


def test_without_a_measurable_gap_there_is_no_panel_of_it() -> None:
    runs = [run(50, seed, {"t": right(0.5)}, teacher=result({"t": right(0.2)})) for seed in (0, 1)]
    [score] = panels(curve("r", "1", runs)["tasks"][0])
    assert score["title"] == "Score by rows"
    [(x, _)] = score["lines"][0]["marks"]
    assert x == pytest.approx(56.0)  # one number of rows stands in the middle
