"""Question files, and the task that has them answered."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import DataError
from limbeck.evals.harness import evaluate
from limbeck.evals.planned import Plan
from limbeck.evals.protocol import make_protocol
from limbeck.evals.question_task import QuestionTask, answers
from limbeck.evals.questions import Asking, is_questions, read_questions
from limbeck.evals.tasks import FAILED, Cut
from limbeck.filters import answer
from limbeck.protocols import Reply, Request
from limbeck.recipe import Eval
from limbeck.record import Record, user


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text(
        "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8"
    )
    return path


def made(questions: Sequence[Record], asking: Asking) -> QuestionTask:
    return answers(
        "q", questions, asking, answer, max_tokens=9, is_marked=lambda text: "answer is" in text
    )


QUESTIONS = (
    {"prompt": "2 + 3 = ? 多少", "target": "5", "kind": "number"},
    {"prompt": "Which? (A) x (B) y", "target": "B", "kind": "choice", "options": ["x", "y"]},
    {"prompt": "When?", "target": "05/01/2020", "kind": "date", "template": "t"},
)


def test_questions_are_told_from_items_by_their_target(tmp_path: Path) -> None:
    assert is_questions(write(tmp_path / "q.jsonl", *QUESTIONS))
    items = {"question": "x?", "options": ["a", "b"], "answer": 1}
    assert not is_questions(write(tmp_path / "i.jsonl", items))


def test_a_question_without_a_target_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "q.jsonl", QUESTIONS[0], {"prompt": "Why?"})
    with pytest.raises(DataError, match="question 2 has no target"):
        read_questions(path)


def test_answers_are_judged_by_their_kind_and_a_failed_call_has_no_score(tmp_path: Path) -> None:
    questions = read_questions(write(tmp_path / "q.jsonl", *QUESTIONS))
    task = made(questions, Asking(lambda q: q.messages))
    docs = list(task.test_docs())
    said = [
        ("We add. The answer is 5.0", "The answer is 6"),
        ("Answer: (B)", "A good question"),
        ("It was May 1, 2020.", "01/05/2020"),
    ]
    for doc, (right, wrong) in zip(docs, said, strict=True):
        assert task.process_results(doc, [right]) == {"acc": 1.0}
        assert task.process_results(doc, [wrong]) == {"acc": 0.0}
        assert math.isnan(task.process_results(doc, [FAILED])["acc"])


def test_every_role_has_the_same_docs_and_prompts_of_its_own(tmp_path: Path) -> None:
    questions = read_questions(write(tmp_path / "q.jsonl", *QUESTIONS))
    student = Asking(lambda q: f"{q.prompt} ###", ("\nQ:",), "as trained")
    teacher = Asking(lambda q: (user("Demo?"), user(q.prompt)))
    tasks = [made(questions, ask) for ask in (student, teacher)]
    one, other = ([dict(doc) for doc in task.test_docs()] for task in tasks)
    assert one == other
    raw, chat = (task.fewshot_context(doc, 0, None, True, True, json.dumps) for task, doc in
                 zip(tasks, (one[0], other[0]), strict=True))  # fmt: skip
    assert raw == "2 + 3 = ? 多少 ###"
    assert [turn["content"] for turn in json.loads(chat)] == ["Demo?", "2 + 3 = ? 多少"]
    assert tasks[0].config.generation_kwargs["until"] == ["\nQ:"]


def test_the_text_of_an_option_is_that_option(tmp_path: Path) -> None:
    row = {"prompt": "Which?", "target": "blue ball", "options": ["red ball", "blue ball"]}
    questions = read_questions(write(tmp_path / "q.jsonl", row))
    task = made(questions, Asking(lambda q: q.messages))
    [doc] = task.test_docs()
    assert task.process_results(doc, ["Answer: (B)"]) == {"acc": 1.0}
    assert task.process_results(doc, ["Answer: (A)"]) == {"acc": 0.0}


def test_what_was_cut_on_the_way_is_not_taken_for_an_answer(tmp_path: Path) -> None:
    questions = read_questions(write(tmp_path / "q.jsonl", QUESTIONS[0]))
    task = made(questions, Asking(lambda q: q.messages))
    [doc] = task.test_docs()
    way = "First, 2 + 3 = 5"
    assert task.process_results(doc, [way]) == {"acc": 1.0}
    assert task.process_results(doc, [Cut(way)]) == {"acc": 0.0}
    assert task.process_results(doc, [Cut("The answer is 5. Next")]) == {"acc": 1.0}
    assert task.process_results(doc, [Cut("The answer is 6. Next")]) == {"acc": 0.0}


class Rambler:
    """A teacher that never comes to an end: what it wrote is cut off at the limit."""

    name = "rambler"
    identity: Mapping[str, Any] = {}

    def __init__(self, finish_reason: str) -> None:
        self._finish_reason = finish_reason

    async def ask(self, request: Request, /) -> Reply:
        says = {"2 + 3 = ? 多少": "First, 2 + 3 = 5", "When?": "The answer is May 1, 2020. And"}
        return Reply(says.get(request.messages[-1].content, "(A)"), self._finish_reason)

    async def aclose(self) -> None:
        pass


@pytest.mark.parametrize(("finish", "scores"), [("stop", [1, 0, 1]), ("length", [0, 0, 1])])
def test_how_a_text_ended_reaches_its_score_through_lm_eval(
    tmp_path: Path, finish: str, scores: list[int]
) -> None:
    path = write(tmp_path / "q.jsonl", *QUESTIONS)
    section = Eval(tasks=(str(path),))
    plan = Plan(
        section,
        make_protocol(section, [], black_box=True, asked={}),
        [],
        Asking(lambda q: q.messages),
        answer,
        lambda text: "answer is" in text,
        scored=False,
        second_view=False,
    )
    [result], failures = evaluate(Rambler(finish), None, plan, width=2)
    assert [item["score"] for item in result.items] == scores
    assert [type(item["output"]) for item in result.items] == [str] * 3
    assert failures == []
