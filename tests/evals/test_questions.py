"""Question files, and the task that has them answered."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import DataError
from limbeck.evals.question_task import answers
from limbeck.evals.questions import Asking, is_questions, read_questions
from limbeck.evals.tasks import FAILED
from limbeck.filters import answer
from limbeck.record import user


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text(
        "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8"
    )
    return path


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
    task = answers("q", questions, Asking(lambda q: q.messages), answer, max_tokens=9)
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
    tasks = [answers("q", questions, ask, answer, max_tokens=9) for ask in (student, teacher)]
    one, other = ([dict(doc) for doc in task.test_docs()] for task in tasks)
    assert one == other
    raw, chat = (task.fewshot_context(doc, 0, None, True, True, json.dumps) for task, doc in
                 zip(tasks, (one[0], other[0]), strict=True))  # fmt: skip
    assert raw == "2 + 3 = ? 多少 ###"
    assert [turn["content"] for turn in json.loads(chat)] == ["Demo?", "2 + 3 = ? 多少"]
    assert tasks[0].config.generation_kwargs["until"] == ["\nQ:"]
