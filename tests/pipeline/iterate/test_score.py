"""Who scores an answer, and what a target makes of it."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from limbeck.filters import answer
from limbeck.pipeline.iterate.answers import Answer
from limbeck.pipeline.iterate.score import kind_of, protocol, scorer_of, target_score
from limbeck.recipe_iterate import Referee
from limbeck.record import Provenance, Record, user
from limbeck.registry import build

By = Literal["auto", "target", "referee"]


def seed(target: str | None, prompt: str = "多少？", **meta: Any) -> Record:
    return Record((user(prompt),), "", Provenance("seed"), target, meta)


@pytest.mark.parametrize(
    ("target", "meta", "by", "referee", "who"),
    [
        ("42", {}, "auto", True, "target"),
        ("42", {}, "referee", True, "referee"),
        ("Paris", {}, "auto", False, "target"),
        ("东京", {}, "auto", True, "target"),
        ("Москва 🌊", {}, "auto", True, "target"),
        ("the Adriatic Sea", {}, "auto", True, "target"),
        ("07/20/1969", {}, "auto", True, "target"),
        ("[2, 3, 5]", {}, "auto", True, "target"),
        (None, {}, "auto", True, "referee"),
        (None, {}, "auto", False, "no target and no referee"),
        (None, {}, "target", True, "no target"),
        ("around forty", {"kind": "number"}, "auto", True, "referee"),
        ("around forty", {"kind": "number"}, "auto", False, "no exact target and no referee"),
        ("around forty", {"kind": "number"}, "target", True, "a target that cannot be read"),
        ("Z", {"options": ["a", "b"]}, "target", False, "a target that cannot be read"),
        ("B", {"options": ["a", "b"]}, "auto", True, "target"),
        # What somebody wrote, where nothing says that it is exact:
        ("The sea is deep.\nVery deep.", {}, "auto", True, "referee"),
        ("The deepest place is the Mariana Trench.", {}, "auto", True, "referee"),
        ("It is deep.", {}, "auto", True, "referee"),
        ("popcorn and jelly beans on ice", {}, "auto", True, "referee"),
        ("Cheers, Yours, All the best", {}, "auto", True, "referee"),
        ("太平洋是最深的海洋。", {}, "auto", False, "no exact target and no referee"),
        ("Whales, dolphins, seals and otters, " * 3, {}, "auto", True, "referee"),
        ("def f(x):\n    return x ^ 2", {}, "auto", True, "referee"),
        # and where something does:
        ("The deepest place is the Mariana Trench.", {"kind": "text"}, "auto", True, "target"),
        ("The deepest place is the Mariana Trench.", {}, "target", True, "target"),
        ("Cheers, Yours, All the best", {"kind": "list"}, "auto", True, "target"),
        ("[" + "1, " * 40 + "2]", {"kind": "list"}, "auto", True, "target"),
    ],
)
def test_a_target_that_is_exact_scores_and_else_the_referee(
    target: str | None, meta: dict[str, Any], by: By, referee: bool, who: str
) -> None:
    one = seed(target, **meta)
    found, why = scorer_of(one, str(meta.get("kind", "auto")), by, referee=referee)
    assert (found or why) == who
    assert (found is None) == bool(why)


RIGHT, WRONG = Answer("So the answer is 42."), Answer("So the answer is 41.")


@pytest.mark.parametrize(
    ("answers", "score"),
    [
        ([RIGHT], 10.0),
        ([WRONG], 1.0),
        ([RIGHT, WRONG, RIGHT], 7.0),
        ([RIGHT, WRONG], 5.5),
        ([Answer("所以答案是42。")], 10.0),
        ([Answer("")], 1.0),
        ([Answer("🌊🌊🌊")], 1.0),
        ([Answer("I can't help with that.")], 1.0),
        # Cut off: the last number on the way is no answer, a marked one is.
        ([Answer("First 6 times 7, which makes 42", "truncated")], 1.0),
        ([Answer("First 6 times 7, which makes 42")], 10.0),
        ([Answer("The answer is 42.\nTo check this, divide", "truncated")], 10.0),
    ],
)
def test_the_share_of_right_answers_is_the_score(answers: list[Answer], score: float) -> None:
    assert target_score(seed("42", kind="number"), "number", answers) == pytest.approx(score)


def test_options_are_read_as_such() -> None:
    one = seed("B", options=["Rom", "巴黎"])
    assert target_score(one, "auto", [Answer("The answer is (B).")]) == 10
    assert target_score(one, "auto", [Answer("巴黎")]) == 10
    assert target_score(one, "auto", [Answer("Rom")]) == 1


def test_no_answer_has_no_score() -> None:
    with pytest.raises(ValueError, match="no answer"):
        target_score(seed("42"), "number", [])


def test_the_kind_is_what_the_generator_holds_it_for() -> None:
    thinking = build("generators", "chain_of_thought", {"kind": "number", "verifier": answer})
    assert kind_of(thinking, seed("42")) == "number"
    assert kind_of(thinking, seed("yes", kind="yesno")) == "yesno"
    thinking = build("generators", "chain_of_thought", {"verifier": answer})
    assert kind_of(thinking, seed("42")) == "number"
    answers = build("generators", "answers", {})
    assert kind_of(answers, seed("42")) == "auto"
    assert kind_of(answers, seed("42", kind="number")) == "number"


def test_another_referee_is_another_protocol() -> None:
    assert protocol(None) is None
    one = protocol(Referee(model="fake:r"))
    others = [
        protocol(Referee(model="fake:s")),
        protocol(Referee(model="fake:r", max_tokens=9)),
        protocol(Referee(model="fake:r", temperature=0.5)),
    ]
    assert one not in others
    assert protocol(Referee(model="fake:r", concurrency=3)) == one
