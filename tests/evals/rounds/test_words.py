"""What is said of a loop: its control first, and nothing that intervals do not show."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from limbeck.evals.rounds.page import lines
from limbeck.evals.rounds.reading import notes
from limbeck.evals.rounds.rounds import RoundRun
from limbeck.evals.rounds.words import findings, lead
from tests.evals.rounds.loops import (
    apart,
    costs,
    judged,
    made,
    result,
    right,
    run,
    share,
    three,
)


def said(found: dict[str, Any], kind: str) -> list[str]:
    return dict(findings(found)).get(kind, [])


def test_a_loop_that_beats_its_control() -> None:
    assert lead(made(three(8))) == (
        "After round 3 the loop is measurably better than plain Self-Instruct with as many "
        "instructions: +8.0 points [+2.6, +13.4], p = 0.008, on 数学."
    )


def test_a_loop_that_does_not_says_what_would_have_been_seen() -> None:
    assert lead(made(three(2))) == (
        "After round 3 the loop is not measurably different from plain Self-Instruct with as many "
        "instructions: +2.0 points [−0.8, +4.8], p = 0.500, on 数学; a difference under 3.9 points "
        "would probably not have been seen."
    )


def test_a_loop_behind_its_control_and_one_that_is_the_same() -> None:
    assert "the loop is measurably worse than plain" in lead(made(three(-9)))
    same = lead(made(three(0)))
    assert same.endswith(
        "as many instructions: 0.0 points [0.0, 0.0], p = 1.000, on 数学; no spread was seen, so "
        "the interval says nothing."
    )


def test_an_interval_above_nothing_is_no_finding_without_its_p() -> None:
    # 5 of 5: t's interval is above 0, McNemar's p is 0.0625.
    found = made(three(5))
    assert found["tasks"][0]["against"][-1]["low"] > 0
    assert "is not measurably different" in lead(found)


def test_two_controls_are_told_apart_and_one_from_a_reserve_is_no_self_instruct() -> None:
    runs = [*three(8), run("control_cost", 2, {"数学": right(39)})]
    text = lead(made(runs, settings={"reserve": "more.jsonl"}))
    first, second = text.split(". ", maxsplit=1)
    assert first.startswith("After round 3 the loop is measurably better than a random draw")
    assert second.startswith(
        "After round 2 the loop is not measurably different from a random draw from the reserve "
        "with as many tokens: +1.0 points"
    )


def test_without_a_control_nothing_is_claimed_for_the_loop() -> None:
    assert lead(made(three()[:3])).startswith("No control was run, so what the loop itself brought")
    one = made([run("loop", 1, {"t": right(30)}, discriminated=None, held_out=None)])
    assert lead(one).startswith("The loop has one round, which is plain imitation")
    assert said(one, "Rounds") == []
    assert not any("control" in line or "stop rule" in line for line in notes(one))
    apart_ = [*three()[:2], run("control_rows", 3, {"数学": right(42)})]
    assert "have no round in common" in lead(made(apart_))


def test_the_gap_stands_beside_the_controls() -> None:
    [text] = said(made(three(8)), "Gap")
    assert text.startswith("round 3 closed 50% [")
    assert (
        "of the gap between base and teacher on 数学 (control (as many instructions): 37% [" in text
    )
    assert "the student is measurably better than base: +30.0 points [" in text
    [text] = said(made(three(8)[:-1]), "Gap")
    assert "(control (as many instructions) of round 2: 20% [" in text


def with_teacher(count: int) -> list[RoundRun]:
    teacher = result({"数学": right(count)})
    return [replace(one, roles={**one.roles, "teacher": teacher}) for one in three(8)]


def test_a_gap_that_cannot_be_told_is_not() -> None:
    [text] = said(made(with_teacher(21)), "Gap")
    assert text.startswith(
        "the gap closed cannot be told on 数学, since the teacher is not measurably better than "
        "base (teacher − base +1.0 points ["
    )
    [text] = said(made(with_teacher(5)), "Gap")
    assert "since the teacher is measurably worse than base (teacher − base −15.0 points" in text
    runs = [replace(one, roles={**one.roles, "teacher": result({})}) for one in three()]
    [text] = said(made(runs), "Gap")
    assert text.startswith(
        "no gap can be told on 数学, since the teacher has no score; the student"
    )


def test_whether_more_rounds_brought_anything() -> None:
    first, last = said(made(three()), "Rounds")
    assert first.startswith("rounds 2 to 3 measurably improved on round 1 on 数学: +20.0 points [")
    assert last.startswith("round 3 measurably improved on round 2 on 数学: +10.0 points [")
    runs = three()
    runs[2] = replace(runs[2], roles={**runs[2].roles, "student": result({"数学": right(42)})})
    text = said(made(runs), "Rounds")[1]
    assert text.startswith("round 3 brought nothing measurable over round 2 on 数学: +2.0 points")
    assert "under 3.9 points would probably not have been seen" in text


def held_out(runs: list[RoundRun], **changes: Any) -> list[RoundRun]:
    runs[2] = replace(runs[2], held_out=judged(0.94) | changes)
    return runs


def test_what_the_referee_says_stands_beside_what_the_tasks_say() -> None:
    text, place, left = said(made(held_out(three())), "Referee")
    assert text.startswith(
        "on 40 held-out prompts judge gives the student of round 3 94.0% [89.0%, 99.0%] of the "
        "teacher's points, measurably less (7.52 [6.58, 8.46] against 8.00 [7.60, 8.40] of 10); "
        "the untrained base has 50.0% [45.0%, 55.0%]; on 数学 that student has 62.5% ["
    )
    assert "] of the teacher's score and closed 50% [" in text
    assert place.startswith("the referee favours the answer that stands first")
    assert left.startswith("2 pairs are left out")


def test_a_referee_that_is_the_teacher_or_a_coin_is_said_to_be() -> None:
    runs = held_out(three(), flip_rate=share(0.45, 0.31, 0.6))
    own, _, coin, *_ = said(made(runs, referee="strong"), "Referee")
    assert own == "the referee is the teacher itself, and may favour what is like its own."
    assert "on 45.0% [31.0%, 60.0%] of the pairs, which is not measurably below a coin" in coin
    assert own not in said(made(runs), "Referee")


def test_a_teacher_that_discriminates_as_its_own_referee_is_named_one() -> None:
    runs = [replace(one, held_out=None) for one in three()]
    assert said(made(runs, base_held_out=None, referee="strong"), "Referee") == []
    runs[0] = replace(runs[0], discriminated=apart(1, 9, referee=judged(0.9)))
    [own] = said(made(runs, base_held_out=None, referee="strong"), "Referee")
    assert own.startswith("the referee is the teacher itself")


def test_a_referee_that_ties_is_doubted_where_its_scores_are_used() -> None:
    ties = {"n": 10, "tie_rate": share(0.9, 0.596, 0.982)}
    runs = held_out(three(), **ties)
    runs[1] = replace(runs[1], discriminated=apart(1, 9, referee=judged(0.99) | ties))
    found = made(runs)
    assert "it cannot tell these answers apart" in said(found, "Referee")[1]
    hard, doubt = said(found, "Hard share")
    assert "10.0% [" in hard
    assert doubt.startswith("in round 2 the referee gave both answers the same points, in either")
    assert "its hard share, its share of the teacher's points and a low flip rate say noth" in doubt


def test_a_referee_that_had_nothing_to_score_has_no_notes() -> None:
    runs = [replace(one, held_out=None) for one in three()]
    told = [" ".join(notes(made(r, base_held_out=None))) for r in (runs, three())]
    assert ["AGIEval" in text for text in told] == [False, True]
    assert told[1].count("AGIEval") == 1


def test_a_referee_without_a_score_and_none_at_all() -> None:
    nothing = {key: share(None) for key in ("relative", "flip_rate", "tie_rate", "first_place")}
    runs = held_out(three(), n=0, **nothing)
    text, left = said(made(runs), "Referee")
    assert text == "judge gave no scores on the held-out prompts that could be used."
    assert left.startswith("2 pairs are left out")
    none = [replace(one, held_out=None) for one in three()]
    assert said(made(none, base_held_out=None, referee=None), "Referee") == []


def test_the_hard_share_of_every_round_and_of_one_that_scored_nothing() -> None:
    runs = three()
    nothing = apart(0, 1, hard_share=share(None), both_right=None) | {"easy": 0}
    runs[1] = replace(runs[1], discriminated=nothing)
    [text] = said(made(runs), "Hard share")
    assert text.startswith("the hard share is 50.0% [40.4%, 59.6%] in round 1, not known, since")


def test_what_the_last_student_took_and_what_its_control_took() -> None:
    [text] = said(made(three()), "Cost")
    assert text == (
        "for the student of round 3 the loop took 440 calls and 6,600 tokens ($2.20), and trained "
        "on 270 rows; the control (as many instructions) took 340 calls and 5,100 tokens ($1.70), "
        "and trained on 270 rows."
    )
    runs = [replace(one, cost={"imitate": costs(7, None)}) for one in three()]
    assert "took 21 calls and 315 tokens, and trained" in said(made(runs), "Cost")[0]


def test_the_best_of_several_rounds_is_said_to_be_optimistic() -> None:
    why, best = said(made(three(), stopped="no gain in 1 round"), "Stop")
    assert why == "no gain in 1 round."
    assert "0.300 in round 1, 0.400 in round 2, 0.500 in round 3; round 3 is the best of 3" in best
    assert "the stop rule watches" in best
    assert "optimistic" in best


def test_equal_rounds_have_no_best_and_without_a_rule_none_watches() -> None:
    runs = three()
    runs[2] = replace(runs[2], roles=runs[1].roles)
    best = said(made(runs), "Stop")[1]
    assert best.startswith(
        "the stop rule watches 数学: 0.300 in round 1, 0.400 in round 2, 0.400 in"
    )
    assert "rounds 2 and 3 are the best of 3, and" in best
    runs[0] = replace(runs[0], roles=runs[1].roles)
    never = made(runs, settings={"stop": {"patience": None, "min_gain": 0.0, "task": None}})
    assert said(never, "Stop")[1] == (
        "round by round, 数学: 0.400 in round 1, 0.400 in round 2, 0.400 in round 3; no round is "
        "better than another."
    )
    assert not any("stop rule" in note for note in notes(never))


def test_the_stop_score_of_a_task_where_less_is_better_says_minus() -> None:
    runs = three(names=("ppl", "b"))
    for one in runs:
        one.roles["student"]["tasks"][0] |= {"higher_is_better": False, "metric": "ppl"}
    assert said(made(runs, stop_task="ppl"), "Stop")[1].startswith(
        "the stop rule watches minus ppl: −"
    )
    assert said(made(runs), "Stop")[1].startswith("the stop rule watches the mean over tasks: ")


def test_intervals_over_groups_are_said_to_be() -> None:
    runs = three()
    assert "over items. Every" in notes(made(runs))[0]
    for one in runs:
        for role in one.roles.values():
            for n, item in enumerate(role["tasks"][0]["items"]):
                item["cluster"] = f"t{n // 10}"
    assert "those that vary together (one template's) over their groups" in notes(made(runs))[0]


def test_task_by_task_claims_are_after_holm() -> None:
    runs = three(6, names=("a", "b"))  # p is 0.031 for each of four, and 0.125 after Holm
    [text] = said(made(runs), "Tasks")
    assert text.startswith(
        "task by task, round 3 of the loop against plain Self-Instruct with as many instructions: "
        "not measurably different on a (+6.0 points ["
    )
    assert "the mean of 2 ability tasks" in lead(made(runs))
    [text] = said(made(three(12, names=("a", "b"))), "Tasks")
    assert "measurably better on a (+12.0 points [" in text
    assert "Holm's p = 0.002)" in text


def test_a_terminal_is_not_steered_by_names() -> None:
    evil = "\x1b[2J數\u202e"
    runs = three(8, names=(evil, "b"))
    told = "\n".join(lines(made(runs, referee=evil, stopped=evil)))
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert "␛[2J數⟨U+202E⟩" in told
