"""What the report says beside the scores: given-away items, families, endings, support."""

from __future__ import annotations

from typing import Any

import pytest

from limbeck.errors import UserError
from limbeck.evals.report import SCHEMA
from limbeck.evals.task_row import ROLES
from limbeck.evals.transfer import (
    difference,
    gap_closed,
    paired_p_value,
    standard_error,
)
from tests.evals.report_roles import BASE, STUDENT, TEACHER, report, role, style, task


def given(name: str, reasons: dict[int, str], items: int = 48) -> dict[str, Any]:
    found = [
        {"place": place, "item": f"i{place}", "rule": rule, "row": "r"}
        for place, rule in reasons.items()
    ]
    return {"task": name, "items": items, "found": found}


def test_items_that_are_given_away_are_left_out_of_the_clean_row() -> None:
    roles = [role(task("k", scores), task("other", [0, 1])) for scores in (BASE, STUDENT, TEACHER)]
    reasons = {0: "same", 1: "template", 2: "context", 10: "template"}
    made = report(*roles, contamination=[given("k", reasons)])
    [entry] = made["contamination"]
    kept = [n for n in range(48) if n not in (0, 1, 10)]
    columns = [[column[n] for n in kept] for column in (BASE, STUDENT, TEACHER)]
    clean = entry["clean"]
    assert (clean["task"], clean["n"], clean["unit"]) == ("k", 45, "share")
    assert [clean[key]["value"] for key in ROLES] == [pytest.approx(sum(c) / 45) for c in columns]
    assert clean["gap_closed"]["low"] == gap_closed(*columns).low
    assert entry["found"] == given("k", reasons)["found"]
    assert made["tasks"][0]["n"] == 48


@pytest.mark.parametrize("reasons", [{}, {3: "context"}, dict.fromkeys(range(48), "template")])
def test_where_all_or_none_is_given_away_there_is_no_clean_row(reasons: dict[int, str]) -> None:
    roles = [role(task("k", scores)) for scores in (BASE, STUDENT, TEACHER)]
    made = report(*roles, contamination=[given("k", reasons)])
    assert made["contamination"][0]["clean"] is None


def test_a_task_that_was_not_compared_is_named_among_the_limits() -> None:
    roles = [role(task("k", [0, 1]), task("gsm", [0, 1])) for _ in ROLES]
    said = "Whether the training rows give away items of gsm was not looked at."
    assert said in report(*roles, contamination=[given("k", {}, 2)])["limits"]
    both = report(*roles, contamination=[given("k", {}, 2), given("gsm", {}, 2)])
    assert not any("give away" in line for line in both["limits"])


def test_the_rest_is_handed_through() -> None:
    made = report(*(role(task("k", [0, 1])) for _ in ROLES))
    assert made["schema"] == SCHEMA
    assert made["protocol"] == {"hash": "abc", "form": "loglikelihood", "seed": 0}
    assert list(made["models"]) == ["teacher", "base", "student"]
    assert (made["name"], made["limbeck_version"]) == ("run", "1")
    assert made["funnel"] == [{"label": "prompts", "count": 3}]


def test_in_context_ability_brings_its_limit_and_its_absence_none() -> None:
    roles = [role(task("k", scores)) for scores in (BASE, STUDENT, TEACHER)]
    found: dict[str, Any] = {"tasks": [], "mean": {"tasks": [], "points": []}}
    made, quiet = report(*roles, in_context=found), report(*roles)
    assert made["in_context"] == found
    assert quiet["in_context"] is None
    (more,) = [line for line in made["limits"] if line not in quiet["limits"]]
    assert more.startswith("In-context accuracy is that of these tasks, pools and")


def test_p_is_adjusted_over_the_tasks_of_a_kind() -> None:
    rows = [BASE, STUDENT, TEACHER]
    roles = [
        role(
            task("a", scores),
            task("b", scores[:24]),
            task("lost", scores[:36], kind="forgetting"),
            task("a (by likelihood)", scores, view="likelihood"),
        )
        for scores in rows
    ]
    made = {row["task"]: row["student_minus_base"] for row in report(*roles)["tasks"]}
    small, large = made["a"], made["b"]
    assert small["p_holm"] == pytest.approx(2 * small["p_value"])
    assert large["p_holm"] == pytest.approx(max(2 * small["p_value"], large["p_value"]))
    assert made["lost"]["p_holm"] == made["lost"]["p_value"]
    assert made["a (by likelihood)"]["p_holm"] is None


