"""Findings of rows that are there twice, in rows made for it."""

from __future__ import annotations

import pytest

from limbeck.audit import measure
from tests.audit.small import ROWS, finding

WORDS = [f"w{n}" for n in range(60)]


def output(changed: int = 0, size: int = 60) -> str:
    return " ".join([*(f"x{n}" for n in range(changed)), *WORDS[changed:size]])


def test_duplicates_say_what_was_asked_before_too() -> None:
    rows = [
        {"instruction": "Is 2 even?", "output": "Yes"},
        {"instruction": "Is 2 even?", "output": "Yes"},
        {"instruction": "is 2 even", "output": "No"},
        {"instruction": "Is 2 even?", "output": "It is"},
    ]
    found = finding(rows, "duplicates")
    assert (found["count"], found["of"], found["level"]) == (1, 4, "problem")
    assert dict(map(tuple, found["details"])) == {
        "Different rows": "3",
        "Rows that ask what an earlier row asks": "2",
        "the same but for case and punctuation": "3",
        "Most copies of one row": "2",
    }
    assert found["examples"][0]["places"] == [1, 2]
    assert finding(ROWS[:2], "duplicates")["level"] == "good"


def test_near_copies_of_outputs_whatever_was_asked() -> None:
    rows = [
        {"instruction": "one", "output": output()},
        {"instruction": "two", "output": output(1)},  # 55 of 57 shingles of five words
        {"instruction": "three", "output": output(9)},  # 47 of 65: below 0.8
        {"instruction": "two", "output": output(1)},  # a copy: counted as a duplicate
    ]
    found = finding(rows, "near_duplicates")
    assert (found["count"], found["of"], found["unit"]) == (1, 3, "different rows")
    example = found["examples"][0]
    assert (example["places"], example["note"]) == ([1, 2], "Jaccard 0.96")
    assert example["texts"] == [["Earlier", output()], ["Later", output(1)]]


def test_labels_are_no_near_copies_of_each_other() -> None:
    rows = [
        {"instruction": f"Is {word} {word * 2} {word * 3} good?", "output": "yes"}
        for word in "abcdef"
    ]
    assert finding(rows, "near_duplicates")["count"] == 0


def test_contradictions_of_all_questions() -> None:
    found = finding(ROWS, "contradictions")
    assert (found["count"], found["of"]) == (1, 6)
    assert found["examples"][0]["texts"][1:] == [
        ["Input", "Lovely!"],
        ["Output", "Good."],
        ["Output", "bad"],
    ]
    alone = finding([{"instruction": "Sing."}], "contradictions")
    assert alone["why"] == "the rows have no outputs"


def test_near_instructions_show_both_with_their_places(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        {"instruction": "Write a poem about the sea", "output": "x"},
        {"instruction": "写一首关于大海的诗", "output": "x"},
        {"instruction": "Write a poem about the wide sea", "output": "x"},
    ]
    found = finding(rows, "near_instructions")
    assert (found["count"], found["of"], found["sampled"]) == (1, 3, False)
    assert found["examples"][0]["places"] == [1, 3]
    assert found["examples"][0]["note"] == "ROUGE-L 0.92"  # 12/13
    monkeypatch.setattr(measure, "NEAR", 2)
    first = finding(rows, "near_instructions")
    assert (first["count"], first["of"], first["sampled"]) == (0, 2, True)
    assert "of the first 2 different ones" in first["says"]
