"""Demos taken out of a prompt, and turned around."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from limbeck.errors import UserError
from limbeck.record import Message, Provenance, Record, user
from limbeck.trainers.demos import turned_around, without_demos


def said(text: str) -> Message:
    return Message("assistant", text)


BRIEF = Message("system", "Label the review.")
QUERY = "Das Essen war köstlich. 🍜"
TURNS = (
    BRIEF, user("Great food."), said("positive"), user("很难吃。"), said("negative"), user(QUERY),
)  # fmt: skip


def record(messages: tuple[Message, ...], completion: str = "positive", **meta: Any) -> Record:
    return Record(messages, completion, Provenance("t"), "positive", meta)


IN_TURNS = record(TURNS, demos=["a", "b"])
IN_TEXT = record((BRIEF, user(f"Great food. => positive\n{QUERY} =>")), demos=["a"], input=QUERY)


def test_demos_that_are_turns_are_left_out() -> None:
    found = without_demos(IN_TURNS)
    assert found.messages == (BRIEF, user(QUERY))
    assert (found.completion, found.target, found.id) == ("positive", "positive", IN_TURNS.id)
    alone = record((user("Q"),), demos=[])
    assert without_demos(alone) == alone


def test_demos_in_the_text_are_left_out_where_the_query_is_told() -> None:
    """With what follows the query, for that is how its answer is asked for."""
    assert without_demos(IN_TEXT).messages == (BRIEF, user(f"{QUERY} =>"))
    told = replace(IN_TEXT, meta={**IN_TEXT.meta, "instruction": "Positive or negative?"})
    assert without_demos(told).messages == (BRIEF, user(f"Positive or negative?\n\n{QUERY} =>"))
    raw = record((user("很好\npositive\n\n\n很难吃\n"),), demos=["a"], input="很难吃")
    assert without_demos(raw).messages == (user("很难吃\n"),)
    twice = record((user("so\nno\n\nso\n"),), demos=["a"], input="so")
    assert without_demos(twice).messages == (user("so\n"),)


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        (record(TURNS), r"4 of them, and meta\.demos lists none; list one for every two"),
        (record(TURNS, demos=["a"]), r"4 of them, and meta\.demos lists 1"),
        (record((user("a => b\nc =>"),), demos=["a"]), r"query is not to be seen \(meta\.input"),
        (record((user("a => b\nc =>"),), input="b"), r"which begins a line of the prompt"),
        (record((user("a => b\nc =>"),), input=" "), r"set student_prompt to demos"),
    ],
)
def test_a_query_that_is_not_to_be_seen_is_told(odd: Record, words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        without_demos(odd)
    assert odd.id in str(caught.value)


def test_inputs_and_outputs_change_places_everywhere() -> None:
    found = turned_around(IN_TURNS)
    assert found.messages == (
        BRIEF, user("positive"), said("Great food."), user("negative"), said("很难吃。"),
        user("positive"),
    )  # fmt: skip
    assert found.completion == QUERY
    assert turned_around(found).messages == TURNS
    assert turned_around(record((user("x"),), "y")).completion == "x"


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        (record((user("a"), user("b"))), "its turns are user, user"),
        (record((user("a"), said("b"))), "its turns are user, assistant"),
        (record((user("a"), said("b"), user("c"), said("d"))), "its turns are user, assistant,"),
        (record((user("a"), BRIEF, user("c"))), "its turns are user, system, user"),
        (record((said("a"),)), "its turns are assistant"),
        (IN_TEXT, "its demos stand in the text of one turn"),
        (record(TURNS, " "), "its completion is empty"),
    ],
)
def test_what_cannot_be_turned_around_is_told(odd: Record, words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        turned_around(odd)
    assert f"{odd.id} they cannot be told apart" in str(caught.value)
    assert "set direction to direct" in str(caught.value)
