"""The rounds in cells."""

from __future__ import annotations

from dataclasses import replace

from limbeck.evals.pages.plain import Table
from limbeck.evals.rounds.tables import tables
from tests.evals.rounds.loops import apart, costs, made, result, right, run, share, three


def by_title(*args: object, **changes: object) -> dict[str, Table]:
    return {table.title: table for table in tables(made(*args, **changes))}  # type: ignore[arg-type]


def test_a_task_has_a_row_for_base_and_every_round_and_arm() -> None:
    table = by_title(three(8))["数学: acc, 100 items; teacher 80.0%"]
    assert table.head == [
        "student",
        "score",
        "student − base",
        "gap closed",
        "− round before",
        "loop − this control",
        "p",
        "Holm's p",
    ]
    assert [row[0] for row in table.rows] == [
        "base",
        "round 1",
        "round 2, loop",
        "round 2, control (as many instructions)",
        "round 3, loop",
        "round 3, control (as many instructions)",
    ]
    assert table.rows[0] == ["base", "20.0%", "", "", "", "", "", ""]
    last = table.rows[-1]
    assert last[1] == "42.0% [32.8%, 51.8%]"
    assert last[5] == "+8.0 points [+2.6, +13.4]"
    assert last[6:] == ["0.008", "0.016"]
    assert table.rows[4][5:] == ["", "", ""]
    assert table.notes == [
        "Loop against control (as many instructions) at round 3: a difference under 7.6 points "
        "would probably not have been seen."
    ]


def test_without_a_control_there_is_no_column_of_it() -> None:
    [table] = [
        t for title, t in by_title([run("loop", 1, {"t": right(30)})]).items() if "t:" in title
    ]
    assert table.head == ["student", "score", "student − base", "gap closed"]


def test_a_gap_that_cannot_be_told_says_why() -> None:
    cells = []
    for teacher in ({"数学": right(20)}, {"数学": right(5)}, {}):
        runs = [replace(o, roles={**o.roles, "teacher": result(teacher)}) for o in three()]
        [task] = [table for title, table in by_title(runs).items() if title.startswith("数学")]
        cells.append(task.rows[1][3])
    assert cells == [
        "cannot be told: teacher not measurably better",
        "cannot be told: teacher worse",
        "no teacher score",
    ]


def test_items_that_were_left_out_are_counted() -> None:
    runs = three()
    for place in (0, 7):
        runs[1].roles["student"]["tasks"][0]["items"][place]["score"] = None
    [table] = [table for title, table in by_title(runs).items() if title.startswith("数学")]
    assert table.notes[-1] == "2 items that not every model answered are left out."


def test_what_each_round_was_trained_on_and_wrote() -> None:
    table = by_title(three())["What each round was trained on"]
    assert table.rows[0] == ["round 1", "100", "90", "9,000", "96 of 100", "50", "46", "13"]
    assert table.rows[2][4:] == ["96 of 100", "", "", "13"]
    assert table.rows[3][4:] == ["", "", "", ""]
    assert table.notes[0] == "Refused in round 1: 12 rouge_l, 1 held_out."


def test_discrimination_has_what_was_excluded_and_the_referee_a_table_of_its_own() -> None:
    referee = {"n": 95, "asked_again": 6, "flip_rate": share(0.2, 0.1, 0.3)}
    referee["tie_rate"] = share(0.4, 0.3, 0.5)
    runs = three()
    judge = {**referee, "first_place": share(0.4, 0.1, 0.7)}
    runs[0] = replace(runs[0], discriminated=apart(60, 40, referee=judge))
    found = by_title(runs)
    table = found["What the teacher does better"]
    assert table.rows[0][:6] == ["round 1", "100 of 105", "60", "40", "60.0% [50.2%, 69.1%]", "5"]
    assert table.notes[0] == "Excluded in round 1: 4 unparsed, 1 failed."
    assert found["How steady the referee is"].rows == [
        [
            "round 1",
            "95",
            "20.0% [10.0%, 30.0%]",
            "40.0% [30.0%, 50.0%]",
            "+0.40 [+0.10, +0.70]",
            "6",
        ]
    ]


def test_by_the_referee_alone_there_are_no_columns_of_targets() -> None:
    runs = [replace(three()[0], discriminated=apart(60, 40, both_right=None))]
    assert by_title(runs)["What the teacher does better"].head[-1] == "excluded"


def test_the_held_out_prompts_begin_with_the_base() -> None:
    table = by_title(three())["What the referee gives on held-out prompts"]
    assert [row[0] for row in table.rows] == ["base", "round 1", "round 2, loop", "round 3, loop"]
    assert table.rows[1][2:5] == ["8.00 [7.60, 8.40]", "6.00 [5.25, 6.75]", "75.0% [70.0%, 80.0%]"]
    assert table.head[5:] == ["order flips", "ties"]
    assert table.rows[1][5:] == ["20.0% [10.0%, 35.0%]", "10.0% [4.0%, 23.0%]"]
    assert table.notes[0] == "base: 2 unparsed, not averaged in."


def test_costs_by_phase_and_on_the_way_to_each_student() -> None:
    table = by_title(three())["What it cost"]
    assert table.head[1:5] == [
        "calls, imitation",
        "calls, discrimination",
        "calls, generation",
        "calls, held out",
    ]
    assert table.rows[0] == [
        *("round 1", "100", "50", "20", "80", "3,750", "$1.25", "100", "1,500", "$0.50")
    ]
    assert table.rows[-1][-3:] == ["340", "5,100", "$1.70"]
    assert table.notes == [
        "In all, loop: 600 calls, 9,000 tokens, $3.00.",
        "In all, control (as many instructions), without the shared round 1: 240 calls, 3,600 "
        "tokens, $1.20.",
    ]
    free = [replace(one, cost={"imitate": costs(3, None)}) for one in three()]
    table = by_title(free)["What it cost"]
    assert table.rows[0] == ["round 1", "3", "45", "n/a", "3", "45", "n/a"]
    assert table.notes[0] == "In all, loop: 9 calls, 135 tokens."
    lost = by_title([*three()[:3], three()[4]])["What it cost"]  # the control's round 2 is missing
    assert lost.rows[-1][-3:] == ["n/a", "n/a", "n/a"]
