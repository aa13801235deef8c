"""What is kept of a model's answers."""

from __future__ import annotations

from typing import Any

import pytest

from limbeck.aio import run
from limbeck.errors import Transient, UserError
from limbeck.evals.in_context.ask import Reading, ask, count
from limbeck.protocols import Request
from limbeck.testing import FakeTeacher
from tests.evals.in_context.made import (
    LABELS,
    Model,
    answered,
    choices,
    copying,
    setting,
    shown,
    task,
)


def test_every_row_is_asked_under_every_condition_and_seed() -> None:
    how = setting(select=("random", "bm25"), controls=("random_words",))
    teacher, made = Model(copying), task()
    done: list[int] = []
    found, failures = run(
        ask([made, choices()], how, Reading(), teacher, width=5, on_done=done.append)
    )
    assert not failures
    # 6 rows: none, random 1 and 2 of 3 seeds, bm25 1 and 2, words of 3 seeds; 2 rows: no control.
    assert sum(done) == count([made, choices()], how) == 6 * (1 + 6 + 2 + 3) + 2 * (1 + 6 + 2)
    assert len(teacher.scored) == sum(done)
    assert [one.condition.key for one in found[0].answers] == [c.key for c in how.conditions]


def test_probabilities_are_the_models_in_the_order_of_the_labels() -> None:
    def says(demos: list[tuple[str, str]], query: str, labels: list[str]) -> dict[str, float]:
        return {"bad": 0.5, "good": 0.125, "差": 0.25}

    (made,) = answered(says, task())
    assert made["labels"] == list(LABELS)
    assert [row["target"] for row in made["rows"]] == [0, 1, 2, 0, 1, 2]
    for condition in made["conditions"]:
        assert condition["soft"]
        for seed in condition["probabilities"]:
            assert seed == [[round(p / 7, 6) for p in (1, 4, 2)]] * 6


def test_the_shown_demos_and_the_last_ones_label_are_written_down() -> None:
    (made,) = answered(copying, task())
    by_key = {one["condition"]: one for one in made["conditions"]}
    assert by_key["none/0"]["demos"] == [[[]]]
    assert by_key["none/0"]["last"] == [[-1] * 6]
    two = by_key["random/2"]
    assert [len(seed) for seed in two["demos"]] == [1, 1, 1]  # all rows were shown the same
    for demos, last, rows in zip(two["demos"], two["last"], two["probabilities"], strict=True):
        place = int(demos[0][-1].removeprefix("demo")) % 3
        assert last == [place] * 6
        assert all(row.index(max(row)) == place for row in rows)


def test_the_width_changes_nothing() -> None:
    how = setting(select=("random", "dense"), controls=("flipped",))
    assert answered(copying, task(), how=how, width=1) == answered(
        copying, task(), how=how, width=99
    )


def test_a_lost_call_is_none_and_an_answer_that_is_no_label_is_wrong() -> None:
    def texts(request: Request) -> dict[str, float]:
        _, query = shown(request)
        return {"差" if "0" in query else "I cannot say": 1.0}

    def fails(request: Request) -> Any:
        _, query = shown(request)
        return Transient("gone") if "number 5" in query else None

    made, failures = run(
        ask([task()], setting(shots=(0,)), Reading(), FakeTeacher(texts, fail=fails), width=3)
    )
    assert failures == ["transient: gone"]
    (answers,) = made[0].answers
    assert not answers.soft
    assert answers.probabilities == [[[0, 0, 1], *[[0, 0, 0]] * 4, None]]


def test_one_sample_is_greedy_and_several_give_shares() -> None:
    asked: list[Request] = []

    def texts(request: Request) -> dict[str, float]:
        asked.append(request)
        return {"good": 0.5, "bad": 0.5}

    how = setting(shots=(0,))
    run(ask([task()], how, Reading(samples=1), FakeTeacher(texts), width=2))
    assert {one.temperature for one in asked} == {0.0}
    asked.clear()
    made, _ = run(ask([task()], how, Reading(samples=40), FakeTeacher(texts), width=2))
    assert {one.temperature for one in asked} == {1.0}
    (answers,) = made[0].answers
    assert answers.soft
    for row in answers.probabilities[0]:
        assert row is not None
        assert 0.2 < row[0] < 0.8
        assert sum(row) == pytest.approx(1, abs=1e-5)


def test_a_method_that_the_model_has_not_is_refused() -> None:
    with pytest.raises(UserError, match=r"eval\.in_context by method exact"):
        run(ask([task()], setting(), Reading("exact"), FakeTeacher(), width=2))
