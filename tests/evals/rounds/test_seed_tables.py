"""What several loops showed, as sentences and tables."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from limbeck.evals.rounds.seed_tables import lines, tables
from limbeck.evals.rounds.seeds import SeededLoop, over_seeds
from tests.evals.rounds.loops import result, run, three


def found(*gains: int, names: tuple[str, ...] = ("数学",), **settings: Any) -> dict[str, Any]:
    loops = [
        SeededLoop(f"轮{n}\x1b", n, n, "all done", three(gain, names=names))
        for n, gain in enumerate(gains)
    ]
    return over_seeds(loops, settings, "0.1")


def test_the_lead_says_over_how_many_seeds_and_against_what() -> None:
    assert lines(found(12, 11, 13)) == [
        "Over 3 seeds, after round 3, the loop is measurably better than plain Self-Instruct with "
        "as many instructions: +12.0 points [+5.3, +18.7], p = 0.005, on 数学."
    ]
    [worse] = lines(found(-12, -11, -13, reserve="more.jsonl"))
    assert "is measurably worse than a random draw from the reserve with" in worse
    [flat] = lines(found(8, 2, -4))
    assert "is not measurably different from plain Self-Instruct" in flat
    [still] = lines(found(0, 0))
    assert still.endswith("on 数学; no spread was seen, so the interval says nothing.")


def test_two_items_that_moved_alike_in_both_loops_are_not_measurable() -> None:
    """No spread is seen then, which is not the same as none."""
    still, moved = {"数学": (0.0, 0.0)}, {"数学": (1.0, 1.0)}
    ends = {"base": result(still), "teacher": result(moved)}
    runs = [run("loop", 1, still), run("loop", 2, moved), run("control_rows", 2, still)]
    own = [replace(one, roles=dict(one.roles) | ends) for one in runs]
    made = over_seeds([SeededLoop(str(n), n, n, "", own) for n in (0, 1)], {}, "0.1")
    assert lines(made) == [
        "Over 2 seeds, after round 2, the loop is not measurably different from plain "
        "Self-Instruct with as many instructions: +100.0 points [+100.0, +100.0], p = 1.000, on "
        "数学; no spread was seen, so the interval says nothing."
    ]
    [entry] = made["tasks"][0]["against"]
    assert (entry["p_value"], entry["p_holm"]) == (1.0, 1.0)
    assert {one["student_minus_base"]["p_holm"] for one in made["tasks"][0]["rounds"]} == {1.0}


def test_each_loop_s_own_difference_stands_below_the_table() -> None:
    [table] = tables(found(8, 2, -4))
    assert table.title.startswith("数学: acc, 100 items; teacher 80.0%")
    assert [row[0] for row in table.rows][-1] == "round 3, control (as many instructions)"
    assert table.rows[-1][1] == "48.0% [42.0%, 54.0%]"  # the mean, the lowest, the highest
    place = table.head.index("loop − this control")
    assert table.rows[-1][place].startswith("+2.0 points [")
    assert table.notes[-1] == (
        "loop − control (as many instructions) at round 3: 轮0␛ +8.0 points, 轮1␛ +2.0 points, "
        "轮2␛ −4.0 points."
    )


def test_what_is_not_here_is_said() -> None:
    made = found(8, 2)
    made["missing"] = [{"arm": "loop", "number": 3}]
    made["left_out"] = [{"task": "two", "why": "not every round was asked it"}]
    for loop in made["loops"]:
        loop["seed"] = 0
    assert lines(made)[1:] == [
        "Not here, since not every loop has it: round 3 (loop).",
        "The loops have one seed and differ in train.seed alone: what was drawn and sampled first "
        "is the same in all, and other draws are not in the intervals.",
        "Left out: two, since not every round was asked it.",
    ]


def test_without_a_control_or_a_task_nothing_is_claimed() -> None:
    runs = [one for one in three() if one.arm == "loop"]
    alone = over_seeds([SeededLoop(str(n), n, n, "", runs) for n in (0, 1)], {}, "0.1")
    assert lines(alone) == [
        "The loops have no control in common, so what a loop itself brings is not told."
    ]
    assert lines(alone | {"tasks": []}) == [
        "No task could be compared, so the rounds cannot be told apart."
    ]
