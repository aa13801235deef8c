"""The report as data: the three models paired item by item, and refused where they do not fit."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from limbeck.errors import UserError
from limbeck.evals.report import ROLES, SCHEMA, build_report
from limbeck.evals.transfer import (
    difference,
    gap_closed,
    paired_p_value,
    smallest_detectable,
    standard_error,
)

BASE = [0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0] * 4
STUDENT = [0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 0] * 4
TEACHER = [1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0, 1] * 4


def task(name: str, scores: list[Any], **more: Any) -> dict[str, Any]:
    """A task as the eval stage writes it."""
    endings = {None: "failed", 0: "wrong", 1: "right"}
    items = [
        {
            "id": f"i{n}",
            "doc": f"d{n}",
            "prompt": f"p{n}",
            "score": score,
            "output": f"said {n}",
            "status": endings.get(score, "scored"),
            "answer": "A" if score else f"B{n}",
        }
        for n, score in enumerate(scores)
    ]
    return {
        "task": name,
        "kind": "ability",
        "metric": "acc",
        "higher_is_better": True,
        "items": items,
    } | more


def style(name: str, scores: list[Any], **more: Any) -> dict[str, Any]:
    kind = {"kind": "imitation", "metric": name.removeprefix("imitation_")}
    return task(name, scores, **kind, higher_is_better=name.endswith("rouge_l"), **more)


def role(*tasks: dict[str, Any], protocol: str = "abc", failures: int = 0) -> dict[str, Any]:
    return {
        "protocol": {"hash": protocol, "form": "loglikelihood"},
        "tasks": list(tasks),
        "failures": ["timeout: too slow"] * failures,
    }


def report(base: Any, student: Any, teacher: Any, **changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "name": "run",
        "version": "1",
        "roles": {"base": base, "student": student, "teacher": teacher},
        "models": {key: {"name": key, "about": key, "parameters": 1} for key in ROLES},
        "funnel": [{"label": "prompts", "count": 3}],
        "training": {"examples": 2},
        "cost": {"calls": 3},
        "versions": {"torch": "2"},
        "prompts": {},
        "chance": {"knowledge": 0.25},
        "seed": 0,
    }
    made = build_report(**given | changes)
    json.dumps(made, allow_nan=False)  # whatever happened, it can be written
    return made


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
    assert row["smallest_detectable"] == smallest_detectable(48)
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
