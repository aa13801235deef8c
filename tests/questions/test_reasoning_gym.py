"""The adapter, with a stand-in for the package: it is optional and not installed for the tests."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

from limbeck.errors import MissingExtra, UserError
from limbeck.questions import make_questions, masked

ANSWERS = {"sum": "12", "yes": "Yes", "word": "blau", "none": None, "fraction": "-3/4"}


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Items are made from size, seed and index, as the package's are."""

    class Items:
        def __init__(self, task: str, size: int, seed: int) -> None:
            self.task, self.size, self.seed = task, size, seed

        def __getitem__(self, index: int) -> dict[str, Any]:
            if not 0 <= index < self.size:
                raise IndexError(index)
            letters = chr(97 + index // 2 % 20)
            text = f"Form {letters * 3}: what is {self.seed} and {index // 2}?"
            return {"question": text, "answer": ANSWERS[self.task], "metadata": {}}

    gym, factory = ModuleType("reasoning_gym"), ModuleType("reasoning_gym.factory")
    gym.create_dataset = Items  # type: ignore[attr-defined]
    factory.DATASETS = dict.fromkeys(ANSWERS)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "reasoning_gym", gym)
    monkeypatch.setitem(sys.modules, "reasoning_gym.factory", factory)


@pytest.mark.parametrize(
    ("task", "kind"),
    [("sum", "number"), ("fraction", "number"), ("yes", "yesno"), ("word", "text")],
)
@pytest.mark.usefixtures("package")
def test_items_become_different_questions_with_their_kind(task: str, kind: str) -> None:
    made = make_questions(f"reasoning_gym:{task}", 30, split="all")
    assert len({question.prompt for question in made}) == 30
    assert {question.kind for question in made} == {kind}
    assert {question.target for question in made} == {ANSWERS[task]}
    assert {question.task for question in made} == {f"reasoning_gym:{task}"}
    assert made[:10] == make_questions(f"reasoning_gym:{task}", 10, split="all")


@pytest.mark.usefixtures("package")
def test_a_masked_question_is_in_one_split_only() -> None:
    masks = {
        split: {masked(q.prompt) for q in make_questions("reasoning_gym:sum", 12, split=split)}
        for split in ("train", "valid", "test")
    }
    assert masks["train"].isdisjoint(masks["test"] | masks["valid"])
    assert masks["valid"].isdisjoint(masks["test"])


@pytest.mark.usefixtures("package")
def test_the_seed_is_the_packages() -> None:
    assert "what is 5 and" in make_questions("reasoning_gym:sum", 1, seed=5, split="all")[0].prompt


@pytest.mark.usefixtures("package")
def test_a_task_that_is_none_is_named_with_those_there_are() -> None:
    with pytest.raises(UserError, match=r"no task 'sums'\. It has: fraction, none, sum, word"):
        make_questions("reasoning_gym:sums", 1)


@pytest.mark.usefixtures("package")
def test_a_task_without_written_answers_has_no_questions() -> None:
    with pytest.raises(UserError, match="no question with a written answer in the split 'all'"):
        make_questions("reasoning_gym:none", 3, split="all")


def test_without_the_package_the_pip_line_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "reasoning_gym", None)
    with pytest.raises(MissingExtra, match=r'pip install .*\[reasoning-gym\]"'):
        make_questions("reasoning_gym:sum", 1)
