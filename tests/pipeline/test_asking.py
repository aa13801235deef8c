"""How each role is asked questions: the student as trained, the others as the generator asks."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from limbeck.errors import UserError
from limbeck.pipeline.asking import asking_of
from limbeck.pipeline.context import Role
from limbeck.recipe import Recipe
from limbeck.record import Message, Provenance, Record, user

SEED = Record((user("What day? 几号"),), "", Provenance("seed"), "05/01/2020", {"kind": "date"})


def context(folder: Path, **sections: Any) -> Any:
    row = {"prompt": "Demo?", "target": "7", "solution": "Count. So the answer is 7."}
    (folder / "seeds.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    seeds = {"path": "seeds.jsonl", "demos": "seeds.jsonl"}
    data = {"name": "r", "seeds": seeds, "teacher": "fake:x", "student": "fake:y", **sections}
    recipe = Recipe.model_validate(data).resolved(folder)
    return SimpleNamespace(recipe=recipe)


def test_a_chat_student_gets_the_question_and_the_others_the_generators_prompt(
    tmp_path: Path,
) -> None:
    given = context(tmp_path, generate={"generator": "chain_of_thought", "shots": 1})
    assert asking_of(given, "student").prompt(SEED) == SEED.messages
    roles: list[Role] = ["base", "teacher"]
    for role in roles:
        asking = asking_of(given, role)
        turns = asking.prompt(SEED)
        assert [turn.content[:5] for turn in turns] == ["Demo?", "Count", "What "]  # type: ignore[union-attr]
        assert asking.about == "cot_question_chat.v1, 1 worked examples"


def test_an_arrow_student_gets_the_published_form_and_a_base_teacher_raw_text(
    tmp_path: Path,
) -> None:
    given = context(
        tmp_path,
        generate={"generator": "chain_of_thought", "form": "base"},
        format={"text": "arrow"},
    )
    student, teacher = asking_of(given, "student"), asking_of(given, "teacher")
    assert student.prompt(SEED) == "What day? 几号 ###"
    assert teacher.prompt(SEED) == ("Q: Demo?\nA: Count. The answer is 7.\n\nQ: What day? 几号\nA:")
    assert (student.stop, teacher.stop) == ((), ("\nQ:",))


def test_a_generator_without_prompts_of_its_own_asks_the_question_alone(tmp_path: Path) -> None:
    given = context(tmp_path)
    assert asking_of(given, "teacher").prompt(SEED) == SEED.messages


def test_a_student_of_two_tasks_is_asked_for_the_answer_and_the_others_are_not(
    tmp_path: Path,
) -> None:
    given = context(tmp_path, generate="chain_of_thought", train={"objective": "step_by_step"})
    student = asking_of(given, "student")
    assert student.prompt(SEED) == (user("predict: What day? 几号"),)
    assert student.about == "as trained: predict: the question alone"
    teacher = asking_of(given, "teacher").prompt(SEED)
    assert [turn.content[:10] for turn in teacher][-1] == "What day? "  # type: ignore[union-attr]


def test_an_arrow_student_of_two_tasks_gets_both_marks(tmp_path: Path) -> None:
    given = context(tmp_path, format={"text": "arrow"}, train={"objective": "step_by_step"})
    student = asking_of(given, "student")
    assert student.prompt(SEED) == "predict: What day? 几号 ###"
    assert student.about == "as trained: predict: question ###"


def test_an_arrow_student_is_not_asked_half_of_a_conversation(tmp_path: Path) -> None:
    turns = (user("My number is 7."), Message("assistant", "ok"), user("Double it."))
    seed = Record(turns, "", Provenance("seed"), "14")
    arrow = asking_of(context(tmp_path, format={"text": "arrow"}), "student")
    with pytest.raises(UserError, match=f"the question {seed.id} has several turns"):
        arrow.prompt(seed)
    assert asking_of(context(tmp_path), "student").prompt(seed) == turns
