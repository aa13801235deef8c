"""The report as data: models paired item by item, and refused where they do not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from limbeck.errors import UserError
from limbeck.evals.task_row import ROLES
from limbeck.evals.transfer import (
    difference,
    gap_closed,
    paired_p_value,
    smallest_detectable,
    standard_error,
)
from tests.evals.report_roles import BASE, STUDENT, TEACHER, report, role, style, task


def abilities(base: list[Any], student: list[Any], teacher: list[Any]) -> dict[str, Any]:
    made = report(*(role(task("knowledge", scores)) for scores in (base, student, teacher)))
    row: dict[str, Any] = made["tasks"][0]
    return row


def test_a_task_holds_the_three_scores_and_what_follows_from_them() -> None:
    row = abilities(BASE, STUDENT, TEACHER)
    gap = gap_closed(BASE, STUDENT, TEACHER)
    moved = difference(BASE, STUDENT)
    assert row["base"]["value"] == pytest.approx(8 / 48)
    assert row["student"]["value"] == pytest.approx(16 / 48)
    assert row["teacher"]["value"] == pytest.approx(32 / 48)
    assert row["gap_closed"] == {
        "value": pytest.approx(1 / 3),
        "low": gap.low,
        "high": gap.high,
        "bounded": True,
    }
    assert row["student_minus_base"] == {
        "value": moved.value,
        "low": moved.low,
        "high": moved.high,
        "p_value": paired_p_value(BASE, STUDENT),
        "p_holm": paired_p_value(BASE, STUDENT),
    }
    assert row["teacher_minus_base"]["value"] == pytest.approx(0.5)
    assert row["smallest_detectable"] == smallest_detectable(48, moved.stderr)
    assert row["smallest_detectable_before"] == smallest_detectable(48)
    assert (row["n"], row["dropped"], row["chance"], row["unit"]) == (48, 0, 0.25, "share")


def test_scores_that_are_no_zeros_and_ones_use_their_own_spread() -> None:
    scores = [[s * 0.5 + 0.1 * (n % 3) for n, s in enumerate(c)] for c in (BASE, STUDENT, TEACHER)]
    row = abilities(*scores)
    moved = difference(scores[0], scores[1])
    assert row["smallest_detectable"] == smallest_detectable(48, moved.stderr)


def test_an_item_that_one_model_did_not_answer_is_left_out_for_all() -> None:
    holes: list[list[Any]] = [list(BASE), list(STUDENT), list(TEACHER)]
    holes[0][3] = holes[2][5] = None
    kept = [n for n in range(48) if n not in (3, 5)]
    row = abilities(*holes)
    assert (row["n"], row["dropped"]) == (46, 2)
    expected = gap_closed(*([column[n] for n in kept] for column in (BASE, STUDENT, TEACHER)))
    assert row["gap_closed"]["low"] == expected.low
    assert row["base"]["value"] == pytest.approx(sum(BASE[n] for n in kept) / 46)


def test_a_gap_that_is_not_there_is_unbounded_and_has_no_ends() -> None:
    row = abilities(BASE, STUDENT, BASE)
    assert row["gap_closed"] == {"value": None, "low": None, "high": None, "bounded": False}


def test_where_nothing_was_answered_there_is_no_score() -> None:
    made = report(*(role(task("knowledge", [None, None])) for _ in ROLES))
    row = made["tasks"][0]
    assert (row["n"], row["dropped"]) == (0, 2)
    assert [row[key] for key in ROLES] == [None] * 3
    assert row["gap_closed"] is None
    assert not any("black box" in line for line in made["limits"])


def test_one_item_has_scores_and_no_interval() -> None:
    row = abilities([0], [1], [1])
    assert row["base"] == {"value": 0.0, "stderr": None}
    assert row["student_minus_base"] is None
    assert row["gap_closed"] is None


def test_a_black_box_teacher_has_no_likelihoods_and_the_report_says_so() -> None:
    made = report(
        role(style("imitation_nll", [4.0, 5.0, 6.0]), task("knowledge", [0, 0, 1])),
        role(style("imitation_nll", [2.0, 2.5, 3.5]), task("knowledge", [0, 1, 1])),
        role(task("knowledge", [1, 1, 1])),
    )
    row = made["tasks"][0]
    assert row["task"] == "imitation_nll"
    assert row["teacher"] is None
    assert row["gap_closed"] is None
    assert row["student_minus_base"]["value"] == pytest.approx(-7 / 3)
    assert row["higher_is_better"] is False
    assert row["unit"] == "nats per token"
    assert any("black box" in line for line in made["limits"])


def test_imitation_comes_first_and_the_rest_in_its_order() -> None:
    def tasks() -> list[dict[str, Any]]:
        names = ("knowledge", "language", "imitation_nll", "arithmetic", "imitation_rouge_l")
        return [
            style(n, [1.0, 2.0]) if n.startswith("imitation") else task(n, [0, 1]) for n in names
        ]

    made = report(*(role(*tasks()) for _ in ROLES))
    assert [row["task"] for row in made["tasks"]] == [
        "imitation_nll",
        "imitation_rouge_l",
        "knowledge",
        "language",
        "arithmetic",
    ]


def test_different_protocols_are_refused() -> None:
    with pytest.raises(UserError, match=r"different protocols \(base abc, student abc, teacher x"):
        report(
            role(task("k", [0, 1])), role(task("k", [0, 1])), role(task("k", [0, 1]), protocol="x")
        )


@pytest.mark.parametrize("key", ["id", "doc"])
def test_different_items_are_refused(key: str) -> None:
    other = task("k", [0, 1])
    other["items"][1][key] = "other"
    with pytest.raises(UserError, match="different items of k"):
        report(role(task("k", [0, 1])), role(other), role(task("k", [0, 1])))


def test_the_same_items_in_another_order_are_refused() -> None:
    other = task("k", [0, 1])
    other["items"].reverse()
    with pytest.raises(UserError, match="different items"):
        report(role(task("k", [0, 1])), role(task("k", [0, 1])), role(other))


def test_a_missing_item_is_refused() -> None:
    with pytest.raises(UserError, match="different items"):
        report(role(task("k", [0, 1])), role(task("k", [0])), role(task("k", [0, 1])))


def test_failed_calls_are_counted_for_the_reader() -> None:
    made = report(
        role(task("k", [0, 1])),
        role(task("k", [0, 1]), failures=2),
        role(task("k", [0, 1]), failures=3),
    )
    assert any(line.endswith("student 2, teacher 3.") for line in made["limits"])
    quiet = report(*(role(task("k", [0, 1])) for _ in ROLES))
    assert not any("failed" in line for line in quiet["limits"])


def test_samples_show_what_the_three_wrote_to_the_same_prompt() -> None:
    def written(who: str, *scores: float | None) -> dict[str, Any]:
        made = style("imitation_rouge_l", list(scores))
        for item in made["items"]:
            item["output"] = f"{who} {item['id']}"
        return role(made)

    made = report(
        written("base", 0.1, 0.2),
        written("student", 0.5, None),
        written("teacher", 0.9, 0.8),
        prompts={"i0": "First?", "i1": "Second?"},
    )
    assert made["samples"] == [
        {"prompt": "First?", "base": "base i0", "student": "student i0", "teacher": "teacher i0"},
        {"prompt": "Second?", "base": "base i1", "student": "", "teacher": "teacher i1"},
    ]


def test_a_dozen_samples_are_shown() -> None:
    prompts = {f"i{n}": f"Question {n}?" for n in range(40)}
    tasks = [role(style("imitation_rouge_l", [0.5] * 40)) for _ in ROLES]
    made = report(*tasks, prompts=prompts)
    assert [row["prompt"] for row in made["samples"]] == [f"Question {n}?" for n in range(12)]


def test_a_prompt_with_several_completions_is_shown_once() -> None:
    prompts = {"i0": "First?", "i1": "Second?", "i2": "First?"}
    tasks = [role(style("imitation_rouge_l", [0.5] * 3)) for _ in ROLES]
    made = report(*tasks, prompts=prompts)
    assert [row["prompt"] for row in made["samples"]] == ["First?", "Second?"]
    assert made["samples"][0]["base"] == "said 0"


def test_several_completions_of_one_prompt_are_one_cluster() -> None:
    random = np.random.default_rng(0)
    scores = np.repeat(random.normal([[4], [3], [1]], 1, size=(3, 10)), 4, axis=1).tolist()
    prompts = [f"p{n // 4}" for n in range(40)]

    def imitated(column: list[float]) -> dict[str, Any]:
        made = style("imitation_nll", column)
        for item, prompt in zip(made["items"], prompts, strict=True):
            item["prompt"] = prompt
        return role(made)

    row = report(*map(imitated, scores))["tasks"][0]
    expected = gap_closed(*scores, clusters=prompts)
    assert row["n"] == 40
    assert row["gap_closed"]["low"] == expected.low
    assert row["gap_closed"]["low"] < gap_closed(*scores).low
    moved = difference(scores[0], scores[1], clusters=prompts)
    assert row["student_minus_base"]["high"] == moved.high
    assert row["student_minus_base"]["p_value"] == paired_p_value(
        scores[0], scores[1], clusters=prompts
    )
    assert row["base"]["stderr"] == standard_error(scores[0], clusters=prompts)


def test_questions_of_one_template_vary_together() -> None:
    random = np.random.default_rng(1)
    columns = (random.random((3, 12)) < [[0.2], [0.5], [0.8]]).repeat(4, axis=1).astype(float)
    templates = [f"dates/{n // 4}" for n in range(48)]

    def solved(column: list[float], names: list[str]) -> dict[str, Any]:
        made = task("dates", column)
        for item, name in zip(made["items"], names, strict=True):
            item["cluster"] = name
        return role(made)

    made = report(*(solved(column, templates) for column in columns.tolist()))
    row = made["tasks"][0]
    expected = gap_closed(*columns, clusters=templates)
    assert (row["n"], row["clusters"]) == (48, 12)
    assert row["gap_closed"]["low"] == expected.low
    assert row["student"]["stderr"] == standard_error(columns[1], clusters=templates)
    assert any("dates has 12" in line for line in made["limits"])
    alone = report(*(solved(column, ["one"] * 48) for column in columns.tolist()))
    assert alone["tasks"][0]["clusters"] is None
    assert alone["tasks"][0]["student"]["stderr"] == standard_error(columns[1])
    # One question that is from no template varies on its own, and the others still together.
    mixed = report(*(solved(column, [*templates[:-1], ""]) for column in columns.tolist()))
    own = [*templates[:-1], "its own"]
    assert mixed["tasks"][0]["clusters"] == 13
    assert mixed["tasks"][0]["student"]["stderr"] == standard_error(columns[1], clusters=own)


def test_one_prompt_alone_has_scores_and_no_interval() -> None:
    def imitated(column: list[float]) -> dict[str, Any]:
        made = style("imitation_nll", column)
        for item in made["items"]:
            item["prompt"] = "the only one"
        return role(made)

    row = report(*map(imitated, [[4.0, 5.0], [3.0, 2.0], [1.0, 1.0]]))["tasks"][0]
    assert row["base"]["value"] == 4.5
    assert row["student_minus_base"] is None
    assert row["gap_closed"] is None