def test_kinds_are_pooled_apart_and_the_second_view_not_at_all() -> None:
    roles = [
        role(
            task("a", scores),
            task("b", scores[:24]),
            task("lost", scores[:36], kind="forgetting"),
            task("gone", scores[:12], kind="forgetting"),
            task("a (by likelihood)", scores, view="likelihood"),
            style("imitation_nll", [4.0, 3.0]),
        )
        for scores in (BASE, STUDENT, TEACHER)
    ]
    ability, lost = report(*roles)["pooled"]
    assert (ability["group"], ability["tasks"], ability["n"]) == ("ability", ["a", "b"], 72)
    assert (lost["group"], lost["tasks"]) == ("forgetting", ["lost", "gone"])
    gains = [sum(STUDENT[:n]) / n - sum(BASE[:n]) / n for n in (48, 24)]
    assert ability["student_minus_base"]["value"] == pytest.approx(sum(gains) / 2)


def test_endings_flips_and_what_became_readable_stand_in_the_row() -> None:
    base = task("k", [0, 0, 0, 1])
    base["items"][0] |= {"status": "unparseable", "answer": None}
    made = report(role(base), role(task("k", [1, 0, 0, 0])), role(task("k", [1, 1, 0, 1])))
    (row,) = made["tasks"]
    none = dict.fromkeys(("truncated", "refused", "failed"), 0)
    assert row["outcomes"]["base"] == {"right": 1, "wrong": 2, "unparseable": 1, **none}
    assert row["flips"]["acquired"] == {"count": 1, "of": 2}
    assert row["flips"]["forgotten"] == {"count": 1, "of": 1}
    assert row["readable"]["format"]["value"] == pytest.approx(1 / 4)
    assert row["readable"]["ability"]["value"] == pytest.approx(-1 / 4)
    assert row["smallest_detectable_before"] is not None


def test_gains_are_put_beside_the_similarity_to_the_training_rows() -> None:
    near = [n / 48 for n in range(48)]
    roles = [role(task("k", scores)) for scores in (BASE, STUDENT, TEACHER)]
    row = report(*roles, similarity={"k": near})["tasks"][0]
    assert [one["n"] for one in row["support"]["quartiles"]] == [12] * 4
    assert report(*roles)["tasks"][0]["support"] is None


def test_a_report_without_a_teacher_has_no_gap() -> None:
    roles = [role(task("k", scores), task("l", scores)) for scores in (BASE, STUDENT)]
    made = report(None, None, None, roles={"base": roles[0], "student": roles[1]})
    row = made["tasks"][0]
    assert row["teacher"] is None
    assert row["gap_closed"] is None
    assert row["flips"] is None
    assert made["pooled"][0]["gap_closed"] is None


def test_the_difference_that_flagged_items_make_has_an_interval() -> None:
    roles = [role(task("k", scores)) for scores in (BASE, STUDENT, TEACHER)]
    (entry,) = report(*roles, contamination=[given("k", dict.fromkeys((1, 7, 13), "same"))])[
        "contamination"
    ]
    gains = [s - b for s, b in zip(STUDENT, BASE, strict=True)]
    clean = [gain for place, gain in enumerate(gains) if place not in (1, 7, 13)]
    expected = sum(gains) / 48 - sum(clean) / 45
    assert entry["difference"]["value"] == pytest.approx(expected)
    assert entry["difference"]["low"] < expected < entry["difference"]["high"]


def test_base_after_worked_examples_stands_beside_the_student() -> None:
    roles = [role(task("k", scores), task("l", scores)) for scores in (BASE, STUDENT, TEACHER)]
    shown = {**role(task("k", STUDENT)), "shots": 3}
    first, second = report(*roles, few_shot_base=shown)["tasks"]
    moved = difference(BASE, STUDENT)
    assert first["few_shot_base"] == {
        "shots": 3,
        "n": 48,
        "value": pytest.approx(16 / 48),
        "stderr": standard_error(STUDENT),
        "minus_base": {
            "value": moved.value, "low": moved.low, "high": moved.high,
            "p_value": paired_p_value(BASE, STUDENT),
        },
    }  # fmt: skip
    assert second["few_shot_base"] is None
    other = {**role(task("k", STUDENT), protocol="x"), "shots": 3}
    with pytest.raises(UserError, match="different protocols"):
        report(*roles, few_shot_base=other)
