"""`consistent`: what contradicts an answer, by its kind, and that right rationales never do."""

from __future__ import annotations

import pytest

from limbeck.errors import UserError
from limbeck.filters.answer import Consistent, Kind, consistent
from limbeck.generators.chain_of_thought.conclusion import thoughts
from limbeck.questions import SETS, make_questions
from limbeck.record import Provenance, Record, user


@pytest.mark.parametrize("name", SETS)
def test_worked_solutions_are_never_contradictions(name: str) -> None:
    questions = make_questions(name, 200, split="all")
    assert len(questions) == 200
    for question in questions:
        for text in (thoughts(question.solution), question.solution):
            options = question.options or None
            found = consistent(text, question.target, question.kind, options=options)
            assert found is not False, (text, question.target)


@pytest.mark.parametrize(
    ("rationale", "answer", "kind", "agrees"),
    [
        ('Together they are "en".', "en", "text", None),
        ("en", "en", "text", True),
        ("It shows the Seine.", "Paris", "text", None),
        ("So it is Paris.", "Paris", "text", True),
        ("It shows the Seine. The answer is Paris.", "Paris", "text", True),
        ("It shows the Tiber. The answer is Rome.", "Paris", "text", False),
        ("It shows the Tiber.\nAnswer: Rome", "Paris", "text", False),
        ("The answer is found by looking. It shows the Seine.", "Paris", "text", None),
        ("The answer is in the map. It shows the Seine.", "Paris", "text", None),
        ("We think about it.", "a, b", "list", None),
        ("It may be a or b.", "a, b", "list", None),
        ("Answer: a, b", "a, b", "list", True),
        ("Answer: a, c", "a, b", "list", False),
        ("We think about it.", "x^2", "math", None),
    ],
)
def test_of_texts_and_lists_only_a_marked_conclusion_contradicts(
    rationale: str, answer: str, kind: Kind, agrees: bool | None
) -> None:
    assert consistent(rationale, answer, kind) is agrees


BALLS = ("red ball", "blue ball")


@pytest.mark.parametrize(
    ("rationale", "answer", "agrees"),
    [
        ("So the answer is the blue ball.", "A", False),
        ("So the answer is the blue ball.", "B", True),
        ("So the answer is the blue ball.", "blue ball", True),
        ("The correct option is (B).", "A", False),
        ("Alice takes it and gives it to Bob.", "A", None),
    ],
)
def test_options_are_read_by_their_texts(rationale: str, answer: str, agrees: bool | None) -> None:
    assert consistent(rationale, answer, "choice", options=BALLS) is agrees
    assert consistent(rationale, answer, options=BALLS) is agrees
    meta = {"kind": "choice", "options": BALLS, "rationale": rationale, "answer": answer}
    [verdict] = Consistent().judge([Record((user("q"),), "x", Provenance("t"), meta=meta)])
    assert verdict.keep is (agrees is not False)


@pytest.mark.parametrize(
    ("answer", "kind"), [("--01-03", "date"), ("seven or so", "number"), ("", "text")]
)
def test_an_answer_that_cannot_be_read_back_contradicts_nothing(answer: str, kind: Kind) -> None:
    assert consistent("The answer is 4.", answer, kind) is None


def test_an_unknown_kind_is_told() -> None:
    with pytest.raises(UserError, match="the kind must be one of"):
        consistent("So 5.", "5", "numbr")  # type: ignore[arg-type]
