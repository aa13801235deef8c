"""The rows of the transfer table: tasks, what is left without flagged items, means."""

from __future__ import annotations

from limbeck.evals.pages import pools, rows
from tests.evals.report_example import example, first_schema
from tests.evals.report_parts import pool, task


def test_clean_rows_follow_their_task_and_means_end_their_kind() -> None:
    made = dict(rows.groups(example()))
    assert list(made) == ["Imitation", "Ability", "Forgetting", "Other means"]
    assert [row.kind for row in made["Ability"]] == ["task", "clean", *["task"] * 5, "mean"]
    clean = made["Ability"][1]
    assert (clean.scores[1], clean.n) == ("33.0% ± 3.4", "189")
    assert clean.after == "p = 0.008, flagged items add +2.1 points [+0.4, +3.8]"
    assert made["Other means"][0].name == "Mean over 2 tasks (numbers)"
    assert [row.kind for _, several in rows.groups(first_schema()) for row in several] == [
        "task"
    ] * 8


def test_what_was_detectable_before_stands_beside_what_was_seen() -> None:
    first = dict(rows.groups(example()))["Ability"][0]
    assert (first.detectable, first.before) == ("7.9 points", "8.1 points before the run")
    assert (first.change, first.p) == ("+7.0 points [+2.0, +12.0]", "0.040")


def test_a_mean_over_different_units_has_no_difference() -> None:
    mean = dict(rows.groups(example()))["Imitation"][-1]
    assert (mean.change, mean.gap) == ("units differ", "71% [66%, 76%]")


def test_what_base_has_after_worked_examples_stands_below_its_score() -> None:
    shown = {"shots": 4, "value": 0.36, "stderr": 0.03}
    [(_, [row])] = rows.groups({"tasks": [task("t", few_shot_base=shown)]})
    assert (row.scores[0], row.shown) == ("31.0% ± 2.9", "36.0% ± 3.0 after 4 shown")
    assert dict(rows.groups(example()))["Ability"][2].shown == ""


def test_the_second_view_is_apart() -> None:
    [row] = rows.second_view(example())
    assert row.about == "Sums of two numbers, by likelihood"
    assert row.gap == "no teacher score"


def test_a_mean_knows_the_unit_and_the_direction_of_its_tasks() -> None:
    tasks = [task("a"), task("b")]
    mean = pools.as_task(pool("ability", ["a", "b"]), tasks)
    assert (mean["unit"], mean["higher_is_better"], mean["mixed"]) == ("share", True, False)
    lower = [task("a", unit="nats", higher_is_better=False)]
    mean = pools.as_task(pool("ability", ["a"]), lower)
    assert (mean["unit"], mean["higher_is_better"], mean["mixed"]) == ("nats", False, False)
    mean = pools.as_task(pool("ability", ["a", "b"]), [*lower, task("b")])
    assert (mean["unit"], mean["mixed"]) == ("", True)
    assert pools.of_kind({"pooled": []}, "Ability") is None
