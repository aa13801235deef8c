"""Outputs that are wrong by themselves, and rows that could not be read."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.audit.small import finding, source

LOOP = "I went to the sea and looked at it. " + "It was blue and wide. " * 60


def rows(*outputs: str, **more: Any) -> list[dict[str, Any]]:
    return [{"instruction": f"Q{n}", "output": text, **more} for n, text in enumerate(outputs)]


@pytest.mark.parametrize(
    ("key", "output"),
    [
        ("empty", " \n"),
        ("truncated", "```python\nx = 1"),
        ("refusals", "I'm sorry, but I can't help with that."),
        ("refusals", "很抱歉，我无法提供这方面的帮助。"),
        ("boilerplate", "Well. As an AI language model, I have no taste."),
        ("boilerplate", "作为一个AI，我没有味觉。"),
        ("repetition", LOOP),
        ("format", "It is done.<|im_end|>"),
        ("pii", "Write to jane.doe@mail-house.org today."),
    ],
)
def test_one_row_of_four_has_it(key: str, output: str) -> None:
    found = finding(rows("It is blue.", output, "它是蓝色的。", "Голубой."), key)
    assert (found["count"], found["of"], found["share"]) == (1, 4, 0.25)
    [example] = found["examples"]
    assert example["places"] == [2]
    masked = output.replace("jane.doe@mail-house.org", "[EMAIL_1]")
    assert example["texts"][-1] == ["Output", masked]


def test_what_the_server_said_counts() -> None:
    assert finding(rows("So", finish_reason="length"), "truncated")["count"] == 1
    assert finding(rows("So", finish_reason="content_filter"), "refusals")["count"] == 1


def test_reasons_are_counted_and_shown_with_the_rows() -> None:
    found = finding(rows("x <|im_end|>", "y <|im_end|>", "good"), "format")
    [reason] = [label for label, number in found["details"] if number == "2"]
    assert found["examples"][0]["note"] == reason


def test_personal_data_in_instructions_counts_without_outputs() -> None:
    asked = [{"instruction": "Write to jane.doe@mail-house.org."}, {"instruction": "Sing."}]
    assert (finding(asked, "pii")["count"], finding(asked, "pii")["of"]) == (1, 2)
    assert finding(asked, "empty")["why"] == "the rows have no outputs"


def test_rows_that_could_not_be_read_count_among_all() -> None:
    listed = source(rows("a", "b", "c"))
    listed.unreadable = Counter(not_json=1)
    listed.reasons = ["line 4: no JSON"]
    found = finding(listed, "unreadable")
    assert (found["count"], found["of"], found["level"]) == (1, 4, "problem")
    assert found["details"] == [["not json", "1"]]
    assert found["examples"][0]["texts"] == [["Reason", "line 4: no JSON"]]


def test_hints_that_are_not_counted() -> None:
    words = "word " * 25
    found = finding(rows(words, f"{words}.", "short"), "truncated")
    assert found["count"] == 0
    assert found["details"] == [["Outputs of 20 words and more that end in a letter", "1 (33.3%)"]]
