"""The geometry of the rounds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from limbeck.evals.pages.plots.lines import APART, BOTTOM, TOP
from limbeck.evals.rounds.plot import round_panels, task_panels
from tests.evals.rounds.loops import apart, judged, made, result, right, run, share, three


def test_rounds_stand_at_even_distances_and_a_control_starts_from_the_first() -> None:
    score, gap, against = task_panels(made(three(8))["tasks"][0])
    assert [one["title"] for one in (score, gap, against)] == [
        "Score by round",
        "Gap closed by round",
        "Loop − control by round, in points",
    ]
    loop, control = score["lines"]
    xs = [x for x, _ in loop["marks"]]
    assert xs[1] - xs[0] == pytest.approx(xs[2] - xs[1])
    ys = [y for _, y in loop["marks"]]
    assert ys[0] > ys[1] > ys[2]
    rules = {rule["name"]: rule["y"] for rule in score["rules"]}
    assert TOP <= rules["teacher"] < ys[2]
    assert ys[0] < rules["base"] <= BOTTOM
    # Beside the loop, a mark for rounds 2 and 3, and a line from the loop's round 1.
    assert [x for x, _ in control["marks"]] == pytest.approx([x + APART for x in xs[1:]])
    assert control["line"].split()[0] == loop["line"].split()[0]
    assert len(control["line"].split()) == 3
    assert [text for _, text in score["x_ticks"]] == ["1", "2", "3"]
    assert [x for x, _ in score["x_ticks"]] == pytest.approx([x + APART / 2 for x in xs], abs=0.01)


def test_whiskers_end_where_intervals_do() -> None:
    score = task_panels(made(three(8))["tasks"][0])[0]
    (x, y), (at, high, low) = score["lines"][0]["marks"][2], score["lines"][0]["whiskers"][2]
    assert (x, score["lines"][0]["band"]) == (at, "")
    assert high < y < low
    scale = (score["rules"][1]["y"] - score["rules"][0]["y"]) / 0.6  # px of base to teacher
    assert (low - high) / scale == pytest.approx(0.5962 - 0.4038, abs=0.002)  # Wilson's, 50 of 100


def test_a_control_looks_the_same_in_every_panel_and_has_a_key_where_it_is_alone() -> None:
    score, _, against = task_panels(made(three(8))["tasks"][0])
    assert [line["look"] for line in score["lines"]] == [0, 1]
    assert [line["look"] for line in against["lines"]] == [1]
    assert against["keyed"]
    assert [rule["name"] for rule in against["rules"]] == [""]
    assert against["words"] == "control (as many instructions): +8.0 at 2, +8.0 at 3"


def test_one_round_is_a_mark_in_the_middle() -> None:
    score, gap = task_panels(made([run("loop", 1, {"t": right(30)})])["tasks"][0])
    assert score["lines"][0]["marks"][0][0] == pytest.approx(56.0)
    assert not gap["keyed"]


def test_a_gap_that_cannot_be_told_has_no_panel() -> None:
    runs = [replace(o, roles={**o.roles, "teacher": result({"数学": right(20)})}) for o in three()]
    titles = [one["title"] for one in task_panels(made(runs)["tasks"][0])]
    assert titles == ["Score by round", "Loop − control by round, in points"]


def test_hard_share_and_referee_by_round() -> None:
    hard, referee = round_panels(made(three()))
    assert hard["words"] == "loop: 50% at 1, 40% at 2"
    assert referee["words"] == "loop: 75% at 1, 80% at 2, 85% at 3; base 50%; teacher 100%"


def test_one_interval_without_bounds_to_speak_of_leaves_the_others_their_room() -> None:
    wide = judged(0.9) | {"relative": share(1.42, -1.8, 134.8)}
    runs = three()
    found = [made([replace(runs[0], held_out=one), *runs[1:]]) for one in (judged(0.9), wide)]
    usual, drawn = (round_panels(one)[1]["lines"][0] for one in found)
    assert drawn["whiskers"][0][2] - drawn["whiskers"][0][1] <= BOTTOM - TOP
    tall = [line["whiskers"][1][2] - line["whiskers"][1][1] for line in (usual, drawn)]
    assert tall[1] > 5, "px, of an interval of 10 points in 200"
    assert tall[1] < tall[0]


def test_whiskers_of_many_rounds_stay_with_their_round() -> None:
    loop = [run("loop", n, {"t": right(20 + n)}) for n in range(1, 31)]
    arms = [run(arm, n, {"t": right(20)}) for arm in ("control_rows", "control_cost")
            for n in range(2, 31)]  # fmt: skip
    score = task_panels(made([*loop, *arms])["tasks"][0])[0]
    assert [text for _, text in score["x_ticks"]] == ["1", "4", "7", "10", "13", "16", "19", "22",
                                                      "25", "28"]  # fmt: skip
    at = [dict(enumerate(x for x, _ in line["marks"])) for line in score["lines"]]
    assert at[0][1] < at[1][0] < at[2][0] < at[0][2], "round 2 of all arms, then round 3"


def test_what_was_not_scored_has_no_mark() -> None:
    runs: list[Any] = [replace(one, held_out=None) for one in three()]
    runs[0] = replace(runs[0], discriminated=apart(0, 1, hard_share=share(None)))
    [hard] = round_panels(made(runs, base_held_out=None))
    assert hard["words"] == "loop: 40% at 2"
    runs[1] = replace(runs[1], discriminated=None)
    assert round_panels(made(runs, base_held_out=None)) == []
