"""lm-eval's multiple choice as it is written: what is shown, in which order, and what is right."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from limbeck.errors import UserError
from limbeck.evals.written import written_choice


@dataclass
class Inner:
    """As much of an lm-eval task as is read."""

    docs: list[dict[str, Any]]
    description: str = ""
    task_name: str = "made"
    multiple_input: int = 0
    config: Any = field(init=False)

    def __post_init__(self) -> None:
        self.config = self

    @property
    def eval_docs(self) -> list[dict[str, Any]]:
        return self.docs

    def get_config(self, key: str) -> None:
        return None

    def doc_to_text(self, doc: dict[str, Any]) -> Any:
        return doc["q"]

    def doc_to_choice(self, doc: dict[str, Any]) -> Any:
        return doc["o"]

    def doc_to_target(self, doc: dict[str, Any]) -> Any:
        return doc["a"]

    @staticmethod
    def resolve_field(doc: dict[str, Any], text: str) -> str:
        return text.replace("{{q}}", doc["q"])


def made(question: str, options: Any, target: Any, **more: Any) -> tuple[list[str], str, Any, Any]:
    """The lines that are asked, what lm-eval is told to be the target, the task and its doc."""
    task = written_choice(Inner([{"q": question, "o": options, "a": target}], **more), 9)
    (doc,) = task.eval_docs
    prompt = task.prompt_of(doc)
    assert not isinstance(prompt, str)
    return prompt[-1]["content"].split("\n"), task.doc_to_target(doc), task, doc


def is_right(task: Any, doc: Any, said: str) -> bool:
    return bool(task.process_results(doc, [said])["acc"] == 1)


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("Question: Why?\nAnswer:", "Question: Why?"),
        ("Why?\n\nA: ", "Why?"),
        ("Why? Answer:", "Why?"),
        ("为什么？\n答案：", "为什么？"),
        ("The capital of Italia:", "The capital of Italia:"),
        ("What is in vitamin A:", "What is in vitamin A:"),
        ("Complete the answer:", "Complete the answer:"),
        ("Answer:", "Answer:"),
    ],
)
def test_only_the_place_of_the_answer_is_taken_off_a_question(asked: str, shown: str) -> None:
    lines, *_ = made(asked, ["x", "y"], 0)
    assert "\n".join(lines).split("\n\nA. ")[0] == shown


def test_letters_that_the_question_lists_stay_in_whatever_order_they_are_named() -> None:
    question = "Which? A. salt B. sand C. sea"
    for options, gold in ((["A", "B", "C"], 1), (["(C)", "(B)", "(A)"], 1), (["b", "c", "a"], "b")):
        lines, target, task, doc = made(question, options, gold)
        assert lines == [question, "", "Answer with the letter only."]
        assert target == "B"
        assert is_right(task, doc, "B")
        assert not is_right(task, doc, "A")


@pytest.mark.parametrize(
    ("options", "target"),
    [(["yes", "no"], "no"), (["1", "2", "10"], "2"), (["椅子", "红色"], 1), (["", "x"], 0)],
)
def test_other_options_are_listed_and_their_letter_is_right(
    options: list[str], target: Any
) -> None:
    lines, right, task, doc = made("Which?", options, target)
    listed = {line[3:]: line[0] for line in lines[2:-2]}
    assert set(listed) == set(options)
    assert right == (options[target] if isinstance(target, int) else target)
    for option, letter in listed.items():
        assert is_right(task, doc, letter) == (option == right)


def test_the_double_of_a_right_option_is_right() -> None:
    _, _, task, doc = made("Which?", ["Paris ", "Rome", "Paris"], "Paris")
    right = {
        option: is_right(task, doc, letter)
        for letter, option in zip("ABC", doc["options"], strict=True)
    }
    assert right == {"Paris": True, "Rome": False}
    assert sum(is_right(task, doc, letter) for letter in "ABC") == 2


def test_no_line_of_an_option_passes_for_another_option() -> None:
    lines, *_ = made("Which?", ["if x:\n    y\nB. no", "pass"], 0)
    assert sorted(line[:3] for line in lines[2:-2]) == ["   ", "   ", "A. ", "B. "]
    assert "       y" in lines


def test_the_order_is_the_same_for_every_version_and_favours_no_place() -> None:
    rows = [{"q": f"Question {n}?", "o": ["right", "w1", "w2", "w3"], "a": 0} for n in range(300)]
    places = [doc["gold"][0] for doc in written_choice(Inner(rows), 9).eval_docs]
    assert all(50 <= places.count(place) <= 100 for place in range(4))
    # By hashlib and json alone. Answers that are stored were told by this order.
    assert places[:12] == [1, 3, 2, 0, 0, 3, 1, 0, 3, 1, 2, 3]


@pytest.mark.parametrize("count", [0, 1, 27])
def test_options_without_letters_are_refused(count: int) -> None:
    told = f"made has an item of {count} options, and letters are written for 2 to 26"
    with pytest.raises(UserError, match=told):
        made("Which?", [f"o{n}" for n in range(count)], 0)
    lines, *_ = made("Which?", [f"o{n}" for n in range(26)], 0)
    assert lines[-3].startswith("Z. o")


@pytest.mark.parametrize("target", [-1, 2, "Oslo", []])
def test_a_target_that_is_no_option_is_refused(target: Any) -> None:
    with pytest.raises(UserError, match="is none of its options"):
        made("Which?", ["Paris", "Rome"], target)


def test_a_description_is_filled_in_for_each_item() -> None:
    _, _, task, doc = made("海?", ["x", "y"], 0, description="About {{q}}")
    assert task.prompt_of(doc)[0] == {"role": "system", "content": "About 海?"}


def test_contexts_of_one_ending_cannot_be_written() -> None:
    with pytest.raises(UserError, match="made compares contexts and not answers"):
        written_choice(Inner([], multiple_input=2), 9)
