"""Answers that are checked, and paths that disagree."""

from __future__ import annotations

from typing import Any

import pytest

from limbeck.audit.findings import answers
from tests.audit.small import finding


def row(output: str, target: str, **more: Any) -> dict[str, Any]:
    return {"instruction": f"Q{output}{target}", "output": output, "target": target, **more}


def test_answers_beside_their_targets() -> None:
    rows = [
        row("6 times 7 is 42. The answer is 42.", "42"),
        row("The answer is 41.", "42"),
        row("答案是42。", "42"),
        row("I do not know.", "42"),
        row("The answer is", "42", finish_reason="length"),
    ]
    found = finding(rows, "wrong_answers")
    assert (found["count"], found["of"], found["unit"]) == (1, 5, "rows with a target")
    details = dict(map(tuple, found["details"]))
    assert (details["Correct"], details["Unparseable"]) == ("2 (40.0%)", "2 (40.0%)")
    [example] = found["examples"]
    assert example["places"] == [2]
    assert ["Answer found", "41"] in example["texts"]
    assert ["Target", "42"] in example["texts"]


def test_without_targets_there_is_nothing_to_check() -> None:
    found = finding([{"instruction": "Q", "output": "A"}], "wrong_answers")
    assert (found["level"], found["why"]) == ("unknown", "no column with reference answers")
    assert "--targets" in found["advice"]


def test_a_target_that_is_none_is_said() -> None:
    found = finding([row("x", "  ")], "wrong_answers")
    assert "the target cannot be read as an answer" in found["why"]


def test_of_long_texts_many_are_right() -> None:
    long = row("The sea is blue and wide.", "Blue and wide is the sea in the summer.")
    assert "others can be right" in finding([long], "wrong_answers")["why"]
    commas = row("It is blue.", "The sea is blue, which is nice, and wide, as we know.")
    listed = row("Red, green, blue, white, black, grey.", "red, green, blue, white, black, grey")
    short = row("The answer is Paris.", "Rome")
    found = finding([long, commas, listed, short], "wrong_answers")
    assert (found["count"], found["of"]) == (1, 2)
    paths = [row(f"The answer is {word}.", str(long["target"])) for word in "ab"]
    for one in paths:
        one["instruction"] = "Why?"
    assert "free text" in finding(paths, "self_consistency")["why"]


def test_in_a_book_no_answer_is_looked_for() -> None:
    book = row("The answer is 42. " * 20_000, "42")
    assert "more than 200,000 characters" in finding([book], "wrong_answers")["why"]
    assert "free text" in finding([book, book], "self_consistency")["why"]


def test_a_long_option_is_an_answer() -> None:
    options = ["go home and sleep until noon today", "stay here and sing until noon today"]
    asked = [row(f"The answer is ({letter}).", options[0], options=options) for letter in "AB"]
    found = finding(asked, "wrong_answers")
    assert (found["count"], found["of"]) == (1, 2)


def test_many_rows_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "CHECKED", 5)
    found = finding([row(f"The answer is {n}.", str(n)) for n in range(20)], "wrong_answers")
    assert (found["sampled"], found["of"], found["count"]) == (True, 5, 0)


def paths(question: str, *outputs: str) -> list[dict[str, Any]]:
    return [{"instruction": question, "output": output} for output in outputs]


def test_prompts_with_several_paths() -> None:
    rows = [
        *paths("1 + 1?", "So the answer is 2.", "The answer is 2.0.", "The answer is 3."),
        *paths("2 + 2?", "The answer is 4.", "The answer is 5."),
        *paths("Write a poem.", "The sea is wide and blue and deep.", "A cat sat on a mat."),
        *paths("Good or bad?", "Good.", "good", "bad"),
        *paths("Once?", "The answer is 1."),
    ]
    found = finding(rows, "self_consistency")
    assert (found["count"], found["of"], found["unit"]) == (1, 3, "prompts")
    details = dict(map(tuple, found["details"]))
    assert details["Share of the commonest answer, mean"] == "61.1%"  # (2/3 + 1/2 + 2/3) / 3
    assert details["Pairs of paths that agree, mean"] == "22.2%"  # (1/3 + 0 + 1/3) / 3
    assert details["Prompts whose outputs are free text"] == "1"
    assert found["examples"][0]["places"] == [4, 5]


def test_the_targets_say_what_kind_the_answers_are() -> None:
    rows = [
        row("Two times six are 12, so it is 12.", "12"),
        row("It is 12.0", "12"),
        row("nobody can say that in words", "12"),
    ]
    for one in rows:
        one["instruction"] = "When?"
    found = finding(rows, "self_consistency")
    assert (found["count"], found["of"]) == (0, 1)
    assert dict(map(tuple, found["details"]))["Paths without an answer that can be read"] == "1"


def test_free_text_and_single_rows_have_no_majority_to_look_for() -> None:
    long = paths("Poem?", "The sea is wide and blue and deep.", "A cat sat still on a mat.")
    assert "free text" in finding(long, "self_consistency")["why"]
    assert "more than one row" in finding(paths("Q", "A"), "self_consistency")["why"]
