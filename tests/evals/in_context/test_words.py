"""The small texts of an in-context report."""

from __future__ import annotations

import pytest

from limbeck.evals.in_context import words
from tests.evals.in_context.made_up import part


@pytest.mark.parametrize(
    ("select", "shots", "text"),
    [
        ("random", 4, "after 4 random demos"),
        ("bm25", 1, "after 1 bm25 demo"),
        ("", 0, "without demos"),
        ("a\nb\u202e", 2, "after 2 a b⟨U+202E⟩ demos"),
    ],
)
def test_a_condition_in_words(select: str, shots: int, text: str) -> None:
    assert words.with_demos(select, shots) == text


def test_a_value_has_its_interval_where_both_ends_are_known() -> None:
    assert words.ranged({"value": 0.473, "low": 0.4, "high": 0.55}) == "47.3% [40.0%, 55.0%]"
    assert words.ranged({"value": 1.5, "low": 1, "high": 2}, "") == "1.50 [1.00, 2.00]"
    assert words.ranged({"value": 0.473}) == "47.3%"
    assert words.ranged(None) == words.ranged({"value": None, "low": 0.1, "high": 0.2}) == "n/a"


def test_sentences_begin_with_a_capital_but_for_the_first_and_keep_the_rest() -> None:
    assert words.sentences(["", "a B", "", "c D", "67% E"]) == "a B. C D. 67% E."


def test_the_notes_say_what_is_drawn_what_is_fixed_and_what_was_kept_apart() -> None:
    notes = words.notes(part())
    assert "pigeonhole bootstrap" in notes[0]
    assert "tasks are fixed" in notes[0]
    # 3 pairs in each of two tasks.
    assert "(a resemblance of 0.80 or more) is never its demo: 6 such pairs" in notes[1]
    assert notes[2:] == [
        "Asked: 0, 2 demos; chosen by random, bm25; 2 draws where they are drawn; prompts of the "
        "form chat; labels read by auto; protocol 8c504525485af44a."
    ]


def test_calls_that_failed_are_counted_by_model() -> None:
    found = part() | {"failed_calls": {"base": 0, "teacher": 1200}, "protocol": None}
    assert words.notes(found)[2:] == [
        "Calls that failed: teacher 1,200. A row of such a call is left out of its condition for "
        "all models."
    ]
